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
                guard current != details else { return known.id }
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
    /// - Throws: `OrdersError.unknownContact`, `.reasonMissing`.
    package func erase(_ contact: ContactID, reason: String, call: Call) async throws {
        guard !reason.isEmpty else {
            throw OrdersError(.reasonMissing, "say why it is erased", field: "reason")
        }
        let service = self
        try await store.writeUnrepeated(call, lane: .interactive) { transaction in
            guard let known = try transaction.get(Contact.self, contact) else {
                throw OrdersError(.unknownContact, "there is no contact \(contact)")
            }
            try service.erase(known, reason, in: transaction)
        }
    }

    /// Erases contacts whose order was last changed before `instant`, at most `limit`.
    /// - Returns: how many there were.
    package func forget(before instant: Instant, limit: Int, call: Call) async throws -> Int {
        let service = self
        return try await store.writeUnrepeated(call, lane: .bulk) { transaction in
            let oldest = try transaction.page(Contact.byAge, equals: [false], limit: limit)
            let due = oldest.items.prefix { $0.version < instant }
            for contact in due {
                try service.erase(contact, "kept long enough", in: transaction)
            }
            return due.count
        }
    }

    private func erase(
        _ contact: Contact, _ reason: String, in transaction: Transaction
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
