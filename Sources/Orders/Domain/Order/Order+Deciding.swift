package import Contracts
package import Kernel
import Storage

extension Order {
    package typealias Command = OrderCommand
    package typealias Event = OrderEvent

    package static func decide(
        _ command: OrderCommand, on state: Order?, id: OrderID, in decision: Decision
    ) throws -> [OrderEvent] {
        if case .observe(let seen, let mappings) = command {
            guard let order = state else { return receiving(seen, mappings, id, decision) }
            return order.observing(seen, decision)
        }
        guard let order = state else {
            throw OrdersError(.unknownOrder, "there is no order \(id)")
        }
        return switch command {
        case .observe: []
        case .repair(let mappings): order.repairing(mappings, decision)
        case .reserve(let stock): order.reserving(stock, decision)
        case .progress(let fulfilmentOrder, let bucket): order.moving(fulfilmentOrder, to: bucket)
        case .dispatch(let parcels): order.dispatching(parcels, decision)
        case .assumeDelivered: order.assumingDelivery()
        case .askCancellation(let lines): order.askingCancellation(lines, decision)
        case .answerCancellation(let id, let isAccepted, let note):
            try order.answeringCancellation(id, isAccepted, note, decision)
        case .cancel(let lines, let cause, let note):
            try order.cancelling(lines, cause, note, decision)
        case .settle(let answer): order.settling(answer, decision)
        case .placeHold(let kind, let note, let until, let atDeadline):
            try order.holding(kind, note, until, atDeadline, decision)
        case .liftHold(let hold, let note): try order.lifting(hold, note, decision)
        case .expireHold(let hold): try order.expiring(hold, decision)
        case .checkDeadlines: order.checkingDeadlines(decision)
        case .resolve(let note): try order.resolving(note)
        case .takeBack(let short): order.takingBack(short, decision)
        case .abandon(let note): try order.abandoning(note, decision)
        }
    }

    /// Applies events to a copy, to go on deciding from what they lead to.
    func after(_ events: [OrderEvent], _ decision: Decision) -> Order {
        var order = self
        for event in events {
            // Applying to an order that exists cannot fail.
            if let next = try? Order.apply(event, to: order, at: decision.now) { order = next }
        }
        return order
    }

    func stockLines(_ lines: [OrderLine]) -> [StockLine] {
        lines.compactMap { line in
            guard let sku = line.sku else { return nil }
            let quantity = line.ordered.without(line.quantity(in: .cancelled))
            return quantity.isZero
                ? nil : StockLine(line: line.number, sku: sku, quantity: quantity)
        }
    }
}
