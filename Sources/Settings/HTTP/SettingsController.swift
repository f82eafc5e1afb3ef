import Contracts
import Hummingbird
import Kernel
import Storage
import Web

/// Facilities and connections over HTTP. Secrets are taken and never shown.
struct SettingsController: Sendable {
    let settings: SettingsService
    let timekeeper: any Timekeeper

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.post("facilities", use: Endpoint.route(timekeeper, status: .created, addFacility))
        group.get("facilities", use: Endpoint.route(timekeeper, facilities))
        group.post("connections", use: Endpoint.route(timekeeper, status: .created, connect))
        group.get("connections", use: Endpoint.route(timekeeper, connections))
        group.get("connections/:id", use: Endpoint.route(timekeeper, show))
        group.patch("connections/:id", use: Endpoint.route(timekeeper, change))
        group.post(
            "connections/:id/webhook-secrets",
            use: Endpoint.route(timekeeper, status: .created, rotate))
    }

    /// `POST /facilities` `{name, rank?}` → 201; 409 `settings.nameTaken`.
    @Sendable private func addFacility(_ call: Endpoint) async throws -> Facility {
        let request: FacilityRequest = try call.decode()
        return try await settings.addFacility(
            name: request.name, rank: request.rank ?? 100, call: call.creatingCall())
    }

    /// `GET /facilities` → in order of name.
    @Sendable private func facilities(_ call: Endpoint) async throws -> ListReply<Facility> {
        ListReply(items: try await settings.facilities(tenant: call.tenant), next: nil)
    }

    /// `POST /connections` → 201 without its secrets; 422 names the field.
    @Sendable private func connect(_ call: Endpoint) async throws -> ConnectionResponse {
        let draft: ConnectionDraft = try call.decode()
        return ConnectionResponse(
            try await settings.addConnection(draft, call: call.creatingCall()))
    }

    /// `GET /connections` → in order of name.
    @Sendable private func connections(
        _ call: Endpoint
    ) async throws -> ListReply<ConnectionResponse> {
        let found = try await settings.connections(tenant: call.tenant)
        return ListReply(items: found.map(ConnectionResponse.init), next: nil)
    }

    /// `GET /connections/{id}` → 200; 404 `settings.unknownConnection`.
    @Sendable private func show(_ call: Endpoint) async throws -> ConnectionResponse {
        ConnectionResponse(
            try await settings.connection(
                try call.context.identifier("id"), tenant: call.tenant))
    }

    /// `PATCH /connections/{id}` `{baseURL?, clientID?, clientSecret?, limits?, isEnabled?,
    /// webhook?}` → 200.
    @Sendable private func change(_ call: Endpoint) async throws -> ConnectionResponse {
        let changes: ConnectionChanges = try call.decode()
        return ConnectionResponse(
            try await settings.change(
                try call.context.identifier("id"), changes, call: call.call))
    }

    /// `POST /connections/{id}/webhook-secrets` `{secret}` → 201; the one before still counts.
    @Sendable private func rotate(_ call: Endpoint) async throws -> ConnectionResponse {
        let request: SecretRequest = try call.decode()
        return ConnectionResponse(
            try await settings.rotateWebhookSecret(
                of: try call.context.identifier("id"), to: request.secret,
                call: call.creatingCall()))
    }
}

struct FacilityRequest: Decodable, Sendable {
    let name: String
    let rank: Int?
}

struct SecretRequest: Decodable, Sendable {
    let secret: String
}

struct ConnectionResponse: Encodable, Sendable {
    let id: ConnectionID
    let name: String
    let channel: String
    let baseURL: String
    let clientID: String
    let webhookMethod: String?
    let limits: [String: Int]
    let isEnabled: Bool

    init(_ connection: Connection) {
        id = connection.id
        name = connection.name
        channel = connection.channel
        baseURL = connection.baseURL
        clientID = connection.clientID
        webhookMethod = connection.webhook?.method.rawValue
        limits = connection.limits
        isEnabled = connection.isEnabled
    }
}
