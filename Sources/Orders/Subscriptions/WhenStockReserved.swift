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
            .reserve(event.allocations, short: event.short), on: Order.self, event.order)
    }
}

/// The facility reports how far it is.
struct WhenWorkProgressed: Reaction {
    static let name = "orders.whenWorkProgressed"

    func key(of event: WorkProgressed, in envelope: Envelope) -> String {
        event.fulfilmentOrder.rawValue
    }

    func react(
        to event: WorkProgressed, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        try transaction.execute(
            .progress(event), on: FulfilmentOrder.self, event.fulfilmentOrder)
    }
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
