import Authentication
import Hummingbird
import Kernel
import Storage
import Web

/// What only the owner of the data folder may do, over its socket.
struct AdminController: Sendable {
    let platform: Platform

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.post("tenants", use: Endpoint.route(platform.timekeeper, addTenant))
        group.get("facts", use: Endpoint.route(platform.timekeeper, facts))
    }

    /// `POST /admin/tenants` `{name, keyName?}` → the tenant, with `keyName` a first key, shown this
    /// once, and the names of all tenants.
    @Sendable private func addTenant(_ call: Endpoint) async throws -> TenantReply {
        let request: TenantRequest = try call.decode()
        let service = platform.authentication.service
        let tenant = try await service.tenant(named: request.name, call: call.call.withoutOperation)
        var key: String?
        if let name = request.keyName {
            key = try await service.issueKey(
                named: name, for: tenant.id, call: call.call.withoutOperation
            ).text
        }
        let all = try await service.tenants().map(\.name)
        return TenantReply(id: tenant.id, name: tenant.name, key: key, tenants: all)
    }

    /// `GET /admin/facts` → settings and figures of the store, read back.
    @Sendable private func facts(_ call: Endpoint) async throws -> [String: String] {
        try await platform.store.facts()
    }
}

struct TenantRequest: Decodable, Sendable {
    let name: String
    let keyName: String?
}

struct TenantReply: Encodable, Sendable {
    let id: TenantID
    let name: String
    let key: String?
    /// Names of all there are now.
    let tenants: [String]
}
