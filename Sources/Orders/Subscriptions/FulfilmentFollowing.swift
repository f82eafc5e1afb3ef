import Contracts
import Events
import Kernel
import Storage

/// Keeps fulfilment orders in step with their order, and the order with them.
///
/// Two subscriptions of several types each, against the rule of one event per file: asking a
/// facility and reducing what was asked must stay in order per fulfilment order.
enum FulfilmentFollowing {
    /// The order's decisions, carried to the fulfilment order they are about.
    static let ofOrders = Subscription(
        name: "orders.fulfilmentFollowsOrder", kind: .reaction,
        types: [UnitsSourced.type, OrderUnitsCancelled.type],
        key: { envelope in
            envelope.type == UnitsSourced.type
                ? try envelope.decode(UnitsSourced.self).fulfilmentOrder.rawValue
                : try envelope.decode(OrderUnitsCancelled.self).lines.first?.fulfilmentOrder?
                    .rawValue ?? envelope.stream
        },
        handle: { envelope, transaction in
            if envelope.type == UnitsSourced.type {
                let fact = try envelope.decode(UnitsSourced.self)
                let request = FulfilmentRequested(
                    fulfilmentOrder: fact.fulfilmentOrder, order: fact.order,
                    facility: fact.facility, lines: fact.lines, shipBy: fact.shipBy)
                try transaction.execute(
                    .request(request), on: FulfilmentOrder.self, fact.fulfilmentOrder)
            } else {
                let units = try envelope.decode(OrderUnitsCancelled.self).lines
                guard let id = units.first?.fulfilmentOrder else { return }
                try transaction.execute(.reduce(units), on: FulfilmentOrder.self, id)
            }
        })

    /// How far a fulfilment order is, carried to the units of its order.
    static let ofFulfilment = Subscription(
        name: "orders.orderFollowsFulfilment", kind: .reaction,
        types: [FulfilmentAdvanced.type, FulfilmentReleased.type, FulfilmentShort.type],
        key: { envelope in
            switch envelope.type {
            case FulfilmentReleased.type:
                try envelope.decode(FulfilmentReleased.self).order.rawValue
            case FulfilmentShort.type: try envelope.decode(FulfilmentShort.self).order.rawValue
            default: try envelope.decode(FulfilmentAdvanced.self).order.rawValue
            }
        },
        handle: { envelope, transaction in
            if envelope.type == FulfilmentReleased.type {
                let fact = try envelope.decode(FulfilmentReleased.self)
                try transaction.execute(
                    .progress(fact.fulfilmentOrder, .released), on: Order.self, fact.order)
                return
            }
            if envelope.type == FulfilmentShort.type {
                let fact = try envelope.decode(FulfilmentShort.self)
                try transaction.execute(.takeBack(fact), on: Order.self, fact.order)
                return
            }
            let fact = try envelope.decode(FulfilmentAdvanced.self)
            let bucket: Bucket? =
                switch fact.state {
                case .picking: .picked
                case .packed: .packed
                default: nil
                }
            guard let bucket else { return }
            try transaction.execute(
                .progress(fact.fulfilmentOrder, bucket), on: Order.self, fact.order)
        })
}
