package import Kernel

package enum ChannelFaultCode: String, FaultCode {
    /// No answer, or one that says nothing about what happened.
    case unreachable
    case throttled
    /// Someone switched the connection off: its work waits.
    case switchedOff
    case unauthorised
    /// The channel understood and said no.
    case rejected
    case notFound
    /// It was announced, and cannot be read yet: the channel is there, and says so.
    case notYetThere
    /// The answer cannot be read.
    case answerMalformed
    /// An order or message cannot be understood.
    case contentMalformed
    case connectionUnknown
    case webhookMalformed

    package static let service = "channels"

    package var kind: FaultKind {
        switch self {
        case .unreachable, .answerMalformed: .unavailable
        case .throttled, .switchedOff: .limited
        case .unauthorised: .unauthenticated
        case .rejected: .refused
        case .notFound, .connectionUnknown: .notFound
        case .notYetThere: .conflict
        case .contentMalformed, .webhookMalformed: .invalid
        }
    }
}

package typealias ChannelError = CodedFault<ChannelFaultCode>
