package import Contracts
package import Kernel
package import Storage

package enum PollStreamTag: IdentifierTag { package static let prefix = "pol" }
package enum WalmartTaskTag: IdentifierTag { package static let prefix = "wmt" }

/// Where reading of one of a connection's lists stands.
package struct PollStream: Record {
    package enum Kind: String, Codable, Sendable, CaseIterable, Indexable {
        case released, changed
    }

    package static let collection = "walmart_polls"
    package static let leavesEvents = false
    package static let byKind = Index<PollStream>.unique(
        "by_kind", Column("connection", \.connection), Column("kind", \.kind))
    package static let indexes = [byKind]

    package let id: Identifier<PollStreamTag>
    package let connection: ConnectionID
    package let kind: Kind
    /// Everything up to here has been read at least once.
    package var watermark: Instant?
    /// When the window now being read began; the next watermark.
    package var windowStart: Instant?
    /// Walmart's own query for the next page, as it gave it.
    package var nextCursor: String?
    package var pagesInWindow = 0
    package var lastSuccess: Instant?
    package var lastFault: RecordedFault?
    package var failingSince: Instant?
}

/// What Walmart is owed for one order: whole in itself, without personal data.
struct WalmartTask: Record {
    static let collection = "walmart_tasks"
    static let leavesEvents = false
    static let bySubject = Index<WalmartTask>.unique(
        "by_subject", Column("kind", by: { $0.kind.rawValue }), Column("subject", \.subject))
    static let byOrder = Index<WalmartTask>("by_order", Column("order_id", \.order))
    static let indexes = [bySubject, byOrder]

    let id: Identifier<WalmartTaskTag>
    let kind: ObligationKind
    /// The order, parcel or cancellation it is about.
    let subject: String
    let connection: ConnectionID
    let order: OrderID
    let reference: ChannelReference
    let lines: [LineQuantity]
    /// Only for a parcel.
    let carrier: String?
    let trackingNumber: String?
    let shippedAt: Instant?
    /// Only for a cancellation, once it was looked up before the first call: what Walmart will call
    /// cancelled of each line when it has happened.
    var cancelTarget: [LineQuantity]?
    let cause: OrderUnitsCancelled.Cause?
    /// Nobody tries it any more by itself since then.
    var givenUpAt: Instant?
}
