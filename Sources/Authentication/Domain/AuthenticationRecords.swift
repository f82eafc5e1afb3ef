package import Kernel
package import Storage

package enum AuthenticationFaultCode: String, FaultCode {
    case unknownKey, nameMissing

    package static let service = "authentication"

    package var kind: FaultKind {
        switch self {
        case .unknownKey: .notFound
        case .nameMissing: .invalid
        }
    }
}

package typealias AuthenticationError = CodedFault<AuthenticationFaultCode>

package enum APIKeyTag: IdentifierTag { package static let prefix = "key" }

/// A company whose data stands behind one wall. Kept by the platform itself.
package struct Tenant: Record {
    package static let collection = "tenants"
    package static let byName = Index<Tenant>.unique("by_name", Column("name", \.name))
    package static let indexes = [byName]

    package let id: TenantID
    package let name: String
}

/// An API key: only a hash of it, and enough of its beginning to tell it from others.
///
/// Kept by the platform, since a key is looked up before its tenant is known.
package struct APIKey: Record {
    package static let collection = "api_keys"
    package static let byHash = Index<APIKey>.unique("by_hash", Column("hash", \.hash))
    package static let byOwner = Index<APIKey>("by_owner", Column("owner", \.owner))
    package static let indexes = [byHash, byOwner]

    package let id: Identifier<APIKeyTag>
    package let owner: TenantID
    package let name: String
    package let prefix: String
    package let hash: String
    package let createdAt: Instant
    package var revokedAt: Instant?
}
