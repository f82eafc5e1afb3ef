package import Contracts
package import Kernel

/// First sight of an order.
package struct OrderReceived: EventPayload {
    package static let type: EventType = "orders.received.1"
    package let order: OrderID
    package let observed: OrderObserved
    package let mappings: [Mapping]

    package struct Mapping: Codable, Hashable, Sendable {
        package let channelSKU: ChannelSKU
        package let sku: SKU
    }
}

/// The channel fulfilled it itself, or it had left before we saw it: kept for the figures.
package struct OrderRecorded: EventPayload {
    package static let type: EventType = "orders.recorded.1"
    package let reason: String
}

package struct OrderLinesMapped: EventPayload {
    package static let type: EventType = "orders.linesMapped.1"
    package let mappings: [OrderReceived.Mapping]
}

package struct OrderOpened: EventPayload {
    package static let type: EventType = "orders.opened.1"
    package let promisedBy: Instant?
}

package struct UnitsReserved: EventPayload {
    package static let type: EventType = "orders.unitsReserved.1"
    package let allocations: [Allocation]
}

package struct UnitsBackordered: EventPayload {
    package static let type: EventType = "orders.unitsBackordered.1"
    package let lines: [LineQuantity]
}

/// Units were given to a facility as a fulfilment order.
package struct UnitsSourced: EventPayload {
    package static let type: EventType = "orders.unitsSourced.1"
    package let order: OrderID
    package let fulfilmentOrder: FulfilmentOrderID
    package let facility: FacilityID
    package let lines: [StockLine]
    package let shipBy: Instant?
}

/// All units of a fulfilment order moved on, or back, together.
package struct UnitsMoved: EventPayload {
    package static let type: EventType = "orders.unitsMoved.1"
    package let fulfilmentOrder: FulfilmentOrderID
    package let bucket: Bucket
}

package struct UnitsDelivered: EventPayload {
    package static let type: EventType = "orders.unitsDelivered.1"
    /// No carrier said so: a set time passed.
    package let isAssumed: Bool
}

package struct OrderEnded: EventPayload {
    package static let type: EventType = "orders.ended.1"
    package let status: OrderStatus
    package let reason: String
}

package struct ObligationArose: EventPayload {
    package static let type: EventType = "orders.obligationArose.1"
    package let kind: ObligationKind
    package let subject: String
    package let dueAt: Instant?
}

package struct ObligationSettled: EventPayload {
    package static let type: EventType = "orders.obligationSettled.1"
    package let kind: ObligationKind
    package let subject: String
    package let isRefused: Bool
    package let fault: RecordedFault?
}

/// Nobody tries any more to do what is owed, and whether it happened is not known.
package struct ObligationUnknown: EventPayload {
    package static let type: EventType = "orders.obligationUnknown.1"
    package let kind: ObligationKind
    package let subject: String
    package let fault: RecordedFault?
}

package struct CancellationOpened: EventPayload {
    package static let type: EventType = "orders.cancellationOpened.1"
    package let cancellation: Cancellation
}

package struct CancellationAnswered: EventPayload {
    package static let type: EventType = "orders.cancellationAnswered.1"
    package let cancellation: Identifier<CancellationTag>
    package let isAccepted: Bool
    package let note: String
}

package struct HoldPlaced: EventPayload {
    package static let type: EventType = "orders.holdPlaced.1"
    package let hold: Hold
}

package struct HoldLifted: EventPayload {
    package static let type: EventType = "orders.holdLifted.1"
    package let hold: Identifier<HoldTag>
    package let note: String
}

package struct ContactChanged: EventPayload {
    package static let type: EventType = "orders.contactChanged.1"
    package let contact: ContactID
    package let destination: ObservedOrder.Destination
    package let observedVersion: Instant
}

package struct DeadlineMoved: EventPayload {
    package static let type: EventType = "orders.deadlineMoved.1"
    package let kind: DeadlineKind
    package let at: Instant
    package let observedVersion: Instant
}

/// A newer sight showed what was known: what an older one says of it no longer counts.
package struct SightConfirmed: EventPayload {
    package static let type: EventType = "orders.sightConfirmed.1"
    package let observedVersion: Instant
    /// Whether it showed the address that is known.
    package let contact: Bool
    /// Deadlines it showed as they are known.
    package let deadlines: [DeadlineKind]
}

/// A deadline came near, or passed, with its work undone.
package struct DeadlineReached: EventPayload {
    package static let type: EventType = "orders.deadlineReached.1"
    package let kind: DeadlineKind
    package let at: Instant
    package let state: DeadlineState
}

/// A person has dealt with everything that was noted as trouble.
package struct TroublesResolved: EventPayload {
    package static let type: EventType = "orders.troublesResolved.1"
    package let note: String
}

package struct TroubleNoted: EventPayload {
    package static let type: EventType = "orders.troubleNoted.1"
    package let trouble: Trouble
}
