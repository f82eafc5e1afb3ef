import Hummingbird
import Kernel
import Web

/// API keys over HTTP.
struct AuthenticationController: Sendable {
    let authentication: AuthenticationService
    let timekeeper: any Timekeeper

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.post("api-keys", use: Endpoint.route(timekeeper, status: .created, issue))
        group.get("api-keys", use: Endpoint.route(timekeeper, list))
        group.delete("api-keys/:id", use: Endpoint.route(timekeeper, revoke))
    }

    /// `POST /api-keys` `{name}` → 201 with the key's text, this once. A repeat makes another key:
    /// the text of the first is kept nowhere and cannot be shown again.
    @Sendable private func issue(_ call: Endpoint) async throws -> IssuedKeyResponse {
        let request: KeyRequest = try call.decode()
        let (key, text) = try await authentication.issueKey(
            named: request.name, for: call.tenant, call: call.creatingCall())
        return IssuedKeyResponse(key: KeyResponse(key), text: text)
    }

    /// `GET /api-keys` → names, prefixes and dates; never the keys.
    @Sendable private func list(_ call: Endpoint) async throws -> ListReply<KeyResponse> {
        let keys = try await authentication.keys(of: call.tenant)
        return ListReply(items: keys.map(KeyResponse.init), next: nil)
    }

    /// `DELETE /api-keys/{id}` → 200; it stops working at once.
    @Sendable private func revoke(_ call: Endpoint) async throws -> KeyResponse {
        KeyResponse(
            try await authentication.revoke(
                try call.context.identifier("id"), of: call.tenant, call: call.call))
    }
}

struct KeyRequest: Decodable, Sendable {
    let name: String
}

struct KeyResponse: Encodable, Sendable {
    let id: Identifier<APIKeyTag>
    let name: String
    let prefix: String
    let createdAt: Instant
    let revokedAt: Instant?

    init(_ key: APIKey) {
        id = key.id
        name = key.name
        prefix = key.prefix
        createdAt = key.createdAt
        revokedAt = key.revokedAt
    }
}

struct IssuedKeyResponse: Encodable, Sendable {
    let key: KeyResponse
    let text: String
}
