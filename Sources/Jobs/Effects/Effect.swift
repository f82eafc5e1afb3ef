package import Kernel
package import Storage

package enum EffectTag: IdentifierTag {
    package static let prefix = "eff"
}

/// One effect on the outside: what was meant, and what is known of it.
package struct Effect: Record {
    package enum State: String, Codable, Sendable, Indexable {
        /// No call is out that could have had the effect.
        case planned
        /// A call went out and its answer is not known: ask before repeating.
        case calling
        case happened
        /// The other side said no, for good.
        case refused
    }

    package static let collection = "effects"
    package static let leavesEvents = false
    package static let byKey = Index<Effect>.unique(
        "by_key", Column("scope", \.scope), Column("outside_key", \.key))
    package static let byState = Index<Effect>("by_state", Column("state", \.state))
    package static let indexes = [byKey, byState]

    package let id: Identifier<EffectTag>
    /// Connection and operation.
    package let scope: String
    /// What makes this effect one, in the other side's words: an order, a parcel.
    package let key: String
    package var state: State
    /// Calls sent, the first included.
    package var calls: Int
    /// Times the other side was asked whether it happened.
    package var looks: Int
    package var fault: RecordedFault?
    package let plannedAt: Instant
    package var settledAt: Instant?
}
