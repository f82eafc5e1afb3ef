package import Kernel
package import Storage

package enum QueuePauseTag: IdentifierTag {
    package static let prefix = "pau"
}

/// A scope under which nothing is started: a queue, a kind, a tenant, a connection or a key.
package struct QueuePause: Record {
    package static let collection = "queue_pauses"
    package static let byScope = Index<QueuePause>.unique("by_scope", Column("scope", \.scope))
    package static let indexes = [byScope]

    package let id: Identifier<QueuePauseTag>
    /// See ``LimitScope``.
    package let scope: String
    package let reason: String
    package let by: String
    package let since: Instant
}
