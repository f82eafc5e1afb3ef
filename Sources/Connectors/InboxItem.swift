package import Contracts
package import Kernel
package import Security
package import Storage

/// Something that arrived from a channel, as it came: durable before it is answered.
package struct InboxItem: Record {
    package enum State: String, Codable, Sendable, Indexable {
        case received, processed, ignored, failed
    }

    package static let collection = "inbox"
    /// Raw content is personal data; it has no place in the log.
    package static let leavesEvents = false
    package static let byKey = Index<InboxItem>.unique(
        "by_key", Column("connection", \.connection), Column("dedupe_key", \.dedupeKey))
    package static let bySubject = Index<InboxItem>(
        "by_subject", Column("connection", \.connection), Column("subject", \.subject),
        Column("received_at", \.receivedAt))
    package static let byState = Index<InboxItem>(
        "by_state", Column("state", \.state),
        Column("settled_at", by: { $0.settledAt ?? $0.receivedAt }))
    package static let indexes = [byKey, bySubject, byState]

    package let id: Identifier<InboxTag>
    package let connection: ConnectionID
    /// Such as `webhook.PO_CREATED` or `order`.
    package let kind: String
    /// The channel's event id, or order number and digest of the content.
    package let dedupeKey: String
    /// The order it is about; empty where that is not known.
    package let subject: String
    package var raw: Sealed
    package let receivedAt: Instant
    package var state: State
    package var note: String
    /// When it was dealt with; `nil` while it is not.
    package var settledAt: Instant?
}

package enum ErasureTag: IdentifierTag { package static let prefix = "era" }

/// An order whose recipient was erased: what comes about it later is read and not kept. It holds
/// nothing personal and stays for ever.
package struct InboxErasure: Record {
    package static let collection = "inbox_erasures"
    package static let leavesEvents = false
    package static let bySubject = Index<InboxErasure>.unique(
        "by_subject", Column("connection", \.connection), Column("subject", \.subject))
    package static let indexes = [bySubject]

    package let id: Identifier<ErasureTag>
    package let connection: ConnectionID
    package let subject: String
}

/// Puts what arrives where it cannot be lost, once.
package struct Inbox: Sendable {
    private let vault: Vault

    package init(vault: Vault) { self.vault = vault }

    /// What is to be kept.
    package struct Arrival: Sendable {
        package let connection: ConnectionID
        package let kind: String
        package let dedupeKey: String
        package let subject: String
        package let raw: [UInt8]

        package init(
            connection: ConnectionID, kind: String, dedupeKey: String, subject: String,
            raw: [UInt8]
        ) {
            self.connection = connection
            self.kind = kind
            self.dedupeKey = dedupeKey
            self.subject = subject
            self.raw = raw
        }

        /// An order's own JSON: the same content again is the same arrival.
        package static func order(
            _ raw: [UInt8], reference: ChannelReference, connection: ConnectionID
        ) -> Arrival {
            Arrival(
                connection: connection, kind: "order",
                dedupeKey: "order:\(reference):" + Digest.sha256Hex(raw).prefix(32),
                subject: reference.rawValue, raw: raw)
        }
    }

    /// - Returns: the new item, or `nil` for a duplicate.
    package func keep(_ arrival: Arrival, in transaction: Transaction) throws -> InboxItem? {
        let known = try transaction.find(
            InboxItem.byKey, arrival.connection, arrival.dedupeKey)
        if let known {
            guard try isPast(known, transaction) else { return nil }
        }
        let id: Identifier<InboxTag> = transaction.decision.newID()
        let item = InboxItem(
            id: id, connection: arrival.connection, kind: arrival.kind,
            dedupeKey: known == nil ? arrival.dedupeKey : "\(arrival.dedupeKey)#\(id)",
            subject: arrival.subject,
            raw: try vault.seal(arrival.raw, for: Self.place(id, transaction.tenant)),
            receivedAt: transaction.decision.now, state: .received, note: "")
        try transaction.insert(item)
        return item
    }

    /// Whether other content of the same order came later: then its return is news.
    private func isPast(_ known: InboxItem, _ transaction: Transaction) throws -> Bool {
        guard known.kind == "order" else { return false }
        let latest = try transaction.page(
            InboxItem.bySubject, equals: [known.connection, known.subject], order: .descending,
            limit: 20
        ).items.first { $0.kind == "order" }
        guard let latest else { return false }
        let digest = known.dedupeKey.split(separator: "#").first
        return latest.dedupeKey.split(separator: "#").first != digest
    }

    /// Says what became of an item; of an erased order nothing is kept once it has been read.
    package func mark(
        _ id: Identifier<InboxTag>, _ state: InboxItem.State, note: String = "",
        in transaction: Transaction
    ) throws {
        guard var item = try transaction.get(InboxItem.self, id) else { return }
        item.state = state
        item.note = note
        item.settledAt = transaction.decision.now
        let isErased =
            try transaction.find(InboxErasure.bySubject, item.connection, item.subject) != nil
        // What failed may be tried again, and needs its content for that.
        if isErased, state != .failed { try empty(&item, transaction.tenant) }
        try transaction.update(item)
    }

    /// Deletes what was dealt with before `instant`, at most `limit` items. What failed stays until
    /// a person has dealt with it.
    /// - Returns: how many there were.
    package static func forget(
        before instant: Instant, limit: Int, in transaction: Transaction
    ) throws -> Int {
        var forgotten = 0
        for state in [InboxItem.State.processed, .ignored] where forgotten < limit {
            let oldest = try transaction.page(
                InboxItem.byState, equals: [state], limit: limit - forgotten)
            for item in oldest.items.prefix(while: { ($0.settledAt ?? $0.receivedAt) < instant }) {
                try transaction.delete(InboxItem.self, item.id)
                forgotten += 1
            }
        }
        return forgotten
    }

    /// Empties all that came about one order, and what will come: what is still to be read is
    /// emptied once it has been. The rows stay, so that the same content is known again.
    package func erase(
        _ subject: String, of connection: ConnectionID, in transaction: Transaction
    ) throws {
        _ = try transaction.insertIfAbsent(
            InboxErasure(
                id: transaction.decision.newID(), connection: connection, subject: subject))
        var cursor: PageCursor?
        repeat {
            let page = try transaction.page(
                InboxItem.bySubject, equals: [connection, subject], after: cursor, limit: 500)
            for found in page.items where found.state != .received {
                var item = found
                try empty(&item, transaction.tenant)
                try transaction.update(item)
            }
            cursor = page.next
        } while cursor != nil
    }

    private func empty(_ item: inout InboxItem, _ tenant: TenantID) throws {
        item.raw = try vault.seal([], for: Self.place(item.id, tenant))
    }

    package func open(_ item: InboxItem, tenant: TenantID) throws -> [UInt8] {
        try vault.open(item.raw, for: Self.place(item.id, tenant))
    }

    private static func place(_ id: Identifier<InboxTag>, _ tenant: TenantID) -> SealContext {
        SealContext(tenant: tenant, place: "inbox/\(id)/raw")
    }
}
