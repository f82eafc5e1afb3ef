import Contracts
import Kernel
import Storage

extension Order {
    /// Gives reserved units to their facilities, one fulfilment order each.
    func sourcing(_ decision: Decision) -> [OrderEvent] {
        guard status == .open, !isReleaseBlocked else { return [] }
        if let releaseAfter, releaseAfter > decision.now { return [] }
        var byFacility: [FacilityID: [StockLine]] = [:]
        for line in lines {
            guard let sku = line.sku else { continue }
            for group in line.units where group.bucket == .reserved {
                guard let facility = group.facility else { continue }
                byFacility[facility, default: []].append(
                    StockLine(line: line.number, sku: sku, quantity: group.quantity))
            }
        }
        return byFacility.sorted { $0.key < $1.key }.map { facility, lines in
            .unitsSourced(
                UnitsSourced(
                    order: id, fulfilmentOrder: decision.newID(), facility: facility,
                    lines: lines, shipBy: shipBy))
        }
    }

    /// A fulfilment order moved; what has left or was cancelled meanwhile stays where it is.
    func moving(_ fulfilmentOrder: FulfilmentOrderID, to bucket: Bucket) -> [OrderEvent] {
        let wouldMove = lines.contains { line in
            line.units.contains {
                $0.fulfilmentOrder == fulfilmentOrder && $0.bucket.isCancellable
                    && $0.bucket != bucket
            }
        }
        guard wouldMove else { return [] }
        return [.unitsMoved(UnitsMoved(fulfilmentOrder: fulfilmentOrder, bucket: bucket))]
    }

    func dispatching(_ parcels: [ParcelDispatched], _ decision: Decision) -> [OrderEvent] {
        parcels.enumerated().flatMap { offset, parcel -> [OrderEvent] in
            [
                .parcelDispatched(parcel.numbered(nextRevision + offset)),
                .obligationArose(
                    ObligationArose(
                        kind: .confirm, subject: parcel.parcel.rawValue, dueAt: shipBy)),
            ]
        }
    }

    func assumingDelivery() -> [OrderEvent] {
        guard status == .open, !quantity(in: .shipped).isZero else { return [] }
        let isDone = lines.allSatisfy { line in
            line.units.allSatisfy { $0.bucket.isSettled || $0.bucket == .shipped }
        }
        let delivered = OrderEvent.unitsDelivered(UnitsDelivered(isAssumed: true))
        guard isDone else { return [delivered] }
        return [
            delivered,
            .ended(OrderEnded(status: .completed, reason: "every unit is accounted for")),
        ]
    }

    /// The channel answered, or nobody asks it any more. Only the first answer counts.
    func settling(_ answer: ObligationAnswered, _ decision: Decision) -> [OrderEvent] {
        let owed = obligations.first { $0.kind == answer.kind && $0.subject == answer.subject }
        guard let owed, owed.state == .due || owed.state == .unknown else { return [] }
        if answer.answer == .unknown {
            return [
                .obligationUnknown(
                    ObligationUnknown(
                        kind: answer.kind, subject: answer.subject, fault: answer.fault))
            ]
        }
        let isRefused = answer.answer == .refused
        let settled = OrderEvent.obligationSettled(
            ObligationSettled(
                kind: answer.kind, subject: answer.subject, isRefused: isRefused,
                fault: answer.fault))
        // An order cancelled meanwhile cannot be acknowledged: no trouble, the channel knows.
        guard isRefused, answer.kind != .acknowledge else { return [settled] }
        let trouble = Trouble(
            kind: .obligationRefused,
            detail: "the channel refused to \(answer.kind.rawValue): "
                + (answer.fault?.detail ?? "no reason given"),
            at: decision.now, moneyAtRisk: nil)
        return [settled, .troubleNoted(TroubleNoted(trouble: trouble))]
    }

    func holding(
        _ kind: Hold.Kind, _ note: String, _ until: Instant?, _ atDeadline: Hold.AtDeadline,
        _ decision: Decision
    ) throws -> [OrderEvent] {
        guard !status.isTerminal else {
            throw OrdersError(.illegalTransition, "a \(status.rawValue) order cannot be held")
        }
        let hold = Hold(
            id: decision.newID(), kind: kind, note: note, placedAt: decision.now, until: until,
            atDeadline: atDeadline)
        return [.holdPlaced(HoldPlaced(hold: hold))]
    }

    func lifting(
        _ id: Identifier<HoldTag>, _ note: String, _ decision: Decision
    ) throws -> [OrderEvent] {
        guard holds.contains(where: { $0.id == id }) else {
            throw OrdersError(.unknownHold, "this order has no hold \(id)")
        }
        let lifted: [OrderEvent] = [.holdLifted(HoldLifted(hold: id, note: note))]
        return lifted + after(lifted, decision).sourcing(decision)
    }

    func expiring(_ id: Identifier<HoldTag>, _ decision: Decision) throws -> [OrderEvent] {
        guard let hold = holds.first(where: { $0.id == id }),
            let until = hold.until, until <= decision.now
        else { return [] }
        switch hold.atDeadline {
        case .lift: return try lifting(id, "its time was up", decision)
        case .cancel:
            guard OrderLifecycle.machine.allows(.cancel, in: status) else { return [] }
            let left = lines.contains { $0.units.contains(where: \.bucket.isCancellable) }
            return left
                ? try cancelling([], .operatorDecision, "a hold's time was up", decision) : []
        case .report:
            let trouble = Trouble(
                kind: .deadlineBreached,
                detail: "the hold (\(hold.kind.rawValue)) is past its time: \(hold.note)",
                at: decision.now, moneyAtRisk: nil)
            return [.troubleNoted(TroubleNoted(trouble: trouble))]
        }
    }

    /// After so many facilities a person decides.
    private static let hopLimit = 3

    /// Units a facility could not find are pending again, to be sourced elsewhere.
    func takingBack(_ short: FulfilmentShort, _ decision: Decision) -> [OrderEvent] {
        let waiting = waiting(for: short.fulfilmentOrder)
        let lines = short.lines.compactMap { part -> StockLine? in
            let quantity = min(part.quantity, waiting[part.line] ?? .zero)
            return quantity.isZero
                ? nil : StockLine(line: part.line, sku: part.sku, quantity: quantity)
        }
        guard !lines.isEmpty else { return [] }
        let isGivenUp = (hops ?? 0) >= Self.hopLimit
        func fact(_ needs: [StockNeed]) -> OrderEvent {
            .unitsReturned(
                UnitsReturned(
                    order: id, fulfilmentOrder: short.fulfilmentOrder, facility: short.facility,
                    lines: lines, isGivenUp: isGivenUp, needs: needs, revision: nextRevision))
        }
        return [fact(after([fact([])], decision).stockNeeds)]
    }

    func resolving(_ note: String) throws -> [OrderEvent] {
        guard !note.isEmpty else {
            throw OrdersError(.reasonMissing, "say how it was dealt with", field: "note")
        }
        guard
            troubles.contains(where: { $0.resolution == nil })
                || obligations.contains(where: isFailed)
        else {
            throw OrdersError(.illegalTransition, "nothing of this order is in trouble")
        }
        return [.troublesResolved(TroublesResolved(note: note))]
    }
}
