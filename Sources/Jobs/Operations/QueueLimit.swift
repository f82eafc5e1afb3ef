package import Kernel
package import Storage

package enum QueueLimitTag: IdentifierTag {
    package static let prefix = "qli"
}

/// What a person set for all work under a scope: how much of it runs at once and begins in a minute, and
/// whose share is larger where there is more work than room.
package struct QueueLimit: Record {
    package static let collection = "queue_limits"
    package static let byScope = Index<QueueLimit>.unique("by_scope", Column("scope", \.scope))
    package static let indexes = [byScope]

    package let id: Identifier<QueueLimitTag>
    /// See ``LimitScope``: a tenant, a connection, a queue or a kind.
    package let scope: String
    package var concurrency: Int?
    package var perMinute: Int?
    /// Of a tenant or a connection; 1 unless set.
    package var weight: Int?
    package var by: String
    package var since: Instant

    package init(
        id: Identifier<QueueLimitTag>, scope: String, concurrency: Int? = nil,
        perMinute: Int? = nil, weight: Int? = nil, by: String, since: Instant
    ) {
        self.id = id
        self.scope = scope
        self.concurrency = concurrency
        self.perMinute = perMinute
        self.weight = weight
        self.by = by
        self.since = since
    }

    var partitionLimit: PartitionLimit? {
        guard concurrency != nil || perMinute != nil else { return nil }
        return PartitionLimit(
            concurrency: concurrency ?? .max, rate: perMinute.map { RateLimit(perMinute: $0) })
    }
}

/// What is to be changed of a scope's limits; what is `nil` stays as it is.
package struct QueueLimitChange: Sendable {
    package let concurrency: Int?
    package let perMinute: Int?
    package let weight: Int?

    package init(concurrency: Int? = nil, perMinute: Int? = nil, weight: Int? = nil) {
        self.concurrency = concurrency
        self.perMinute = perMinute
        self.weight = weight
    }

    fileprivate func check(of scope: String) throws {
        let bounds: [(String, Int?, ClosedRange<Int>)] = [
            ("concurrency", concurrency, 1...10_000), ("perMinute", perMinute, 1...6_000_000),
            ("weight", weight, 1...100),
        ]
        for (name, value, range) in bounds {
            guard let value, !range.contains(value) else { continue }
            throw JobsError(
                .limitMalformed, "must be \(range.lowerBound) to \(range.upperBound)", field: name)
        }
        guard bounds.contains(where: { $0.1 != nil }) else {
            throw JobsError(.limitMalformed, "say what is limited", field: "concurrency")
        }
        guard weight == nil || scope.hasPrefix("tenant:") || scope.hasPrefix("connection:") else {
            throw JobsError(
                .limitMalformed, "only tenants and connections take turns", field: "weight")
        }
    }
}

extension JobDesk {
    private static let limited = ["tenant", "connection", "queue", "kind"]

    /// Sets limits that hold from the next start on, in every process; what runs goes on.
    /// - Throws: `JobsError`: `.unknownScope`, `.limitMalformed`.
    package func limit(
        _ scope: String, _ change: QueueLimitChange, in transaction: Transaction
    ) throws -> QueueLimit {
        try check(scope, levels: Self.limited)
        try change.check(of: scope)
        transaction.afterCommitSignal { $0.announceControls() }
        let known = try transaction.find(QueueLimit.byScope, scope)
        var limit =
            known
            ?? QueueLimit(
                id: transaction.decision.newID(), scope: scope, by: "",
                since: transaction.decision.now)
        limit.concurrency = change.concurrency ?? limit.concurrency
        limit.perMinute = change.perMinute ?? limit.perMinute
        limit.weight = change.weight ?? limit.weight
        limit.by = transaction.call.actor.description
        limit.since = transaction.decision.now
        if known == nil { try transaction.insert(limit) } else { try transaction.update(limit) }
        return limit
    }

    /// - Returns: whether there were any.
    package func removeLimit(_ scope: String, in transaction: Transaction) throws -> Bool {
        transaction.afterCommitSignal { $0.announceControls() }
        guard let limit = try transaction.find(QueueLimit.byScope, scope) else { return false }
        try transaction.delete(QueueLimit.self, limit.id)
        try transaction.emit(QueueLimitLifted(scope: scope), to: "queues/\(scope)")
        return true
    }
}
