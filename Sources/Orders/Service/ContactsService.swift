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
                guard version >= known.version else { return known.id }
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

    /// - Throws: `OrdersError.unknownContact`.
    package func read(
        _ contact: ContactID, purpose: String, call: Call
    ) async throws -> ContactDetails {
        let vault = vault
        return try await store.writeUnrepeated(call, lane: .interactive) { transaction in
            guard let known = try transaction.get(Contact.self, contact) else {
                throw OrdersError(.unknownContact, "there is no contact \(contact)")
            }
            try transaction.emit(
                ContactRead(contact: contact, purpose: purpose), to: Contact.stream(contact))
            let place = SealContext(tenant: call.tenant, place: "contacts/\(contact)/details")
            return try BodyCoder.decode(
                ContactDetails.self, from: vault.open(known.details, for: place))
        }
    }
}
