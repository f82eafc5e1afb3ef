import Contracts
import Events
import Jobs
import Kernel
import Storage

/// Keeps reservations in step with orders.
///
/// One subscription of several types, keyed by the order: what is reserved, freed and shipped for
/// an order must happen in the order of the log.
enum FollowOrders {
    static let subscription = Subscription(
        name: "inventory.followOrders", kind: .reaction,
        types: [
            OrderAccepted.type, OrderQuarantined.type, OrderUnitsCancelled.type,
            UnitsReturned.type, ParcelDispatched.type, WorkFellShort.type,
        ],
        key: { try order(of: $0).rawValue }, handle: handle)

    private static func order(of envelope: Envelope) throws -> OrderID {
        switch envelope.type {
        case OrderAccepted.type: try envelope.decode(OrderAccepted.self).order
        case OrderQuarantined.type: try envelope.decode(OrderQuarantined.self).order
        case OrderUnitsCancelled.type: try envelope.decode(OrderUnitsCancelled.self).order
        case UnitsReturned.type: try envelope.decode(UnitsReturned.self).order
        case WorkFellShort.type: try envelope.decode(WorkFellShort.self).order
        default: try envelope.decode(ParcelDispatched.self).order
        }
    }

    @Sendable private static func handle(
        _ envelope: Envelope, _ transaction: Transaction
    ) throws {
        let desk = ReservationDesk(transaction: transaction)
        switch envelope.type {
        case OrderAccepted.type:
            let fact = try envelope.decode(OrderAccepted.self)
            try desk.reserve(fact.lines, for: fact.order, revision: fact.revision)
        case OrderQuarantined.type:
            let fact = try envelope.decode(OrderQuarantined.self)
            try desk.reserveSoftly(fact.mapped, for: fact.order)
        case OrderUnitsCancelled.type:
            let fact = try envelope.decode(OrderUnitsCancelled.self)
            let freed = try desk.meet(
                fact.needs ?? [], of: fact.order, revision: fact.revision)
            for sku in freed { try ReservationDesk.fillBackorders(of: sku, transaction) }
        case UnitsReturned.type:
            let fact = try envelope.decode(UnitsReturned.self)
            try desk.exclude(fact.facility, fact.lines, for: fact.order)
            _ = try desk.meet(fact.needs, of: fact.order, revision: fact.revision)
        case WorkFellShort.type:
            let fact = try envelope.decode(WorkFellShort.self)
            try StockLedger(transaction: transaction).writeOff(
                fact.missing, at: fact.facility, cause: "short pick, \(fact.order)")
        default:
            let fact = try envelope.decode(ParcelDispatched.self)
            try desk.ship(fact)
        }
    }
}

/// Remembers facilities and their rank.
struct WhenFacilitySaved: Reaction {
    static let name = "inventory.whenFacilitySaved"

    func key(of event: FacilitySaved, in envelope: Envelope) -> String { event.facility.rawValue }

    func react(
        to event: FacilitySaved, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        try transaction.upsert(
            KnownFacility(id: event.facility, name: event.name, rank: event.rank))
    }
}

/// Remembers which SKUs there are.
struct WhenProductSaved: Reaction {
    static let name = "inventory.whenProductSaved"

    func key(of event: ProductSaved, in envelope: Envelope) -> String { event.sku.rawValue }

    func react(
        to event: ProductSaved, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        try transaction.upsert(KnownProduct(id: event.product, sku: event.sku))
    }
}

/// Goods came: whoever waits for them gets them.
struct WhenStockReceived: Reaction {
    static let name = "inventory.whenStockReceived"

    func key(of event: StockReceived, in envelope: Envelope) -> String { event.sku.rawValue }

    func react(
        to event: StockReceived, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        try ReservationDesk.fillBackorders(of: event.sku, transaction)
    }
}
