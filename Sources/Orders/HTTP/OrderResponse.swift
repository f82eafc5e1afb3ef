package import Contracts
package import Kernel
package import Storage

/// An order as the API shows it. Personal data stays behind the contact's own route.
package struct OrderResponse: Codable, Sendable {
    package struct Line: Codable, Sendable {
        package struct Units: Codable, Sendable {
            package let bucket: String
            package let quantity: Quantity
            package let facility: FacilityID?
            package let fulfilmentOrder: FulfilmentOrderID?
        }

        package let number: LineNumber
        package let channelSKU: ChannelSKU
        package let sku: SKU?
        package let title: String
        package let ordered: Quantity
        package let total: Money
        package let units: [Units]
    }

    package let id: OrderID
    package let connection: ConnectionID
    package let channel: String
    package let reference: ChannelReference
    package let customerReference: String
    package let status: String
    package let statusSince: Instant
    package let stage: String
    package let placedAt: Instant
    package let receivedAt: Instant
    package let shipBy: Instant?
    package let deliverBy: Instant?
    package let deadlines: [Deadline]
    package let contact: ContactID?
    package let destination: ObservedOrder.Destination
    package let lines: [Line]
    package let outlook: OrderOutlook
    package let holds: [Hold]
    package let obligations: [Obligation]
    package let cancellations: [Cancellation]
    package let troubles: [Trouble]
    package let allowedActions: [String]
    package let endReason: String?

    package init(_ order: Order, at now: Instant) {
        id = order.id
        connection = order.connection
        channel = order.channel
        reference = order.reference
        customerReference = order.customerReference
        status = order.status.rawValue
        statusSince = order.statusSince
        stage = order.stage.rawValue
        placedAt = order.placedAt
        receivedAt = order.receivedAt
        shipBy = order.shipBy
        deliverBy = order.deliverBy
        deadlines = order.deadlines
        contact = order.contact
        destination = order.destination
        lines = order.lines.map(Line.init)
        outlook = OrderOutlook(order, at: now)
        holds = order.holds
        obligations = order.obligations
        cancellations = order.cancellations
        troubles = order.troubles
        allowedActions = OrderLifecycle.machine.commands(in: order.status).map(\.rawValue).sorted()
        endReason = order.endReason
    }
}

extension OrderResponse.Line {
    init(_ line: OrderLine) {
        self.init(
            number: line.number, channelSKU: line.channelSKU, sku: line.sku, title: line.title,
            ordered: line.ordered, total: line.total,
            units: line.units.map {
                Units(
                    bucket: $0.bucket.rawValue, quantity: $0.quantity, facility: $0.facility,
                    fulfilmentOrder: $0.fulfilmentOrder)
            })
    }
}

/// An order with its work, whole.
package struct OrderDetailResponse: Codable, Sendable {
    package struct Work: Codable, Sendable {
        package let id: FulfilmentOrderID
        package let facility: FacilityID
        package let state: String
        package let since: Instant
        package let lines: [StockLine]
        package let parcels: [Parcel]
        package let allowedActions: [String]
    }

    package let order: OrderResponse
    package let fulfilmentOrders: [Work]

    init(_ view: OrderView, at now: Instant) {
        order = OrderResponse(view.order, at: now)
        fulfilmentOrders = view.fulfilmentOrders.map { work in
            Work(
                id: work.id, facility: work.facility, state: work.state.rawValue,
                since: work.since, lines: work.lines, parcels: work.parcels,
                allowedActions: FulfilmentLifecycle.machine.commands(in: work.state)
                    .map(\.rawValue).sorted())
        }
    }
}

/// One thing that happened, with its cause.
package struct TimelineEntry: Codable, Sendable {
    package let position: String
    package let at: Instant
    package let type: String
    package let stream: String
    package let version: Int64
    package let actor: String
    package let cause: String?
    package let correlation: String
    package let data: JSONValue

    package init(_ envelope: Envelope) throws {
        position = envelope.position.description
        at = envelope.at
        type = envelope.type.rawValue
        stream = envelope.stream
        version = envelope.version
        actor = envelope.actor.description
        cause = envelope.cause
        correlation = envelope.correlation
        data = try BodyCoder.decode(JSONValue.self, from: envelope.data)
    }
}
