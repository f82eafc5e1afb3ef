package import Contracts
package import Kernel
import Storage

package enum FulfilmentCommand: Sendable {
    case request(FulfilmentRequested)
    case progress(WorkProgressed)
    /// Units that are not wanted any more.
    case reduce([CancelledUnits])
    case handOver([LabelledParcel])
    /// The facility could not find units.
    case fallShort(WorkFellShort)
}

extension FulfilmentOrder {
    package typealias Command = FulfilmentCommand
    package typealias Event = FulfilmentEvent

    package static func decide(
        _ command: FulfilmentCommand, on state: FulfilmentOrder?, id: FulfilmentOrderID,
        in decision: Decision
    ) throws -> [FulfilmentEvent] {
        if case .request(let request) = command {
            return state == nil ? [.requested(request)] : []
        }
        guard let order = state else {
            throw OrdersError(.unknownFulfilmentOrder, "there is no fulfilment order \(id)")
        }
        switch command {
        case .request: return []
        case .progress(let progress): return order.progressing(progress)
        case .reduce(let units): return order.reducing(units)
        case .handOver(let parcels): return try order.handingOver(parcels)
        case .fallShort(let report): return order.fallingShort(report)
        }
    }

    /// The facility reports. A report that comes late, after a cancellation, changes nothing.
    private func progressing(_ progress: WorkProgressed) -> [FulfilmentEvent] {
        let machine = FulfilmentLifecycle.machine
        switch progress.step {
        case .accepted:
            guard machine.allows(.accept, in: state) else { return [] }
            return [
                advanced(.accepted),
                .released(
                    FulfilmentReleased(fulfilmentOrder: id, order: order, facility: facility)),
            ]
        case .pickingStarted:
            guard machine.allows(.startPicking, in: state) else { return [] }
            return [advanced(.picking)]
        case .picked: return []
        case .packed:
            guard machine.allows(.pack, in: state), holds(progress.parcels) else { return [] }
            return [advanced(.packed, progress.parcels)]
        }
    }

    /// Whether the boxes hold exactly what is wanted.
    private func holds(_ boxes: [WorkProgressed.Box]) -> Bool {
        func sums(_ lines: [StockLine]) -> [LineNumber: Int] {
            lines.reduce(into: [:]) { $0[$1.line, default: 0] += $1.quantity.units }
        }
        return sums(boxes.flatMap(\.lines)) == sums(lines)
    }

    private func advanced(
        _ state: FulfilmentState, _ parcels: [WorkProgressed.Box] = []
    ) -> FulfilmentEvent {
        .advanced(
            FulfilmentAdvanced(
                order: order, fulfilmentOrder: id, state: state, parcels: parcels))
    }

    private func reducing(_ units: [CancelledUnits]) -> [FulfilmentEvent] {
        guard !FulfilmentLifecycle.machine.terminal.contains(state) else { return [] }
        let gone = units.reduce(into: [LineNumber: Quantity]()) {
            $0[$1.line, default: .zero] += $1.quantity
        }
        let left = lines.compactMap { part -> StockLine? in
            let quantity = part.quantity.without(gone[part.line] ?? .zero)
            return quantity.isZero
                ? nil : StockLine(line: part.line, sku: part.sku, quantity: quantity)
        }
        guard left != lines else { return [] }
        return [reduced(to: left)]
    }

    private func reduced(to left: [StockLine]) -> FulfilmentEvent {
        .reduced(
            FulfilmentReduced(
                fulfilmentOrder: id, order: order, facility: facility, lines: left,
                isCancelled: left.isEmpty))
    }

    /// What is wanted beyond what was found is sourced again, elsewhere; the facility is told what is
    /// left, since a reduction may have crossed its report.
    private func fallingShort(_ report: WorkFellShort) -> [FulfilmentEvent] {
        guard FulfilmentLifecycle.machine.allows(.fallShort, in: state) else { return [] }
        let found = report.left.reduce(into: [LineNumber: Quantity]()) {
            $0[$1.line, default: .zero] += $1.quantity
        }
        var short: [StockLine] = []
        var left: [StockLine] = []
        for part in lines {
            let rest = min(part.quantity, found[part.line] ?? .zero)
            let gone = part.quantity.without(rest)
            if !gone.isZero {
                short.append(StockLine(line: part.line, sku: part.sku, quantity: gone))
            }
            if !rest.isZero {
                left.append(StockLine(line: part.line, sku: part.sku, quantity: rest))
            }
        }
        guard !short.isEmpty else { return [] }
        return [
            .short(
                FulfilmentShort(
                    order: order, fulfilmentOrder: id, facility: facility, lines: short,
                    reason: report.reason)), reduced(to: left),
        ]
    }

    private func handingOver(_ labelled: [LabelledParcel]) throws -> [FulfilmentEvent] {
        guard FulfilmentLifecycle.machine.allows(.handOver, in: state) else {
            throw OrdersError(
                .illegalTransition, "a \(state.rawValue) fulfilment order cannot be handed over")
        }
        let open = Set(openParcels.map(\.id))
        guard !labelled.isEmpty, labelled.allSatisfy({ open.contains($0.parcel) }) else {
            throw OrdersError(
                .illegalTransition, "a parcel is not packed for this fulfilment order")
        }
        return [.handedOver(ParcelsHandedOver(parcels: labelled))]
    }

    package static func apply(
        _ event: FulfilmentEvent, to state: FulfilmentOrder?, at instant: Instant
    ) throws -> FulfilmentOrder {
        if case .requested(let fact) = event {
            return FulfilmentOrder(
                id: fact.fulfilmentOrder, order: fact.order, facility: fact.facility,
                state: .requested, since: instant, lines: fact.lines, shipBy: fact.shipBy)
        }
        guard var order = state else {
            throw OrdersError(.unknownFulfilmentOrder, "nothing to apply an event to")
        }
        order.apply(event, at: instant)
        return order
    }

    private mutating func apply(_ event: FulfilmentEvent, at instant: Instant) {
        switch event {
        case .requested: break
        case .advanced(let fact):
            enter(fact.state, instant)
            // Packed anew: the boxes from before are open again.
            if !fact.parcels.isEmpty { voidOpenParcels() }
            parcels += fact.parcels.map { Parcel(id: $0.parcel, lines: $0.lines, state: .packed) }
        case .released: enter(.released, instant)
        case .short(let fact):
            // All of it: the units go back, and the next fulfilment order for them is a new one.
            if fact.lines == lines { enter(.pulledBack, instant) }
        case .reduced(let fact):
            lines = fact.lines
            voidOpenParcels()
            if state == .pulledBack { return }
            if fact.isCancelled {
                enter(.cancelled, instant)
            } else if state == .packed || state == .ready {
                enter(.picking, instant)
            }
        case .handedOver(let fact):
            for label in fact.parcels {
                for index in parcels.indices where parcels[index].id == label.parcel {
                    parcels[index].state = .handedOver
                    parcels[index].carrier = label.carrier
                    parcels[index].trackingNumber = label.trackingNumber
                    parcels[index].handedOverAt = instant
                }
            }
            enter(openParcels.isEmpty ? .dispatched : .partlyDispatched, instant)
        }
    }

    private mutating func voidOpenParcels() {
        for index in parcels.indices where parcels[index].state == .packed {
            parcels[index].state = .voided
        }
    }

    private mutating func enter(_ next: FulfilmentState, _ instant: Instant) {
        state = next
        since = instant
    }
}
