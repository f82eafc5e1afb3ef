package import Kernel

package enum OrdersFaultCode: String, FaultCode {
    case unknownOrder, unknownFulfilmentOrder, unknownContact, illegalTransition
    case unknownCancellation, unknownHold, quantityTooLarge, orderMalformed, reasonMissing
    case filterUnknown, contactErased

    package static let service = "orders"

    package var kind: FaultKind {
        switch self {
        case .unknownOrder, .unknownFulfilmentOrder, .unknownContact, .unknownCancellation,
            .unknownHold, .contactErased:
            .notFound
        case .illegalTransition: .refused
        case .quantityTooLarge, .orderMalformed, .reasonMissing, .filterUnknown: .invalid
        }
    }
}

package typealias OrdersError = CodedFault<OrdersFaultCode>
