import Contracts
import Events
import Jobs
import Kernel
import Storage

/// Takes a channel's order in, or what changed of it. Keyed by the order's own number, so that two
/// sights of one order are handled one after the other.
struct WhenOrderObserved: Reaction {
    static let name = "orders.whenOrderObserved"

    func key(of event: OrderObserved, in envelope: Envelope) -> String {
        "\(event.connection)/\(event.order.reference)"
    }

    func react(
        to event: OrderObserved, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        if FailurePoint.isPlanted("trapOnEvent"), event.order.reference.rawValue.hasSuffix("003") {
            preconditionFailure("planted: the event of \(event.order.reference) is poison")
        }
        let known = try transaction.find(
            Order.byReference, event.connection, event.order.reference.rawValue)
        let id = known?.id ?? transaction.decision.newID()
        var mappings: [ChannelSKU: SKU] = [:]
        if known == nil {
            for line in event.order.lines where mappings[line.channelSKU] == nil {
                let listing = try transaction.find(
                    KnownListing.byChannelSKU, event.connection, line.channelSKU.rawValue)
                mappings[line.channelSKU] = listing?.sku
            }
        }
        let (order, changes) = try transaction.execute(
            .observe(event, mappings: mappings), on: Order.self, id)
        let setsTimes = changes.contains { change in
            switch change {
            case .received, .deadlineMoved: true
            default: false
            }
        }
        guard setsTimes, let order else { return }
        try CheckDeadlines.plan(for: order, in: transaction)
    }
}

/// A buyer's wish is recorded on the order it is about.
struct WhenCancellationAsked: Reaction {
    static let name = "orders.whenCancellationAsked"

    func key(of event: CancellationAsked, in envelope: Envelope) -> String {
        "\(event.connection)/\(event.reference)"
    }

    func react(
        to event: CancellationAsked, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        guard
            let order = try transaction.find(
                Order.byReference, event.connection, event.reference.rawValue)
        else {
            // The wish came before the order: the connector reads the order again, and so the
            // wish waits here, backing off, until it is there.
            throw JobsError(.budgetSpent, "the order is not here yet", retryAfter: .seconds(2))
        }
        try transaction.execute(.askCancellation(event.lines), on: Order.self, order.id)
    }
}
