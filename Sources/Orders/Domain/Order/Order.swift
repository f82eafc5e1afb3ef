package import Contracts
package import Kernel
package import Storage

/// What a buyer bought on a channel, from first sight to the end of its story.
package struct Order: Aggregate {
    package static let collection = "orders"
    /// The same order cannot be imported twice.
    package static let byReference = Index<Order>.unique(
        "by_reference", Column("connection", \.connection),
        Column("reference", by: { $0.reference.rawValue }))
    package static let byStatus = Index<Order>(
        "by_status", Column("status", \.status), Column("placed_at", \.placedAt))
    package static let byPlacement = Index<Order>("by_placement", Column("placed_at", \.placedAt))
    package static let byStage = Index<Order>(
        "by_stage", Column("stage", by: { $0.stage.rawValue }), Column("placed_at", \.placedAt))
    package static let indexes = [byReference, byStatus, byPlacement, byStage]
    package static let isSearchable = true

    package let id: OrderID
    package let connection: ConnectionID
    package let channel: String
    package let reference: ChannelReference
    package let customerReference: String
    package let placedAt: Instant
    package let receivedAt: Instant
    package var status: OrderStatus
    /// When the present status began.
    package var statusSince: Instant
    package var contact: ContactID?
    package var destination: ObservedOrder.Destination
    package var shipBy: Instant?
    package var deliverBy: Instant?
    package var acknowledgeBy: Instant?
    package var releaseAfter: Instant?
    package var autoCancelAt: Instant?
    /// Deadlines that are at risk or breached; absent ones are on time.
    package var deadlineStates: [DeadlineKind: DeadlineState]?
    /// Of the newest sight.
    package var observedVersion: Instant
    /// Of the first sight; absent in orders from before it was kept.
    package var firstVersion: Instant?
    /// Of the newest sight that showed an address, where that is not the first.
    package var contactVersion: Instant?
    /// Of the newest sight that showed a deadline, where that is not the first.
    package var deadlineVersions: [DeadlineKind: Instant]?
    package var lines: [OrderLine]
    package var quarantine: [OrderQuarantined.Reason] = []
    package var holds: [Hold] = []
    package var obligations: [Obligation] = []
    package var cancellations: [Cancellation] = []
    package var troubles: [Trouble] = []
    package var endReason: String?
    /// How often units came back from a facility that could not find them.
    package var hops: Int?
    /// Counts what frees or uses stock; see ``StockNeed``.
    package var stockRevision: Int?

    /// Numbers of the order, and the channel SKUs it waits for.
    package var searchTokens: Set<String> {
        // The stroke ends a number, so that a whole one can be told from a beginning.
        var tokens: Set<String> = ["n:\(reference)/", "n:\(id)/"]
        if !customerReference.isEmpty { tokens.insert("n:\(customerReference)/") }
        guard status == .quarantined else { return tokens }
        for line in lines where line.sku == nil {
            tokens.insert(Self.unmappedToken(connection, line.channelSKU))
        }
        return tokens
    }

    package static func unmappedToken(_ connection: ConnectionID, _ sku: ChannelSKU) -> String {
        "u:\(connection)/\(sku.rawValue)/"
    }

    package var isReleaseBlocked: Bool { !holds.isEmpty }

    package func line(_ number: LineNumber) -> OrderLine? {
        lines.first { $0.number == number }
    }

    /// As orders were kept before each fact had the version it was taken from; the log makes those too.
    package var withoutVersions: Order {
        var order = self
        order.firstVersion = nil
        order.contactVersion = nil
        order.deadlineVersions = nil
        return order
    }

    package func quantity(in bucket: Bucket) -> Quantity {
        lines.map { $0.quantity(in: bucket) }.total()
    }

    /// Units of one fulfilment order that are still to leave, by line.
    package func waiting(for fulfilmentOrder: FulfilmentOrderID) -> [LineNumber: Quantity] {
        var waiting: [LineNumber: Quantity] = [:]
        for line in lines {
            let quantity = line.quantity {
                $0.fulfilmentOrder == fulfilmentOrder && $0.bucket.isCancellable
            }
            if !quantity.isZero { waiting[line.number] = quantity }
        }
        return waiting
    }
}

/// How far an order is, as one word a person filters by; computed, never decided by.
package enum OrderStage: String, Codable, Sendable, CaseIterable {
    /// Taken in; nothing promised yet.
    case received
    /// Handed to facilities, nothing left yet.
    case released
    /// Something left; the channel does not know all of it yet.
    case dispatched
    /// Done, and the channel knows.
    case confirmed
    /// Needs something that is not there: a mapping, stock, an answer, a lifted hold.
    case waiting
    /// Needs a person: something was refused or went wrong.
    case failed
}

extension Order {
    package var stage: OrderStage {
        if obligations.contains(where: isFailed)
            || troubles.contains(where: \.isOpen)
        {
            return .failed
        }
        let owes = obligations.contains { $0.state == .due && $0.kind != .acknowledge }
        switch status {
        case .quarantined: return .waiting
        case .cancelled, .rejected, .closed, .completed: return owes ? .dispatched : .confirmed
        case .received, .accepted, .open: break
        }
        let isAsked = cancellations.contains { $0.state == .requested }
        let backordered = quantity(in: .backordered) + quantity(in: .unfillable)
        if isAsked || !holds.isEmpty || !backordered.isZero { return .waiting }
        if releaseAfter != nil, !quantity(in: .reserved).isZero { return .waiting }
        let shipped = quantity(in: .shipped) + quantity(in: .delivered)
        let moving = [Bucket.sourced, .released, .picked, .packed].map(quantity(in:)).total()
        let early = [Bucket.pending, .scheduled, .reserved].map(quantity(in:)).total()
        if !early.isZero { return .received }
        if !moving.isZero { return shipped.isZero ? .released : .dispatched }
        return owes ? .dispatched : .confirmed
    }

    /// Whether the channel did not take what we told it, and nobody has dealt with that. An order
    /// cancelled meanwhile cannot be acknowledged: the channel knows.
    func isFailed(_ obligation: Obligation) -> Bool {
        guard obligation.resolution == nil else { return false }
        return switch obligation.state {
        case .refused, .unknown: !(obligation.kind == .acknowledge && status == .cancelled)
        case .due, .acknowledged: false
        }
    }
}
