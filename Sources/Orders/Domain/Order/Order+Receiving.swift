import Contracts
import Kernel
import Storage

extension Order {
    /// First sight: take it in, then accept, quarantine or only record it.
    static func receiving(
        _ seen: OrderObserved, _ mappings: [ChannelSKU: SKU], _ id: OrderID, _ decision: Decision
    ) -> [OrderEvent] {
        let wanted = Set(seen.order.lines.map(\.channelSKU))
        let known = mappings.filter { wanted.contains($0.key) }
            .map { OrderReceived.Mapping(channelSKU: $0.key, sku: $0.value) }
            .sorted { $0.channelSKU.rawValue < $1.channelSKU.rawValue }
        var events: [OrderEvent] = [
            .received(OrderReceived(order: id, observed: seen, mappings: known))
        ]
        guard let order = try? Order.apply(events[0], to: nil, at: decision.now) else {
            preconditionFailure("receiving makes an order")
        }
        if let reason = order.reasonOnlyToRecord(seen.order) {
            return events + [.recorded(OrderRecorded(reason: reason))]
        }
        events += order.channelCancellations(seen, decision)
        let current = order.after(Array(events.dropFirst()), decision)
        guard current.status == .received else { return events }
        return events + current.admitting(seen.order, decision)
    }

    private func reasonOnlyToRecord(_ seen: ObservedOrder) -> String? {
        if seen.isFulfilledByChannel { return "the channel ships it itself" }
        let left = seen.lines.map { $0.ordered.without($0.cancelled).without($0.shipped) }.total()
        let shipped = seen.lines.map(\.shipped).total()
        return left.isZero && !shipped.isZero ? "it had left before it was first seen" : nil
    }

    /// Accepts, or says why not.
    private func admitting(_ seen: ObservedOrder, _ decision: Decision) -> [OrderEvent] {
        var reasons: [OrderQuarantined.Reason] = []
        let unmapped = unmappedSKUs
        if !unmapped.isEmpty { reasons.append(.unmappedSKU) }
        if contact == nil { reasons.append(.addressMissing) }
        if seen.lines.contains(where: { $0.total.minorUnits < 0 }) {
            reasons.append(.totalsDisagree)
        }
        if seen.lines.contains(where: { !$0.shipped.isZero }) {
            reasons.append(.partlyShippedElsewhere)
        }
        guard reasons.isEmpty else {
            return [
                .quarantined(
                    OrderQuarantined(
                        order: id, connection: connection, reference: reference,
                        reasons: reasons, unmapped: unmapped, mapped: stockLines(lines)))
            ]
        }
        return accepting()
    }

    private var unmappedSKUs: [ChannelSKU] {
        let open = lines.filter { $0.sku == nil && $0.quantity(in: .cancelled) < $0.ordered }
        return Set(open.map(\.channelSKU)).sorted { $0.rawValue < $1.rawValue }
    }

    private func accepting() -> [OrderEvent] {
        [
            .accepted(
                OrderAccepted(
                    order: id, connection: connection, reference: reference,
                    lines: stockLines(lines), destination: destination,
                    revision: stockRevision)),
            .obligationArose(
                ObligationArose(kind: .acknowledge, subject: id.rawValue, dueAt: shipBy)),
        ]
    }

    /// What was missing is there: map the lines, and accept once nothing else is missing.
    func repairing(_ mappings: [ChannelSKU: SKU], _ decision: Decision) -> [OrderEvent] {
        guard status == .quarantined else { return [] }
        let found = lines.filter { $0.sku == nil }.compactMap { line in
            mappings[line.channelSKU].map {
                OrderReceived.Mapping(channelSKU: line.channelSKU, sku: $0)
            }
        }
        guard !found.isEmpty else { return [] }
        let mapped: [OrderEvent] = [.linesMapped(OrderLinesMapped(mappings: found))]
        return mapped + leavingQuarantine(after: mapped, decision)
    }

    /// Accepts a quarantined order once none of its reasons holds any more.
    private func leavingQuarantine(
        after events: [OrderEvent], _ decision: Decision
    ) -> [OrderEvent] {
        let next = after(events, decision)
        guard next.status == .quarantined else { return [] }
        let left = next.quarantine.filter { reason in
            switch reason {
            case .unmappedSKU: !next.unmappedSKUs.isEmpty
            case .addressMissing: next.contact == nil
            case .totalsDisagree, .partlyShippedElsewhere: true
            }
        }
        return left.isEmpty ? next.accepting() : []
    }

    func abandoning(_ note: String, _ decision: Decision) throws -> [OrderEvent] {
        guard OrderLifecycle.machine.allows(.abandon, in: status) else {
            throw OrdersError(
                .illegalTransition, "a \(status.rawValue) order cannot be abandoned")
        }
        guard !note.isEmpty else {
            throw OrdersError(.reasonMissing, "say why the order is abandoned", field: "note")
        }
        let ended: [OrderEvent] = cancellationEvents(
            of: lines.map { LineQuantity(line: $0.number, quantity: $0.ordered) },
            cause: .operatorDecision, note: note, decision
        ).filter { event in
            if case .ended = event { false } else { true }
        }
        return ended + [.ended(OrderEnded(status: .rejected, reason: note))]
    }

    /// A later sight: only what changed is said, and the same again says nothing.
    func observing(_ seen: OrderObserved, _ decision: Decision) -> [OrderEvent] {
        guard !status.isTerminal || status == .cancelled else { return [] }
        var events = channelCancellations(seen, decision)
        if status.isTerminal { return events }
        events += newerFacts(seen)
        // What an older sight shows was so once.
        if seen.observedVersion >= observedVersion { events += contentChanges(seen, decision) }
        events += leavingQuarantine(after: events, decision)
        let isReleaseMoved = events.contains {
            if case .deadlineMoved(let fact) = $0 { fact.kind == .releaseAfter } else { false }
        }
        // A release time moved into the past releases at once.
        return isReleaseMoved ? events + after(events, decision).sourcing(decision) : events
    }

    /// Address and deadlines, each where what is known of it comes from no newer sight; and what a
    /// newer one shows as it is known.
    private func newerFacts(_ seen: OrderObserved) -> [OrderEvent] {
        var events: [OrderEvent] = []
        let version = seen.observedVersion
        var confirmed: (contact: Bool, deadlines: [DeadlineKind]) = (false, [])
        if let found = seen.contact {
            let since = contact == nil ? nil : contactVersion ?? firstVersion ?? observedVersion
            if found == contact, seen.order.destination == destination {
                confirmed.contact = since.map { $0 < version } ?? false
            } else if since.map({ $0 <= version }) ?? true, quantity(in: .shipped).isZero {
                events.append(
                    .contactChanged(
                        ContactChanged(
                            contact: found, destination: seen.order.destination,
                            observedVersion: version)))
            }
        }
        for kind in DeadlineKind.allCases {
            guard let at = seen.order.deadline(kind) else { continue }
            let known = deadline(kind)
            let since = deadlineVersions?[kind] ?? firstVersion ?? observedVersion
            if at == known {
                if since < version { confirmed.deadlines.append(kind) }
            } else if known == nil || since <= version {
                events.append(
                    .deadlineMoved(DeadlineMoved(kind: kind, at: at, observedVersion: version)))
            }
        }
        let isNews = version > observedVersion && events.isEmpty
        guard isNews || confirmed.contact || !confirmed.deadlines.isEmpty else { return events }
        return events + [
            .sightConfirmed(
                SightConfirmed(
                    observedVersion: version, contact: confirmed.contact,
                    deadlines: confirmed.deadlines))
        ]
    }

    private func contentChanges(_ seen: OrderObserved, _ decision: Decision) -> [OrderEvent] {
        let known = Dictionary(lines.map { ($0.number, $0.ordered) }) { first, _ in first }
        let shown = Dictionary(seen.order.lines.map { ($0.number, $0.ordered) }) { first, _ in first
        }
        let subject = shown.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key)×\($0.value)" }.joined(separator: ",")
        guard known != shown,
            !troubles.contains(where: { $0.kind == .contentChanged && $0.subject == subject })
        else { return [] }
        let trouble = Trouble(
            kind: .contentChanged,
            detail: "the channel now shows other lines or quantities than were received",
            at: decision.now, moneyAtRisk: nil, subject: subject)
        return [.troubleNoted(TroubleNoted(trouble: trouble))]
    }
}

extension ObservedOrder {
    fileprivate func deadline(_ kind: DeadlineKind) -> Instant? {
        switch kind {
        case .acknowledgeBy: acknowledgeBy
        case .releaseAfter: releaseAfter
        case .shipBy: shipBy
        case .autoCancelAt: autoCancelAt
        case .deliverBy: deliverBy
        }
    }
}
