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
        let releaseAfter = order.isOpen(.releaseAfter) ? order.releaseAfter : nil
        nextBy =
            order.status.isTerminal
            ? nil : isOnItsWay ? order.deliverBy : releaseAfter ?? order.shipBy
    }

    /// All that it waits for, most pressing first: one blocker must not hide another.
    private static func reason(_ order: Order, at now: Instant) -> String? {
        guard !order.status.isTerminal || order.stage == .failed || order.stage == .dispatched
        else { return nil }
        let found =
            failures(order) + decisions(order)
            + [quarantineReason(order), stockReason(order), releaseReason(order, now)]
            .compactMap { $0 }
        if !found.isEmpty { return found.joined(separator: "; ") }
        if order.status == .accepted { return "Inventory to reserve its stock" }
        guard
            let due = order.obligations.first(where: { $0.state == .due && $0.kind != .acknowledge }
            )
        else { return nil }
        return "the channel's answer to our \(due.kind.rawValue)"
            + (due.isLate(at: now) ? ", which is late" : "")
    }

    private static func failures(_ order: Order) -> [String] {
        let troubles = order.troubles.filter(\.isOpen)
            .map { "a person: " + $0.detail }
        let given = order.obligations.filter(order.isFailed).compactMap { owed -> String? in
            let why = owed.fault?.detail ?? "no reason given"
            switch (owed.state, owed.kind) {
            case (.unknown, let kind):
                return "a person to try again to \(kind.rawValue) on the channel: " + why
            // Other refusals are noted as trouble.
            case (.refused, .acknowledge):
                return "a person: the channel refused to acknowledge: " + why
            default: return nil
            }
        }
        return troubles + given
    }

    private static func decisions(_ order: Order) -> [String] {
        let holds = order.holds.map {
            "a hold (\($0.kind.rawValue)) to be lifted" + ($0.note.isEmpty ? "" : ": " + $0.note)
        }
        let isAsked = order.cancellations.contains { $0.state == .requested }
        return holds + (isAsked ? ["an answer to the buyer's wish to cancel"] : [])
    }

    private static func stockReason(_ order: Order) -> String? {
        let lost = order.lines.filter { !$0.quantity(in: .unfillable).isZero }
        if !lost.isEmpty {
            let parts = lost.map {
                "\($0.quantity(in: .unfillable)) × \($0.sku?.rawValue ?? $0.channelSKU.rawValue)"
            }
            return "a decision: no facility could find " + parts.joined(separator: ", ")
        }
        let missing = order.lines.filter { !$0.quantity(in: .backordered).isZero }
        guard !missing.isEmpty else { return nil }
        let parts = missing.map {
            "\($0.quantity(in: .backordered)) × \($0.sku?.rawValue ?? $0.channelSKU.rawValue)"
        }
        return "stock: " + parts.joined(separator: ", ")
    }

    private static func releaseReason(_ order: Order, _ now: Instant) -> String? {
        guard let at = order.releaseAfter, at > now, order.isOpen(.releaseAfter) else { return nil }
        return "its release time, set by the channel"
    }

    private static func quarantineReason(_ order: Order) -> String? {
        guard order.status == .quarantined else { return nil }
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
