import Contracts
import Kernel
import Storage

extension Order {
    /// What the channel cancelled since we last looked: a fact for units that have not left.
    func channelCancellations(_ seen: OrderObserved, _ decision: Decision) -> [OrderEvent] {
        var fresh: [LineQuantity] = []
        var late: [LineQuantity] = []
        for shown in seen.order.lines {
            guard let line = line(shown.number) else { continue }
            let news = shown.cancelled.without(line.quantity(in: .cancelled))
            guard !news.isZero else { continue }
            let free = min(news, line.quantity { $0.bucket.isCancellable })
            if !free.isZero { fresh.append(LineQuantity(line: line.number, quantity: free)) }
            let gone = news.without(free)
            if !gone.isZero { late.append(LineQuantity(line: line.number, quantity: gone)) }
        }
        var events = cancellationEvents(
            of: fresh, cause: .channel, note: "cancelled on the channel", decision)
        events += lateCancellation(late, decision)
        return events
    }

    /// Cancelled there, but already on its way: an observation, once, with the money at risk.
    private func lateCancellation(
        _ late: [LineQuantity], _ decision: Decision
    ) -> [OrderEvent] {
        let subject = late.map { "\($0.line)×\($0.quantity)" }.joined(separator: ",")
        guard !late.isEmpty,
            !troubles.contains(where: {
                $0.kind == .cancelledAfterShipping && $0.subject == subject
            })
        else { return [] }
        let numbers = Set(late.map(\.line))
        let amounts = lines.filter { numbers.contains($0.number) }.map(\.total)
        let risk = amounts.dropFirst().reduce(amounts.first) { sum, next in
            // Lines of one order share a currency; a sum that does not fit is shown as unknown.
            sum.flatMap { try? $0.adding(next) }
        }
        let trouble = Trouble(
            kind: .cancelledAfterShipping,
            detail: "cancelled on the channel after the parcel left; recall it with the carrier",
            at: decision.now, moneyAtRisk: risk, subject: subject)
        return [.troubleNoted(TroubleNoted(trouble: trouble))]
    }

    func askingCancellation(_ asked: [LineQuantity], _ decision: Decision) -> [OrderEvent] {
        let open = Set(
            cancellations.filter { $0.state == .requested }.flatMap(\.lines).map(\.line))
        let fresh = (asked.isEmpty ? everythingCancellable : asked.compactMap(cancellable))
        let wanted = fresh.filter { !open.contains($0.line) }
        if wanted.isEmpty, !fresh.isEmpty { return [] }
        guard !wanted.isEmpty, !status.isTerminal else {
            return lateCancellation(status == .cancelled ? [] : asked, decision)
        }
        let cancellation = Cancellation(
            id: decision.newID(), cause: .customer, lines: wanted, at: decision.now,
            state: .requested, note: "the buyer asks")
        return [.cancellationOpened(CancellationOpened(cancellation: cancellation))]
    }

    func answeringCancellation(
        _ id: Identifier<CancellationTag>, _ isAccepted: Bool, _ note: String,
        _ decision: Decision
    ) throws -> [OrderEvent] {
        guard let cancellation = cancellations.first(where: { $0.id == id }) else {
            throw OrdersError(.unknownCancellation, "this order has no cancellation \(id)")
        }
        guard cancellation.state == .requested else {
            throw OrdersError(
                .illegalTransition, "the cancellation is \(cancellation.state.rawValue) already")
        }
        let answered: [OrderEvent] = [
            .cancellationAnswered(
                CancellationAnswered(cancellation: id, isAccepted: isAccepted, note: note))
        ]
        guard isAccepted else { return answered }
        let left = cancellation.lines.compactMap(cancellable)
        return answered
            + cancellationEvents(of: left, cause: .customer, note: note, decision, id: id)
    }

    func cancelling(
        _ asked: [LineQuantity], _ cause: OrderUnitsCancelled.Cause, _ note: String,
        _ decision: Decision
    ) throws -> [OrderEvent] {
        guard OrderLifecycle.machine.allows(.cancel, in: status) else {
            throw OrdersError(
                .illegalTransition, "a \(status.rawValue) order cannot be cancelled")
        }
        for (index, part) in asked.enumerated() {
            let free = line(part.line)?.quantity { $0.bucket.isCancellable } ?? .zero
            guard !part.quantity.isZero, part.quantity <= free else {
                throw OrdersError(
                    .quantityTooLarge,
                    "line \(part.line) has \(free) units that have not left, not \(part.quantity)",
                    field: "lines[\(index)].quantity")
            }
        }
        let wanted = asked.isEmpty ? everythingCancellable : asked
        guard !wanted.isEmpty else {
            throw OrdersError(.illegalTransition, "nothing is left to cancel: it has been shipped")
        }
        let id: Identifier<CancellationTag> = decision.newID()
        let opened = Cancellation(
            id: id, cause: cause, lines: wanted, at: decision.now, state: .accepted, note: note)
        return [.cancellationOpened(CancellationOpened(cancellation: opened))]
            + cancellationEvents(of: wanted, cause: cause, note: note, decision, id: id)
    }

    private var everythingCancellable: [LineQuantity] {
        lines.compactMap { line in
            let free = line.quantity { $0.bucket.isCancellable }
            return free.isZero ? nil : LineQuantity(line: line.number, quantity: free)
        }
    }

    private func cancellable(_ part: LineQuantity) -> LineQuantity? {
        let free = line(part.line)?.quantity { $0.bucket.isCancellable } ?? .zero
        let quantity = min(free, part.quantity)
        return quantity.isZero ? nil : LineQuantity(line: part.line, quantity: quantity)
    }

    /// Takes units out, least advanced first; one event per fulfilment order, so that each can be
    /// followed by its own key.
    func cancellationEvents(
        of parts: [LineQuantity], cause: OrderUnitsCancelled.Cause, note: String,
        _ decision: Decision, id: Identifier<CancellationTag>? = nil
    ) -> [OrderEvent] {
        let taken = parts.flatMap(unitsToCancel)
        guard !taken.isEmpty else { return [] }
        let cancellation = id ?? decision.newID()
        let groups = Dictionary(grouping: taken) { $0.fulfilmentOrder?.rawValue ?? "" }
        var events: [OrderEvent] = []
        for (_, units) in groups.sorted(by: { $0.key < $1.key }) {
            let before = after(events, decision)
            func fact(_ needs: [StockNeed]) -> OrderEvent {
                .unitsCancelled(
                    OrderUnitsCancelled(
                        order: self.id, connection: connection, reference: reference,
                        cancellation: cancellation, cause: cause, lines: units, needs: needs,
                        revision: before.nextRevision))
            }
            events.append(fact(before.after([fact([])], decision).stockNeeds))
        }
        if cause != .channel {
            let sums = Dictionary(grouping: taken, by: \.line).map { line, units in
                LineQuantity(line: line, quantity: units.map(\.quantity).total())
            }
            events.append(
                .cancellationOwed(
                    CancellationOwed(
                        order: self.id, connection: connection, reference: reference,
                        cancellation: cancellation, cause: cause,
                        lines: sums.sorted { $0.line.rawValue < $1.line.rawValue },
                        dueAt: shipBy)))
        }
        return events + ending(after: events, note, decision)
    }

    private func unitsToCancel(_ part: LineQuantity) -> [CancelledUnits] {
        guard let line = line(part.line) else { return [] }
        var left = part.quantity
        var taken: [CancelledUnits] = []
        for bucket in Bucket.cancellable {
            // The last held is given up first.
            for group in line.units.reversed() where group.bucket == bucket && !left.isZero {
                let quantity = min(group.quantity, left)
                left = left.without(quantity)
                taken.append(
                    CancelledUnits(
                        line: line.number, sku: line.sku, quantity: quantity,
                        facility: group.facility, fulfilmentOrder: group.fulfilmentOrder))
            }
        }
        return taken
    }

    /// Whether the order ends with these: nothing left to do means cancelled or completed.
    private func ending(
        after events: [OrderEvent], _ note: String, _ decision: Decision
    ) -> [OrderEvent] {
        let next = after(events, decision)
        guard !next.status.isTerminal, next.status != .quarantined || next.isWhollyCancelled,
            next.lines.allSatisfy({ $0.units.allSatisfy(\.bucket.isSettled) })
        else { return [] }
        let status: OrderStatus = next.isWhollyCancelled ? .cancelled : .completed
        return [.ended(OrderEnded(status: status, reason: note))]
    }

    private var isWhollyCancelled: Bool {
        lines.allSatisfy { $0.quantity(in: .cancelled) == $0.ordered }
    }
}
