package import Contracts
import Foundation
package import Kernel
package import Security
package import Storage

/// Keeps and shows personal data; every reading is written down.
package struct ContactsService: ContactDirectory {
    private let store: Store
    private let vault: Vault

    package init(store: Store, vault: Vault) {
        self.store = store
        self.vault = vault
    }

    package func register(
        _ details: ContactDetails, key: String, version: Instant, call: Call
    ) async throws -> ContactID {
        let vault = vault
        let tokens = Set(
            [details.name, details.phone, details.email, details.postalCode]
                .filter { !$0.isEmpty }.map { vault.searchToken($0, tenant: call.tenant) })
        return try await store.writeUnrepeated(call) { transaction in
            if var known = try transaction.find(Contact.byKey, key) {
                // What was erased stays so, whatever the channel still shows.
                guard version >= known.version, known.erasedAt == nil else { return known.id }
                let place = SealContext(tenant: call.tenant, place: "contacts/\(known.id)/details")
                let current = try BodyCoder.decode(
                    ContactDetails.self, from: vault.open(known.details, for: place))
                // A newer sight of the same counts for how long it is kept.
                guard current != details || version > known.version else { return known.id }
                known.version = version
                known.details = try vault.seal(BodyCoder.encode(details), for: place)
                known.searchTokens = tokens
                try transaction.update(known)
                return known.id
            }
            let id: ContactID = transaction.decision.newID()
            let place = SealContext(tenant: call.tenant, place: "contacts/\(id)/details")
            try transaction.insert(
                Contact(
                    id: id, key: key,
                    details: try vault.seal(BodyCoder.encode(details), for: place),
                    version: version, searchTokens: tokens))
            return id
        }
    }

    /// - Throws: `OrdersError.unknownContact`, `.contactErased`.
    package func read(
        _ contact: ContactID, purpose: String, call: Call
    ) async throws -> ContactDetails {
        let vault = vault
        return try await store.writeUnrepeated(call, lane: .interactive) { transaction in
            guard let known = try transaction.get(Contact.self, contact) else {
                throw OrdersError(.unknownContact, "there is no contact \(contact)")
            }
            guard known.erasedAt == nil else {
                throw OrdersError(.contactErased, "the contact's data has been erased")
            }
            try transaction.emit(
                ContactRead(contact: contact, purpose: purpose), to: Contact.stream(contact))
            let place = SealContext(tenant: call.tenant, place: "contacts/\(contact)/details")
            return try BodyCoder.decode(
                ContactDetails.self, from: vault.open(known.details, for: place))
        }
    }

    /// Erases a person's data for ever; the order keeps its place without it.
    /// - Throws: `OrdersError.unknownContact`.
    package func erase(_ contact: ContactID, reason: ErasureReason, call: Call) async throws {
        let service = self
        try await store.writeUnrepeated(call, lane: .interactive) { transaction in
            guard let known = try transaction.get(Contact.self, contact) else {
                throw OrdersError(.unknownContact, "there is no contact \(contact)")
            }
            try service.erase(known, reason, in: transaction)
        }
    }

    /// Erases contacts whose order was last changed before `instant` and is over, at most `limit`.
    /// - Returns: how many there were.
    package func forget(before instant: Instant, limit: Int, call: Call) async throws -> Int {
        let service = self
        return try await store.writeUnrepeated(call, lane: .bulk) { transaction in
            var erased = 0
            var cursor: PageCursor?
            // Orders that stay open so long are few; past this many it is left to the next time.
            for _ in 0..<Self.pageLimit {
                let page = try transaction.page(
                    Contact.byAge, equals: [false], after: cursor, limit: 500)
                for contact in page.items {
                    guard erased < limit, contact.version < instant else { return erased }
                    guard try !service.isNeeded(contact, transaction) else { continue }
                    try service.erase(contact, .retention, in: transaction)
                    erased += 1
                }
                guard let next = page.next else { return erased }
                cursor = next
            }
            return erased
        }
    }

    private static let pageLimit = 10

    /// Whether an order that is not over yet still goes to this recipient.
    private func isNeeded(_ contact: Contact, _ transaction: Transaction) throws -> Bool {
        let parts = contact.key.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2, let connection = ConnectionID(parts[0]),
            let order = try transaction.find(Order.byReference, connection, parts[1])
        else { return false }
        return !order.status.isTerminal && order.status != .completed
    }

    private func erase(
        _ contact: Contact, _ reason: ErasureReason, in transaction: Transaction
    ) throws {
        guard contact.erasedAt == nil else { return }
        var erased = contact
        let place = SealContext(
            tenant: transaction.tenant, place: "contacts/\(contact.id)/details")
        erased.details = try vault.seal([], for: place)
        erased.searchTokens = []
        erased.erasedAt = transaction.decision.now
        try transaction.update(erased)
        try transaction.emit(
            ContactErased(contact: contact.id, key: contact.key, reason: reason),
            to: Contact.stream(contact.id))
    }
}
