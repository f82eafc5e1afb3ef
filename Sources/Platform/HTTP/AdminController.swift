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
        group.post("backups", use: Endpoint.route(platform.timekeeper, backUp))
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

    /// `POST /admin/backups` `{path, withSecrets?}` → the manifest, once the copy has been opened as a
    /// restore would and counted; 409 `platform.backupRefused` where something stands in `path`.
    @Sendable private func backUp(_ call: Endpoint) async throws -> BackupManifest {
        let request: BackupRequest = try call.decode()
        return try await Backup(platform: platform)
            .take(to: request.path, withSecrets: request.withSecrets ?? false)
    }

    /// `GET /admin/facts` → settings and figures of the store, read back.
    @Sendable private func facts(_ call: Endpoint) async throws -> [String: String] {
        var facts = try await platform.store.facts()
        if !platform.leases.isExclusive {
            facts["process"] = platform.leases.member
            facts["shares_held"] = String(platform.leases.held.count)
        }
        return facts
    }
}

struct TenantRequest: Decodable, Sendable {
    let name: String
    let keyName: String?
}

struct BackupRequest: Decodable, Sendable {
    /// A folder on the server's machine.
    let path: String
    /// Whether the master key goes into it too.
    let withSecrets: Bool?
}

struct TenantReply: Encodable, Sendable {
    let id: TenantID
    let name: String
    let key: String?
    /// Names of all there are now.
    let tenants: [String]
}
