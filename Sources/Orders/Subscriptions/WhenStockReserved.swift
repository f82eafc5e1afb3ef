import Contracts
import Events
import Kernel
import Storage

/// Stock was held: the units move on, what is short is backordered.
struct WhenStockReserved: Reaction {
    static let name = "orders.whenStockReserved"

    func key(of event: StockReserved, in envelope: Envelope) -> String { event.order.rawValue }

    func react(
        to event: StockReserved, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        try transaction.execute(
            .reserve(event), on: Order.self, event.order)
    }
}

/// The facility reports how far it is, and what it could not find: in one subscription, since a
/// shortage must be known before the packing that leaves it out.
enum WorkFollowing {
    static let subscription = Subscription(
        name: "orders.whenWorkProgressed", kind: .reaction,
        types: [WorkProgressed.type, WorkFellShort.type],
        key: { envelope in
            envelope.type == WorkFellShort.type
                ? try envelope.decode(WorkFellShort.self).fulfilmentOrder.rawValue
                : try envelope.decode(WorkProgressed.self).fulfilmentOrder.rawValue
        },
        handle: { envelope, transaction in
            if envelope.type == WorkFellShort.type {
                let report = try envelope.decode(WorkFellShort.self)
                try transaction.execute(
                    .fallShort(report), on: FulfilmentOrder.self, report.fulfilmentOrder)
            } else {
                let report = try envelope.decode(WorkProgressed.self)
                try transaction.execute(
                    .progress(report), on: FulfilmentOrder.self, report.fulfilmentOrder)
            }
        })
}

/// The channel answered what was owed to it.
struct WhenObligationAnswered: Reaction {
    static let name = "orders.whenObligationAnswered"

    func key(of event: ObligationAnswered, in envelope: Envelope) -> String {
        event.order.rawValue
    }

    func react(
        to event: ObligationAnswered, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        try transaction.execute(.settle(event), on: Order.self, event.order)
    }
}
