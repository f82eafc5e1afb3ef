package import Kernel

package enum WebFaultCode: String, FaultCode {
    case bodyMalformed, bodyTooLarge, bodyTimedOut, parameterMalformed, parameterUnknown
    case idempotencyKeyMissing
    case keyMissing, keyUnknown, hostRefused, notFound, methodNotAllowed, originRefused

    package static let service = "web"

    package var kind: FaultKind {
        switch self {
        case .bodyMalformed, .parameterMalformed, .parameterUnknown, .idempotencyKeyMissing,
            .bodyTooLarge, .bodyTimedOut:
            .invalid
        case .keyMissing, .keyUnknown: .unauthenticated
        case .hostRefused, .originRefused: .forbidden
        case .notFound, .methodNotAllowed: .notFound
        }
    }
}

package typealias WebError = CodedFault<WebFaultCode>
