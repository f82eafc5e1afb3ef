package import Contracts
import FoundationEssentials
package import Kernel
package import Security
package import Storage

/// What a new connection is made from.
package struct ConnectionDraft: Sendable, Codable {
    package struct Webhook: Sendable, Codable {
        package let method: WebhookAccess.Method
        package let headerName: String?
        package let user: String?
        package let secrets: [String]

        package init(
            method: WebhookAccess.Method, headerName: String?, user: String?, secrets: [String]
        ) {
            self.method = method
            self.headerName = headerName
            self.user = user
            self.secrets = secrets
        }
    }

    package let name: String
    package let channel: String
    package let baseURL: String
    package let clientID: String
    package let clientSecret: String
    package let webhook: Webhook?
    package let limits: [String: Int]?

    package init(
        name: String, channel: String, baseURL: String, clientID: String, clientSecret: String,
        webhook: Webhook?, limits: [String: Int]?
    ) {
        self.name = name
        self.channel = channel
        self.baseURL = baseURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.webhook = webhook
        self.limits = limits
    }
}

/// What may change of a connection; what is absent stays.
package struct ConnectionChanges: Sendable, Codable {
    package let baseURL: String?
    package let clientID: String?
    package let clientSecret: String?
    package let limits: [String: Int]?
    package let isEnabled: Bool?
    package let webhook: ConnectionDraft.Webhook?
}

/// Facilities and connections.
package struct SettingsService: Sendable {
    private let store: Store
    private let vault: Vault
    private let channels: [String: Set<String>]

    /// - Parameter channels: those this installation has a connector for, each with the operations
    ///   that can be limited.
    package init(store: Store, vault: Vault, channels: [String: Set<String>]) {
        self.store = store
        self.vault = vault
        self.channels = channels
    }

    /// - Throws: `SettingsError.nameTaken`.
    package func addFacility(name: String, rank: Int, call: Call) async throws -> Facility {
        guard name.contains(where: { !$0.isWhitespace }) else {
            throw SettingsError(.nameMissing, "a facility needs a name", field: "name")
        }
        return try await store.write(call) { transaction in
            let facility = Facility(id: transaction.decision.newID(), name: name, rank: rank)
            guard try transaction.insertIfAbsent(facility) else {
                throw SettingsError(
                    .nameTaken, "a facility is named “\(name)” already", field: "name")
            }
            try transaction.emit(
                FacilitySaved(facility: facility.id, name: name, rank: rank),
                to: Facility.stream(facility.id))
            return facility
        }
    }

    package func facilities(tenant: TenantID) async throws -> [Facility] {
        try await store.read(tenant) { try $0.page(Facility.byName, limit: 1000).items }
    }

    /// - Throws: `SettingsError.nameTaken`, `.accountTaken`, `.channelUnknown`, `.addressMalformed`, `.secretMissing`.
    package func addConnection(_ draft: ConnectionDraft, call: Call) async throws -> Connection {
        try check(draft)
        let vault = vault
        return try await store.write(call) { transaction in
            let id: ConnectionID = transaction.decision.newID()
            let connection = try Self.connection(draft, id, vault, call.tenant)
            let twin = try transaction.page(Connection.byName, limit: 1000).items.first {
                ($0.channel, $0.baseURL, $0.clientID)
                    == (draft.channel, draft.baseURL, draft.clientID)
            }
            if let twin {
                // Its orders would come twice, and leave twice.
                throw SettingsError(
                    .accountTaken, "this account is connected already, as “\(twin.name)”",
                    field: "clientID")
            }
            guard try transaction.insertIfAbsent(connection) else {
                throw SettingsError(
                    .nameTaken, "a connection is named “\(draft.name)” already", field: "name")
            }
            try transaction.emit(
                ConnectionSaved(
                    connection: id, channel: draft.channel, name: draft.name, isEnabled: true),
                to: Connection.stream(id))
            return connection
        }
    }

    package func connections(tenant: TenantID) async throws -> [Connection] {
        try await store.read(tenant) { try $0.page(Connection.byName, limit: 1000).items }
    }

    /// - Throws: `SettingsError.unknownConnection`.
    package func connection(_ id: ConnectionID, tenant: TenantID) async throws -> Connection {
        let found = try await store.read(tenant) { try $0.get(Connection.self, id) }
        guard let found else {
            throw SettingsError(.unknownConnection, "there is no connection \(id)")
        }
        return found
    }

    /// Changes what is given and leaves the rest. - Throws: `SettingsError.unknownConnection`,
    /// `.addressMalformed`, `.secretMissing`, `.limitMalformed`.
    package func change(
        _ id: ConnectionID, _ changes: ConnectionChanges, call: Call
    ) async throws -> Connection {
        let vault = vault
        let known = try await connection(id, tenant: call.tenant)
        try check(
            ConnectionDraft(
                name: known.name, channel: known.channel,
                baseURL: changes.baseURL ?? known.baseURL,
                clientID: changes.clientID ?? known.clientID,
                clientSecret: changes.clientSecret ?? "unchanged", webhook: changes.webhook,
                limits: changes.limits ?? known.limits))
        return try await store.write(call) { transaction in
            var connection = try transaction.require(Connection.self, id)
            connection.baseURL = changes.baseURL ?? connection.baseURL
            connection.clientID = changes.clientID ?? connection.clientID
            connection.limits = changes.limits ?? connection.limits
            connection.isEnabled = changes.isEnabled ?? connection.isEnabled
            if let hook = changes.webhook {
                connection.webhook = try Self.setting(hook, id, vault, call.tenant)
            }
            if let secret = changes.clientSecret {
                connection.clientSecret = try vault.seal(
                    Array(secret.utf8),
                    for: SealContext(tenant: call.tenant, place: "connections/\(id)/clientSecret"))
            }
            try transaction.update(connection)
            try transaction.emit(
                ConnectionSaved(
                    connection: id, channel: connection.channel, name: connection.name,
                    isEnabled: connection.isEnabled),
                to: Connection.stream(id))
            return connection
        }
    }

    /// Puts a new webhook secret in front; the one before still counts, for a rotation.
    package func rotateWebhookSecret(
        of id: ConnectionID, to secret: String, call: Call
    ) async throws -> Connection {
        let vault = vault
        return try await store.write(call) { transaction in
            guard var connection = try transaction.get(Connection.self, id),
                let setting = connection.webhook
            else { throw SettingsError(.unknownConnection, "it has no webhook to rotate") }
            let place = SealContext(tenant: call.tenant, place: "connections/\(id)/webhook")
            let old = try BodyCoder.decode(
                [String].self, from: vault.open(setting.secrets, for: place))
            let fresh = [secret] + old.prefix(1)
            connection.webhook = WebhookSetting(
                method: setting.method, headerName: setting.headerName, user: setting.user,
                secrets: try vault.seal(BodyCoder.encode(fresh), for: place))
            try transaction.update(connection)
            return connection
        }
    }

    private func check(_ draft: ConnectionDraft) throws {
        guard draft.name.contains(where: { !$0.isWhitespace }) else {
            throw SettingsError(.nameMissing, "a connection needs a name", field: "name")
        }
        guard let operations = channels[draft.channel] else {
            let known = channels.keys.sorted().joined(separator: ", ")
            throw SettingsError(
                .channelUnknown, "no connector for “\(draft.channel)”; there is \(known)",
                field: "channel")
        }
        guard let url = URL(string: draft.baseURL), url.host() != nil,
            url.scheme == "https" || url.scheme == "http"
        else {
            throw SettingsError(
                .addressMalformed, "expected an address like https://host", field: "baseURL")
        }
        guard !draft.clientID.isEmpty, !draft.clientSecret.isEmpty else {
            throw SettingsError(
                .secretMissing, "client id and secret are needed", field: "clientSecret")
        }
        if let webhook = draft.webhook {
            guard !webhook.secrets.isEmpty, webhook.secrets.allSatisfy({ $0.utf8.count >= 8 })
            else {
                throw SettingsError(
                    .secretMissing, "a webhook secret of 8 characters or more is needed",
                    field: "webhook.secrets")
            }
        }
        for name in (draft.limits ?? [:]).keys.sorted() where !operations.contains(name) {
            let known = operations.sorted().joined(separator: ", ")
            throw SettingsError(
                .limitMalformed, "there is no such operation; there is \(known)",
                field: "limits.\(name)")
        }
        for (name, limit) in draft.limits ?? [:] where !(1...1_000_000).contains(limit) {
            throw SettingsError(
                .limitMalformed, "must be 1 to 1,000,000 a minute", field: "limits.\(name)")
        }
    }

    private static func connection(
        _ draft: ConnectionDraft, _ id: ConnectionID, _ vault: Vault, _ tenant: TenantID
    ) throws -> Connection {
        let webhook = try draft.webhook.map { try setting($0, id, vault, tenant) }
        return Connection(
            id: id, name: draft.name, channel: draft.channel, baseURL: draft.baseURL,
            clientID: draft.clientID,
            clientSecret: try vault.seal(
                Array(draft.clientSecret.utf8),
                for: SealContext(tenant: tenant, place: "connections/\(id)/clientSecret")),
            webhook: webhook, limits: draft.limits ?? [:], isEnabled: true)
    }

    private static func setting(
        _ hook: ConnectionDraft.Webhook, _ id: ConnectionID, _ vault: Vault, _ tenant: TenantID
    ) throws -> WebhookSetting {
        WebhookSetting(
            method: hook.method, headerName: hook.headerName ?? "authorization",
            user: hook.user ?? "",
            secrets: try vault.seal(
                BodyCoder.encode(hook.secrets),
                for: SealContext(tenant: tenant, place: "connections/\(id)/webhook")))
    }
}
