package import Contracts
package import Kernel

/// A reason an order waits, beside its status.
package struct Hold: Codable, Hashable, Sendable {
    package enum Kind: String, Choice {
        case address, fraud, sanctions, credit, payment, codConfirmation, channel, customer
        case manual
    }

    package enum AtDeadline: String, Choice {
        case lift, cancel, report
    }

    package let id: Identifier<HoldTag>
    package let kind: Kind
    package let note: String
    package let placedAt: Instant
    package let until: Instant?
    package let atDeadline: AtDeadline
}

/// What the order owes its channel, and how that went.
package struct Obligation: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable {
        case due, acknowledged, refused
        /// Given up without an answer; a later one still counts.
        case unknown
    }

    package let kind: ObligationKind
    package let subject: String
    package let dueAt: Instant?
    package let since: Instant
    package var state: State
    package var fault: RecordedFault?
    package var answeredAt: Instant?
    /// How a person dealt with a refusal, or with not knowing.
    package var resolution: String?

    package func isLate(at now: Instant) -> Bool {
        state == .due && dueAt.map { $0 < now } ?? false
    }
}

/// A wish to cancel, and what became of it.
package struct Cancellation: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable {
        case requested, accepted, declined, acknowledged, refused
    }

    package let id: Identifier<CancellationTag>
    package let cause: OrderUnitsCancelled.Cause
    package let lines: [LineQuantity]
    package let at: Instant
    package var state: State
    package var note: String
}

/// Something a person should look at; never a status.
package struct Trouble: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// The channel cancelled what had left: recall it; the money is at risk.
        case cancelledAfterShipping
        /// The channel changed what it says was ordered.
        case contentChanged
        /// The channel refused what we told it.
        case obligationRefused
        case deadlineBreached
    }

    package let kind: Kind
    package let detail: String
    package let at: Instant
    package let moneyAtRisk: Money?
    /// What exactly was seen, so that the same again says nothing.
    package var subject: String?
    /// How a person dealt with it; `nil` while it is open.
    package var resolution: String?

    /// Whether it keeps the order among those that need a person.
    package var isOpen: Bool { resolution == nil && kind != .deadlineBreached }
}

/// What must have happened, or may begin, by a time of the channel's.
package enum DeadlineKind: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
    case acknowledgeBy, releaseAfter, shipBy, autoCancelAt, deliverBy

    /// So long before its time a deadline that is not kept yet counts as at risk.
    package var warning: Duration {
        switch self {
        case .releaseAfter: .zero
        case .acknowledgeBy: .seconds(3600)
        case .shipBy: .seconds(6 * 3600)
        case .autoCancelAt, .deliverBy: .seconds(86_400)
        }
    }
}

package enum DeadlineState: String, Codable, Sendable {
    case onTime, atRisk, breached
}
