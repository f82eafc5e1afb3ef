package import Kernel

/// A channel's order as it was seen at one moment, without personal data.
package struct ObservedOrder: Codable, Hashable, Sendable {
    package struct Line: Codable, Hashable, Sendable {
        package let number: LineNumber
        package let channelSKU: ChannelSKU
        package let title: String
        package let ordered: Quantity
        package let unitPrice: Money
        package let total: Money
        /// What the channel has cancelled so far.
        package let cancelled: Quantity
        /// What the channel calls shipped so far.
        package let shipped: Quantity

        package init(
            number: LineNumber, channelSKU: ChannelSKU, title: String, ordered: Quantity,
            unitPrice: Money, total: Money, cancelled: Quantity, shipped: Quantity
        ) {
            self.number = number
            self.channelSKU = channelSKU
            self.title = title
            self.ordered = ordered
            self.unitPrice = unitPrice
            self.total = total
            self.cancelled = cancelled
            self.shipped = shipped
        }
    }

    /// As exact as sourcing needs and no more.
    package struct Destination: Codable, Hashable, Sendable {
        package let country: String
        package let region: String
        package let postalArea: String

        package init(country: String, region: String, postalArea: String) {
            self.country = country
            self.region = region
            self.postalArea = postalArea
        }
    }

    package let reference: ChannelReference
    package let customerReference: String
    package let placedAt: Instant
    package let shipBy: Instant?
    package let deliverBy: Instant?
    /// When the channel wants to hear that the order was taken; `nil` where it sets no time.
    package let acknowledgeBy: Instant?
    /// Not to be released before; `nil` for at once.
    package let releaseAfter: Instant?
    /// When the channel cancels by itself what has not left.
    package let autoCancelAt: Instant?
    /// The channel ships it itself: kept for the figures only.
    package let isFulfilledByChannel: Bool
    package let destination: Destination
    package let lines: [Line]

    package init(
        reference: ChannelReference, customerReference: String, placedAt: Instant,
        shipBy: Instant?, deliverBy: Instant?, acknowledgeBy: Instant? = nil,
        releaseAfter: Instant? = nil, autoCancelAt: Instant? = nil, isFulfilledByChannel: Bool,
        destination: Destination, lines: [Line]
    ) {
        self.reference = reference
        self.customerReference = customerReference
        self.placedAt = placedAt
        self.shipBy = shipBy
        self.deliverBy = deliverBy
        self.acknowledgeBy = acknowledgeBy
        self.releaseAfter = releaseAfter
        self.autoCancelAt = autoCancelAt
        self.isFulfilledByChannel = isFulfilledByChannel
        self.destination = destination
        self.lines = lines
    }
}

/// A connector read an order on its channel.
package struct OrderObserved: EventPayload {
    package static let type: EventType = "channels.orderObserved.1"
    package let connection: ConnectionID
    package let channel: String
    /// The raw answer it was read from.
    package let inbox: Identifier<InboxTag>
    /// When the channel last changed it, by the channel's own clock.
    package let observedVersion: Instant
    package let contact: ContactID?
    package let order: ObservedOrder

    package init(
        connection: ConnectionID, channel: String, inbox: Identifier<InboxTag>,
        observedVersion: Instant, contact: ContactID?, order: ObservedOrder
    ) {
        self.connection = connection
        self.channel = channel
        self.inbox = inbox
        self.observedVersion = observedVersion
        self.contact = contact
        self.order = order
    }
}

/// A buyer asks for lines to be cancelled; the answer is ours.
package struct CancellationAsked: EventPayload {
    package static let type: EventType = "channels.cancellationAsked.1"
    package let connection: ConnectionID
    package let reference: ChannelReference
    package let inbox: Identifier<InboxTag>
    package let lines: [LineQuantity]

    package init(
        connection: ConnectionID, reference: ChannelReference, inbox: Identifier<InboxTag>,
        lines: [LineQuantity]
    ) {
        self.connection = connection
        self.reference = reference
        self.inbox = inbox
        self.lines = lines
    }
}

/// What an order owes its channel.
package enum ObligationKind: String, Codable, Sendable, CaseIterable {
    case acknowledge, confirm, cancel
}

/// How a channel took what was owed to it.
package struct ObligationAnswered: EventPayload {
    package enum Answer: String, Codable, Sendable {
        case acknowledged, refused
        /// We stopped trying; whether it happened is not known. A later answer still counts.
        case unknown
    }

    package static let type: EventType = "channels.obligationAnswered.1"
    package let order: OrderID
    package let kind: ObligationKind
    /// The parcel or cancellation it was about; the order for an acknowledgement.
    package let subject: String
    package let answer: Answer
    package let fault: RecordedFault?

    package init(
        order: OrderID, kind: ObligationKind, subject: String, answer: Answer,
        fault: RecordedFault?
    ) {
        self.order = order
        self.kind = kind
        self.subject = subject
        self.answer = answer
        self.fault = fault
    }
}

/// Some units of one line.
package struct LineQuantity: Codable, Hashable, Sendable {
    package let line: LineNumber
    package let quantity: Quantity

    package init(line: LineNumber, quantity: Quantity) {
        self.line = line
        self.quantity = quantity
    }
}

/// Some units of one line, as the stock they are.
package struct StockLine: Codable, Hashable, Sendable {
    package let line: LineNumber
    package let sku: SKU
    package let quantity: Quantity

    package init(line: LineNumber, sku: SKU, quantity: Quantity) {
        self.line = line
        self.sku = sku
        self.quantity = quantity
    }
}
