import Contracts
package import Kernel

/// What an order waits for, since when, what comes next and by when: one pure sentence each.
package struct OrderOutlook: Codable, Hashable, Sendable {
    /// `nil` when it waits for nothing but its turn.
    package let waitsFor: String?
    package let since: Instant
    /// `nil` when nothing comes any more.
    package let next: String?
    package let nextBy: Instant?

    package init(_ order: Order, at now: Instant) {
        waitsFor = Self.reason(order, at: now)
        since = Self.since(order)
        next = Self.next(order)
        let isOnItsWay = order.stage == .confirmed
        nextBy = order.status.isTerminal ? nil : isOnItsWay ? order.deliverBy : order.shipBy
    }

    private static func reason(_ order: Order, at now: Instant) -> String? {
        if let trouble = order.troubles.last(where: { $0.kind != .deadlineBreached }) {
            return "a person: " + trouble.detail
        }
        if let hold = order.holds.first {
            return "a hold (\(hold.kind.rawValue)) to be lifted: \(hold.note)"
        }
        if order.cancellations.contains(where: { $0.state == .requested }) {
            return "an answer to the buyer's wish to cancel"
        }
        if order.status == .quarantined { return quarantineReason(order) }
        let missing = order.lines.filter { !$0.quantity(in: .backordered).isZero }
        if !missing.isEmpty {
            let parts = missing.map {
                "\($0.quantity(in: .backordered)) × \($0.sku?.rawValue ?? $0.channelSKU.rawValue)"
            }
            return "stock: " + parts.joined(separator: ", ")
        }
        if order.status == .accepted { return "Inventory to reserve its stock" }
        if let due = order.obligations.first(where: { $0.state == .due && $0.kind != .acknowledge })
        {
            return "the channel's answer to our \(due.kind.rawValue)"
                + (due.isLate(at: now) ? ", which is late" : "")
        }
        return nil
    }

    private static func quarantineReason(_ order: Order) -> String {
        let reasons = order.quarantine.map { reason in
            switch reason {
            case .unmappedSKU:
                "a mapping of "
                    + order.lines.filter { $0.sku == nil }.map(\.channelSKU.rawValue)
                    .joined(separator: ", ")
            case .addressMissing: "an address"
            case .totalsDisagree: "totals that add up"
            case .partlyShippedElsewhere: "a decision: part of it was shipped elsewhere"
            }
        }
        return reasons.joined(separator: "; ")
    }

    private static func since(_ order: Order) -> Instant {
        let moments =
            order.holds.map(\.placedAt) + order.troubles.map(\.at)
            + order.cancellations.filter { $0.state == .requested }.map(\.at)
            + order.obligations.filter { $0.state == .due }.map(\.since)
        return moments.max() ?? order.statusSince
    }

    private static func next(_ order: Order) -> String? {
        switch order.stage {
        case .received: "its stock is reserved and a facility asked"
        case .waiting: order.status == .quarantined ? "it is accepted" : "it is released"
        case .released: "the facility picks, packs and hands over"
        case .dispatched: "the rest leaves and the channel is told"
        case .failed: "someone decides"
        case .confirmed: order.status.isTerminal ? nil : "delivery"
        }
    }
}
