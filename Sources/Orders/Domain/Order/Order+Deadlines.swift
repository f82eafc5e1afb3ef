import Contracts
package import Kernel
import Storage

/// A deadline as people are shown it.
package struct Deadline: Codable, Hashable, Sendable {
    package let kind: DeadlineKind
    package let at: Instant
    package let state: DeadlineState
    /// What it asks for has been done, or is not asked any more.
    package let isMet: Bool
}

extension Order {
    package func deadline(_ kind: DeadlineKind) -> Instant? {
        switch kind {
        case .acknowledgeBy: acknowledgeBy
        case .releaseAfter: releaseAfter
        case .shipBy: shipBy
        case .autoCancelAt: autoCancelAt
        case .deliverBy: deliverBy
        }
    }

    /// All that the channel set, soonest first.
    package var deadlines: [Deadline] {
        DeadlineKind.allCases.compactMap { kind in
            deadline(kind).map {
                Deadline(kind: kind, at: $0, state: state(of: kind), isMet: !isOpen(kind))
            }
        }.sorted { ($0.at, $0.kind.rawValue) < ($1.at, $1.kind.rawValue) }
    }

    func state(of kind: DeadlineKind) -> DeadlineState { deadlineStates?[kind] ?? .onTime }

    /// Whether what a deadline asks for is still to be done.
    func isOpen(_ kind: DeadlineKind) -> Bool {
        guard !status.isTerminal else { return false }
        return switch kind {
        case .acknowledgeBy:
            owes(.acknowledge) || status == .received || status == .quarantined
        case .releaseAfter: hasUnsourcedUnits
        case .shipBy: hasUnitsHere
        case .autoCancelAt: hasUnitsHere || owes(.confirm)
        case .deliverBy: lines.contains { $0.units.contains { !$0.bucket.isSettled } }
        }
    }

    private var hasUnsourcedUnits: Bool {
        [Bucket.pending, .scheduled, .backordered, .reserved].contains {
            !quantity(in: $0).isZero
        }
    }

    private func owes(_ kind: ObligationKind) -> Bool {
        obligations.contains { $0.kind == kind && ($0.state == .due || $0.state == .unknown) }
    }

    var hasUnitsHere: Bool { lines.contains { $0.units.contains(where: \.bucket.isCancellable) } }

    /// When to look at the deadlines next: at once where one has passed, or come near, and nobody has
    /// said so; `nil` when none is open.
    package func nextDeadlineCheck(after now: Instant) -> Instant? {
        DeadlineKind.allCases.compactMap { kind -> Instant? in
            guard let due = deadline(kind), isOpen(kind) else { return nil }
            let warning = due - kind.warning
            // Releasing has no state of its own: what is due is done when units are reserved.
            if kind == .releaseAfter { return due > now ? due : nil }
            switch state(of: kind) {
            case .breached: return nil
            case .atRisk: return max(due, now)
            case .onTime: return due <= now ? now : max(warning, now)
            }
        }.min()
    }

    /// What the deadlines' times, as they are now, mean: released, at risk, breached.
    func checkingDeadlines(_ decision: Decision) -> [OrderEvent] {
        var events = sourcing(decision)
        for kind in DeadlineKind.allCases where kind != .releaseAfter && isOpen(kind) {
            guard let due = deadline(kind), state(of: kind) != .breached else { continue }
            if due <= decision.now {
                events += breaching(kind, due, decision)
            } else if due - kind.warning <= decision.now, state(of: kind) == .onTime {
                events.append(
                    .deadlineReached(DeadlineReached(kind: kind, at: due, state: .atRisk)))
            }
        }
        return events
    }

    private func breaching(
        _ kind: DeadlineKind, _ due: Instant, _ decision: Decision
    ) -> [OrderEvent] {
        let trouble = Trouble(
            kind: .deadlineBreached, detail: "\(kind.rawValue) passed: \(Self.meaning(kind))",
            at: decision.now, moneyAtRisk: nil)
        return [
            .deadlineReached(DeadlineReached(kind: kind, at: due, state: .breached)),
            .troubleNoted(TroubleNoted(trouble: trouble)),
        ]
    }

    private static func meaning(_ kind: DeadlineKind) -> String {
        switch kind {
        case .acknowledgeBy: "the channel has not heard that the order was taken"
        case .releaseAfter: "it may be released"
        case .shipBy: "units are still here"
        case .autoCancelAt: "the channel may cancel what it was not told has left"
        case .deliverBy: "not every unit has arrived"
        }
    }
}
