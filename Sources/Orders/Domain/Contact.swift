package import Contracts
package import Kernel
package import Security
package import Storage

/// Personal data of one order's recipient, sealed under its tenant's key.
package struct Contact: Record {
    package static let collection = "contacts"
    /// What changed is nobody's business but the record's own.
    package static let leavesEvents = false
    package static let isSearchable = true
    package static let byKey = Index<Contact>.unique("by_key", Column("contact_key", \.key))
    package static let byAge = Index<Contact>(
        "by_age", Column("is_erased", by: { $0.erasedAt != nil }), Column("changed_at", \.version))
    package static let indexes = [byKey, byAge]

    package let id: ContactID
    /// The connector's own key: connection and order reference.
    package let key: String
    package var details: Sealed
    /// When the channel last changed the order these are of: older details change nothing.
    package var version: Instant
    /// Keyed hashes of name, phone, e-mail and postal code.
    package var searchTokens: Set<String>
    /// Its details are gone for ever since then.
    package var erasedAt: Instant?
}

/// Someone read personal data, and why.
package struct ContactRead: EventPayload {
    package static let type: EventType = "orders.contactRead.1"
    package let contact: ContactID
    package let purpose: String
}
