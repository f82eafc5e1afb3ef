package import Kernel
import Security
package import Storage

/// Tenants and their API keys.
package struct AuthenticationService: Sendable {
    private let store: Store

    package init(store: Store) { self.store = store }

    /// Makes a tenant, or returns the one of that name.
    package func tenant(named name: String, call: Call) async throws -> Tenant {
        guard !name.isEmpty else {
            throw AuthenticationError(.nameMissing, "a tenant needs a name", field: "name")
        }
        return try await store.writeUnrepeated(call.within(.platform)) { transaction in
            if let known = try transaction.find(Tenant.byName, name) { return known }
            let tenant = Tenant(id: transaction.decision.newID(), name: name)
            try transaction.insert(tenant)
            return tenant
        }
    }

    package func tenants() async throws -> [Tenant] {
        try await store.read(.platform) { try $0.page(Tenant.byName, limit: 1000).items }
    }

    package func tenantIDs() async throws -> [TenantID] { try await tenants().map(\.id) }

    /// Makes a key. Its text is returned this once and kept nowhere.
    package func issueKey(
        named name: String, for owner: TenantID, call: Call
    ) async throws -> (key: APIKey, text: String) {
        guard !name.isEmpty else {
            throw AuthenticationError(.nameMissing, "a key needs a name", field: "name")
        }
        var generator = SystemRandomNumberGenerator()
        let text = APIKeyText(using: &generator)
        let platformCall = Call(
            tenant: .platform, actor: call.actor, at: call.at, correlation: call.correlation)
        let key = try await store.writeUnrepeated(platformCall) { transaction in
            let key = APIKey(
                id: transaction.decision.newID(), owner: owner, name: name, prefix: text.prefix,
                hash: text.hash, createdAt: call.at)
            try transaction.insert(key)
            return key
        }
        return (key, text.text)
    }

    /// Who a key's text belongs to; `nil` for an unknown or revoked one. Asked at every request,
    /// so that a revoked key stops at once.
    package func owner(ofKey text: String) async throws -> (tenant: TenantID, key: APIKey)? {
        guard let text = APIKeyText(text) else { return nil }
        let hash = text.hash
        let key = try await store.read(.platform) { try $0.find(APIKey.byHash, hash) }
        guard let key, key.revokedAt == nil else { return nil }
        return (key.owner, key)
    }

    package func keys(of owner: TenantID) async throws -> [APIKey] {
        try await store.read(.platform) {
            try $0.page(APIKey.byOwner, equals: [owner], limit: 1000).items
        }
    }

    /// - Throws: `AuthenticationError.unknownKey`, also for another tenant's.
    package func revoke(
        _ id: Identifier<APIKeyTag>, of owner: TenantID, call: Call
    ) async throws -> APIKey {
        let platformCall = Call(
            tenant: .platform, actor: call.actor, at: call.at, correlation: call.correlation)
        return try await store.writeUnrepeated(platformCall) { transaction in
            guard var key = try transaction.get(APIKey.self, id), key.owner == owner else {
                throw AuthenticationError(.unknownKey, "there is no API key \(id)")
            }
            guard key.revokedAt == nil else { return key }
            key.revokedAt = call.at
            try transaction.update(key)
            return key
        }
    }
}
