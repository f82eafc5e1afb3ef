import Contracts
import Kernel

struct CancelRequest: Decodable, Sendable {
    enum Reason: String, Choice {
        case customer, outOfStock, other

        var cause: OrderUnitsCancelled.Cause {
            switch self {
            case .customer: .customer
            case .outOfStock: .outOfStock
            case .other: .operatorDecision
            }
        }
    }

    /// Absent means all that has not left.
    let lines: [LineQuantity]?
    let reason: Reason
    let note: String?
}

struct CancellationAnswerRequest: Decodable, Sendable {
    let accept: Bool
    let note: String?
}

struct HoldRequest: Decodable, Sendable {
    let kind: Hold.Kind
    let note: String
    let until: Instant?
    let atDeadline: Hold.AtDeadline?
}

struct NoteRequest: Decodable, Sendable {
    let note: String?
}

struct ReadingRequest: Decodable, Sendable {
    let purpose: String
}

struct ErasureRequest: Decodable, Sendable {
    let reason: ErasureReason
}
