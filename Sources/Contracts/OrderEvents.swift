package import Kernel

/// An order may be fulfilled: its lines are known and nothing speaks against it.
package struct OrderAccepted: EventPayload {
    package static let type: EventType = "orders.accepted.1"
    package let order: OrderID
    package let connection: ConnectionID
    package let reference: ChannelReference
    package let lines: [StockLine]
    package let destination: ObservedOrder.Destination
    /// See ``StockNeed``.
    package let revision: Int?

    package init(
        order: OrderID, connection: ConnectionID, reference: ChannelReference,
        lines: [StockLine], destination: ObservedOrder.Destination, revision: Int?
    ) {
        self.order = order
        self.connection = connection
        self.reference = reference
        self.lines = lines
        self.destination = destination
        self.revision = revision
    }
}

/// An order cannot be taken as it is; its known lines stay softly reserved.
package struct OrderQuarantined: EventPayload {
    package enum Reason: String, Codable, Sendable {
        case unmappedSKU, totalsDisagree, addressMissing, partlyShippedElsewhere
    }

    package static let type: EventType = "orders.quarantined.1"
    package let order: OrderID
    package let connection: ConnectionID
    package let reference: ChannelReference
    package let reasons: [Reason]
    package let unmapped: [ChannelSKU]
    package let mapped: [StockLine]

    package init(
        order: OrderID, connection: ConnectionID, reference: ChannelReference,
        reasons: [Reason], unmapped: [ChannelSKU], mapped: [StockLine]
    ) {
        self.order = order
        self.connection = connection
        self.reference = reference
        self.reasons = reasons
        self.unmapped = unmapped
        self.mapped = mapped
    }
}

/// Units of an order that will not be shipped. What they held of stock is free again.
package struct OrderUnitsCancelled: EventPayload {
    package enum Cause: String, Codable, Sendable {
        /// The channel said so: nothing is owed to it.
        case channel
        /// The buyer asked and we agreed, or we decided: the channel has to be told.
        case customer, outOfStock, operatorDecision
    }

    package static let type: EventType = "orders.unitsCancelled.1"
    package let order: OrderID
    package let connection: ConnectionID
    package let reference: ChannelReference
    package let cancellation: Identifier<CancellationTag>
    package let cause: Cause
    package let lines: [CancelledUnits]
    package let needs: [StockNeed]?
    package let revision: Int?

    package init(
        order: OrderID, connection: ConnectionID, reference: ChannelReference,
        cancellation: Identifier<CancellationTag>, cause: Cause, lines: [CancelledUnits],
        needs: [StockNeed]?, revision: Int?
    ) {
        self.order = order
        self.connection = connection
        self.reference = reference
        self.cancellation = cancellation
        self.cause = cause
        self.lines = lines
        self.needs = needs
        self.revision = revision
    }
}

/// What an order needs of Inventory, whole, after a change: so that neither side has to add up what
/// the other may have done meanwhile.
///
/// Each change that frees or uses stock has a revision, one more than the last. Inventory answers
/// with the revision it knew; an answer to an older one is dropped, since a newer will come.
package struct StockNeed: Codable, Hashable, Sendable {
    package let line: LineNumber
    package let sku: SKU
    /// Units without a place yet.
    package let waiting: Quantity
    /// Units at facilities that have not left.
    package let placed: [Allocation]

    package init(line: LineNumber, sku: SKU, waiting: Quantity, placed: [Allocation]) {
        self.line = line
        self.sku = sku
        self.waiting = waiting
        self.placed = placed
    }
}

/// We cancelled units, and the channel has to be told.
package struct CancellationOwed: EventPayload {
    package static let type: EventType = "orders.cancellationOwed.1"
    package let order: OrderID
    package let connection: ConnectionID
    package let reference: ChannelReference
    package let cancellation: Identifier<CancellationTag>
    package let cause: OrderUnitsCancelled.Cause
    package let lines: [LineQuantity]
    package let dueAt: Instant?

    package init(
        order: OrderID, connection: ConnectionID, reference: ChannelReference,
        cancellation: Identifier<CancellationTag>, cause: OrderUnitsCancelled.Cause,
        lines: [LineQuantity], dueAt: Instant?
    ) {
        self.order = order
        self.connection = connection
        self.reference = reference
        self.cancellation = cancellation
        self.cause = cause
        self.lines = lines
        self.dueAt = dueAt
    }
}

/// Cancelled units with what they held.
package struct CancelledUnits: Codable, Hashable, Sendable {
    package let line: LineNumber
    /// Unknown while the line is unmapped.
    package let sku: SKU?
    package let quantity: Quantity
    /// Where they were reserved; `nil` where they were not.
    package let facility: FacilityID?
    package let fulfilmentOrder: FulfilmentOrderID?

    package init(
        line: LineNumber, sku: SKU?, quantity: Quantity, facility: FacilityID?,
        fulfilmentOrder: FulfilmentOrderID?
    ) {
        self.line = line
        self.sku = sku
        self.quantity = quantity
        self.facility = facility
        self.fulfilmentOrder = fulfilmentOrder
    }
}

/// A facility is asked to fulfil some units of an order.
package struct FulfilmentRequested: EventPayload {
    package static let type: EventType = "orders.fulfilmentRequested.1"
    package let fulfilmentOrder: FulfilmentOrderID
    package let order: OrderID
    package let facility: FacilityID
    package let lines: [StockLine]
    package let shipBy: Instant?

    package init(
        fulfilmentOrder: FulfilmentOrderID, order: OrderID, facility: FacilityID,
        lines: [StockLine], shipBy: Instant?
    ) {
        self.fulfilmentOrder = fulfilmentOrder
        self.order = order
        self.facility = facility
        self.lines = lines
        self.shipBy = shipBy
    }
}

/// The facility may start.
package struct FulfilmentReleased: EventPayload {
    package static let type: EventType = "orders.fulfilmentReleased.1"
    package let fulfilmentOrder: FulfilmentOrderID
    package let order: OrderID
    package let facility: FacilityID

    package init(fulfilmentOrder: FulfilmentOrderID, order: OrderID, facility: FacilityID) {
        self.fulfilmentOrder = fulfilmentOrder
        self.order = order
        self.facility = facility
    }
}

/// Some or all units of a fulfilment order are not wanted any more: stop, and put goods back.
package struct FulfilmentReduced: EventPayload {
    package static let type: EventType = "orders.fulfilmentReduced.1"
    package let fulfilmentOrder: FulfilmentOrderID
    package let order: OrderID
    package let facility: FacilityID
    package let lines: [StockLine]
    /// Nothing of it is left.
    package let isCancelled: Bool

    package init(
        fulfilmentOrder: FulfilmentOrderID, order: OrderID, facility: FacilityID,
        lines: [StockLine], isCancelled: Bool
    ) {
        self.fulfilmentOrder = fulfilmentOrder
        self.order = order
        self.facility = facility
        self.lines = lines
        self.isCancelled = isCancelled
    }
}

/// Units a facility was asked for and could not find: it holds them no more.
package struct UnitsReturned: EventPayload {
    package static let type: EventType = "orders.unitsReturned.1"
    package let order: OrderID
    package let fulfilmentOrder: FulfilmentOrderID
    package let facility: FacilityID
    package let lines: [StockLine]
    /// Too many facilities could not find them: nobody is asked any more, a person decides.
    package let isGivenUp: Bool
    package let needs: [StockNeed]
    package let revision: Int

    package init(
        order: OrderID, fulfilmentOrder: FulfilmentOrderID, facility: FacilityID,
        lines: [StockLine], isGivenUp: Bool, needs: [StockNeed], revision: Int
    ) {
        self.order = order
        self.fulfilmentOrder = fulfilmentOrder
        self.facility = facility
        self.lines = lines
        self.isGivenUp = isGivenUp
        self.needs = needs
        self.revision = revision
    }
}

/// A parcel left a facility. From here on a cancellation is only an observation.
package struct ParcelDispatched: EventPayload {
    package static let type: EventType = "orders.parcelDispatched.1"
    package let order: OrderID
    package let connection: ConnectionID
    package let reference: ChannelReference
    package let fulfilmentOrder: FulfilmentOrderID
    package let parcel: ParcelID
    package let facility: FacilityID
    package let lines: [StockLine]
    package let carrier: String
    package let trackingNumber: String
    package let shippedAt: Instant
    package private(set) var revision: Int?

    package init(
        order: OrderID, connection: ConnectionID, reference: ChannelReference,
        fulfilmentOrder: FulfilmentOrderID, parcel: ParcelID, facility: FacilityID,
        lines: [StockLine], carrier: String, trackingNumber: String, shippedAt: Instant,
        revision: Int? = nil
    ) {
        self.revision = revision
        self.order = order
        self.connection = connection
        self.reference = reference
        self.fulfilmentOrder = fulfilmentOrder
        self.parcel = parcel
        self.facility = facility
        self.lines = lines
        self.carrier = carrier
        self.trackingNumber = trackingNumber
        self.shippedAt = shippedAt
    }

    /// The same with the order's revision; see ``StockNeed``.
    package func numbered(_ revision: Int) -> ParcelDispatched {
        var fact = self
        fact.revision = revision
        return fact
    }
}
