package import Contracts
package import Kernel
package import Security
package import Storage

/// Opens connections' secrets for the connectors that use them.
package struct ConnectionDirectoryService: ConnectionDirectory {
    private let store: Store
    private let vault: Vault

    package init(store: Store, vault: Vault) {
        self.store = store
        self.vault = vault
    }

    package func access(
        to id: ConnectionID, tenant: TenantID
    ) async throws -> ConnectionAccess? {
        let found = try await store.read(tenant) { try $0.get(Connection.self, id) }
        return try found.map { try open($0, tenant: tenant) }
    }

    private func open(_ connection: Connection, tenant: TenantID) throws -> ConnectionAccess {
        let id = connection.id
        let secret = try vault.open(
            connection.clientSecret,
            for: SealContext(tenant: tenant, place: "connections/\(id)/clientSecret"))
        let webhook = try connection.webhook.map { setting in
            WebhookAccess(
                method: setting.method, headerName: setting.headerName, user: setting.user,
                secrets: try BodyCoder.decode(
                    [String].self,
                    from: vault.open(
                        setting.secrets,
                        for: SealContext(tenant: tenant, place: "connections/\(id)/webhook"))))
        }
        return ConnectionAccess(
            id: id, tenant: tenant, name: connection.name, channel: connection.channel,
            baseURL: connection.baseURL, clientID: connection.clientID,
            clientSecret: String(decoding: secret, as: UTF8.self), webhook: webhook,
            limits: connection.limits, isEnabled: connection.isEnabled)
    }
}
