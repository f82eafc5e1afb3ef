import Contracts
package import Kernel
import Storage

extension Order {
    package static func apply(_ event: OrderEvent, to state: Order?, at instant: Instant) throws
        -> Order
    {
        if case .received(let fact) = event {
            guard state == nil else {
                throw OrdersError(.illegalTransition, "an order is received once")
            }
            return Order(fact, at: instant)
        }
        guard var order = state else {
            throw OrdersError(.unknownOrder, "no order to apply \(event.payload) to")
        }
        order.apply(event, at: instant)
        return order
    }

    private init(_ fact: OrderReceived, at instant: Instant) {
        let seen = fact.observed
        let skus = Dictionary(fact.mappings.map { ($0.channelSKU, $0.sku) }) { first, _ in first }
        self.init(
            id: fact.order, connection: seen.connection, channel: seen.channel,
            reference: seen.order.reference, customerReference: seen.order.customerReference,
            placedAt: seen.order.placedAt, receivedAt: instant, status: .received,
            statusSince: instant, contact: seen.contact, destination: seen.order.destination,
            shipBy: seen.order.shipBy, deliverBy: seen.order.deliverBy,
            acknowledgeBy: seen.order.acknowledgeBy, releaseAfter: seen.order.releaseAfter,
            autoCancelAt: seen.order.autoCancelAt,
            observedVersion: seen.observedVersion, firstVersion: seen.observedVersion,
            lines: seen.order.lines.map { line in
                OrderLine(
                    number: line.number, channelSKU: line.channelSKU, sku: skus[line.channelSKU],
                    title: line.title, ordered: line.ordered, total: line.total)
            })
    }

    private mutating func apply(_ event: OrderEvent, at instant: Instant) {
        switch event {
        case .received: break
        case .recorded(let fact): end(.closed, fact.reason, instant)
        case .accepted: enter(.accepted, instant)
        case .quarantined(let fact):
            quarantine = fact.reasons
            enter(.quarantined, instant)
        case .linesMapped(let fact): map(fact.mappings)
        case .opened: enter(.open, instant)
        case .ended(let fact): end(fact.status, fact.reason, instant)
        case .contactChanged(let fact):
            keepVersions()
            contact = fact.contact
            destination = fact.destination
            contactVersion = fact.observedVersion
            observedVersion = max(observedVersion, fact.observedVersion)
        case .sightConfirmed(let fact): confirm(fact)
        case .deadlineMoved(let fact): move(fact)
        case .deadlineReached(let fact):
            deadlineStates = (deadlineStates ?? [:]).merging([fact.kind: fact.state]) { $1 }
        case .troubleNoted(let fact): troubles.append(fact.trouble)
        case .troublesResolved(let fact): resolve(fact.note)
        case .holdPlaced(let fact): holds.append(fact.hold)
        case .holdLifted(let fact): holds.removeAll { $0.id == fact.hold }
        case .obligationArose, .obligationSettled, .obligationUnknown, .cancellationOwed,
            .cancellationOpened,
            .cancellationAnswered:
            applyToChannel(event, at: instant)
        case .unitsReserved, .unitsBackordered, .unitsSourced, .unitsMoved, .unitsReturned,
            .parcelDispatched, .unitsDelivered, .unitsCancelled:
            applyToUnits(event)
        }
    }

    private mutating func enter(_ next: OrderStatus, _ instant: Instant) {
        if next == .accepted { quarantine = [] }
        status = next
        statusSince = instant
    }

    private mutating func end(_ next: OrderStatus, _ reason: String, _ instant: Instant) {
        enter(next, instant)
        endReason = reason
    }

    private mutating func map(_ mappings: [OrderReceived.Mapping]) {
        for mapping in mappings {
            for index in lines.indices where lines[index].channelSKU == mapping.channelSKU {
                lines[index].sku = mapping.sku
            }
        }
    }

    /// An order from before versions of facts were kept has one for all of them, as long as that is the
    /// one they were taken from.
    private mutating func keepVersions() {
        guard firstVersion == nil, deadlineVersions == nil else { return }
        contactVersion = observedVersion
        deadlineVersions = Dictionary(
            uniqueKeysWithValues: DeadlineKind.allCases.map { ($0, observedVersion) })
    }

    private mutating func confirm(_ fact: SightConfirmed) {
        keepVersions()
        observedVersion = max(observedVersion, fact.observedVersion)
        if fact.contact { contactVersion = fact.observedVersion }
        guard !fact.deadlines.isEmpty else { return }
        let confirmed = fact.deadlines.map { ($0, fact.observedVersion) }
        deadlineVersions = (deadlineVersions ?? [:]).merging(confirmed) { $1 }
    }

    private mutating func move(_ fact: DeadlineMoved) {
        keepVersions()
        observedVersion = max(observedVersion, fact.observedVersion)
        deadlineVersions = (deadlineVersions ?? [:]).merging([fact.kind: fact.observedVersion]) {
            $1
        }
        deadlineStates?[fact.kind] = nil
        switch fact.kind {
        case .acknowledgeBy: acknowledgeBy = fact.at
        case .releaseAfter: releaseAfter = fact.at
        case .shipBy: shipBy = fact.at
        case .autoCancelAt: autoCancelAt = fact.at
        case .deliverBy: deliverBy = fact.at
        }
    }

    private mutating func resolve(_ note: String) {
        for index in troubles.indices where troubles[index].resolution == nil {
            troubles[index].resolution = note
        }
        for index in obligations.indices where isFailed(obligations[index]) {
            obligations[index].resolution = note
        }
    }

    private mutating func applyToChannel(_ event: OrderEvent, at instant: Instant) {
        switch event {
        case .obligationArose(let fact):
            obligations.append(
                Obligation(
                    kind: fact.kind, subject: fact.subject, dueAt: fact.dueAt, since: instant,
                    state: .due))
        case .cancellationOwed(let fact):
            obligations.append(
                Obligation(
                    kind: .cancel, subject: fact.cancellation.rawValue, dueAt: fact.dueAt,
                    since: instant, state: .due))
        case .obligationSettled(let fact):
            change(fact.kind, fact.subject) { obligation in
                obligation.state = fact.isRefused ? .refused : .acknowledged
                obligation.resolution = nil
                obligation.fault = fact.fault
                obligation.answeredAt = instant
            }
            for index in cancellations.indices
            where cancellations[index].id.rawValue == fact.subject {
                cancellations[index].state = fact.isRefused ? .refused : .acknowledged
            }
        case .obligationUnknown(let fact):
            change(fact.kind, fact.subject) { obligation in
                obligation.state = .unknown
                // What a person said of an earlier failure says nothing of this one.
                obligation.resolution = nil
                obligation.fault = fact.fault
            }
        case .cancellationOpened(let fact): cancellations.append(fact.cancellation)
        case .cancellationAnswered(let fact):
            for index in cancellations.indices where cancellations[index].id == fact.cancellation {
                cancellations[index].state = fact.isAccepted ? .accepted : .declined
                cancellations[index].note = fact.note
            }
        default: break
        }
    }

    private mutating func change(
        _ kind: ObligationKind, _ subject: String, _ body: (inout Obligation) -> Void
    ) {
        for index in obligations.indices
        where obligations[index].kind == kind && obligations[index].subject == subject {
            body(&obligations[index])
        }
    }
}

extension Order {
    fileprivate mutating func applyToUnits(_ event: OrderEvent) {
        switch event {
        case .unitsReserved(let fact): reserve(fact.allocations)
        case .unitsBackordered(let fact):
            for part in fact.lines {
                change(part.line, part.quantity, from: { $0.bucket == .pending }) {
                    $0.moved(to: .backordered)
                }
            }
        case .unitsSourced(let fact): source(fact)
        case .unitsMoved(let fact):
            for index in lines.indices {
                lines[index].move(
                    lines[index].ordered,
                    where: {
                        $0.fulfilmentOrder == fact.fulfilmentOrder && $0.bucket.isCancellable
                    }, into: { $0.moved(to: fact.bucket) })
            }
        case .unitsReturned(let fact):
            stockRevision = fact.revision
            hops = (hops ?? 0) + 1
            takeBack(
                fact.lines, from: fact.fulfilmentOrder,
                into: fact.isGivenUp ? .unfillable : .pending)
        case .parcelDispatched(let fact):
            stockRevision = fact.revision ?? stockRevision
            for part in fact.lines {
                change(
                    part.line, part.quantity,
                    from: { $0.fulfilmentOrder == fact.fulfilmentOrder && $0.bucket.isCancellable },
                    into: { $0.moved(to: .shipped) })
            }
        case .unitsDelivered:
            for index in lines.indices {
                lines[index].move(
                    lines[index].ordered, where: { $0.bucket == .shipped },
                    into: { $0.moved(to: .delivered) })
            }
        case .unitsCancelled(let fact):
            stockRevision = fact.revision ?? stockRevision
            cancel(fact)
        default: break
        }
    }

    private mutating func takeBack(
        _ lines: [StockLine], from work: FulfilmentOrderID, into bucket: Bucket
    ) {
        for part in lines {
            change(
                part.line, part.quantity,
                from: { $0.fulfilmentOrder == work && $0.bucket.isCancellable },
                into: {
                    UnitGroup(
                        bucket: bucket, facility: nil, fulfilmentOrder: nil,
                        quantity: $0.quantity)
                })
        }
    }

    private mutating func reserve(_ allocations: [Allocation]) {
        for part in allocations {
            change(
                part.line, part.quantity,
                from: { $0.bucket == .pending || $0.bucket == .backordered },
                into: {
                    UnitGroup(
                        bucket: .reserved, facility: part.facility, fulfilmentOrder: nil,
                        quantity: $0.quantity)
                })
        }
    }

    private mutating func source(_ fact: UnitsSourced) {
        for part in fact.lines {
            change(
                part.line, part.quantity,
                from: { $0.bucket == .reserved && $0.facility == fact.facility },
                into: {
                    UnitGroup(
                        bucket: .sourced, facility: fact.facility,
                        fulfilmentOrder: fact.fulfilmentOrder, quantity: $0.quantity)
                })
        }
    }

    private mutating func cancel(_ fact: OrderUnitsCancelled) {
        for part in fact.lines {
            change(
                part.line, part.quantity,
                from: {
                    $0.bucket.isCancellable && $0.facility == part.facility
                        && $0.fulfilmentOrder == part.fulfilmentOrder
                },
                into: {
                    UnitGroup(
                        bucket: .cancelled, facility: nil, fulfilmentOrder: nil,
                        quantity: $0.quantity)
                })
        }
    }

    private mutating func change(
        _ number: LineNumber, _ quantity: Quantity, from matches: (UnitGroup) -> Bool,
        into target: (UnitGroup) -> UnitGroup
    ) {
        guard let index = lines.firstIndex(where: { $0.number == number }) else { return }
        lines[index].move(quantity, where: matches, into: target)
    }
}
