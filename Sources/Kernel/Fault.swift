/// What kind of trouble a fault is; this alone decides status code, retry and log level.
public enum FaultKind: String, Codable, Sendable, CaseIterable {
    case invalid, unauthenticated, forbidden, notFound, conflict, refused, limited, unavailable
    case defect

    /// The HTTP status a caller sees.
    public var httpStatus: Int {
        switch self {
        case .invalid: 422
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict, .refused: 409
        case .limited: 429
        case .unavailable: 503
        case .defect: 500
        }
    }

    /// What a job does with it.
    public var jobReaction: JobReaction {
        switch self {
        case .invalid, .unauthenticated, .forbidden, .notFound, .refused: .discard
        case .conflict: .retryAtOnce(times: 3)
        case .limited: .snooze
        case .unavailable: .retryWithBackoff(attempts: 20)
        case .defect: .retryWithBackoff(attempts: 5)
        }
    }

    /// Whether time or a person elsewhere may heal it, so that work nobody may lose goes on trying.
    public var mayHeal: Bool {
        switch self {
        case .unauthenticated, .forbidden, .conflict, .limited, .unavailable, .defect: true
        case .invalid, .notFound, .refused: false
        }
    }

    /// Whether an event handler's fault stops its key until a person helps.
    public var parksEvent: Bool {
        switch self {
        case .invalid, .unauthenticated, .forbidden, .notFound, .refused, .defect: true
        case .conflict, .limited, .unavailable: false
        }
    }

    public enum JobReaction: Hashable, Sendable {
        case discard
        case retryAtOnce(times: Int)
        case snooze
        case retryWithBackoff(attempts: Int)
    }
}

/// An error with a stable code, a kind and words for a person.
public protocol Fault: Error, CustomStringConvertible {
    var kind: FaultKind { get }
    /// Wire name such as `orders.illegalTransition`: stable and never reused.
    var code: String { get }
    /// A sentence for people, free of secrets and personal data.
    var detail: String { get }
    /// JSON path of the value that is wrong, such as `lines[0].quantity`.
    var field: String? { get }
    /// How long to wait where the other side said so.
    var retryAfter: Duration? { get }
}

extension Fault {
    public var description: String { "\(code): \(detail)" }
}

/// The codes of one service's errors.
public protocol FaultCode: RawRepresentable<String>, Hashable, Sendable {
    /// First part of the wire name, such as `orders`.
    static var service: String { get }
    var kind: FaultKind { get }
}

/// One service's error: a code and a sentence.
public struct CodedFault<Code: FaultCode>: Fault {
    public let reason: Code
    public let detail: String
    public let field: String?
    public let retryAfter: Duration?

    public init(
        _ reason: Code, _ detail: String, field: String? = nil, retryAfter: Duration? = nil
    ) {
        self.reason = reason
        self.detail = detail
        self.field = field
        self.retryAfter = retryAfter
    }

    public var kind: FaultKind { reason.kind }
    public var code: String { Code.service + "." + reason.rawValue }
}

/// A fault as it was written down, when only its record is left.
public struct RecordedFault: Fault, Codable, Hashable {
    public let kind: FaultKind
    public let code: String
    public let detail: String
    public let field: String?
    public var retryAfter: Duration? { nil }

    public init(kind: FaultKind, code: String, detail: String, field: String? = nil) {
        self.kind = kind
        self.code = Self.storable(code)
        self.detail = Self.storable(detail)
        self.field = field.map(Self.storable)
    }

    /// Words from outside may hold what not every database keeps; writing down what went wrong must
    /// not fail for it.
    private static func storable(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 })
    }

    /// The record of any error; what is no fault of ours is a defect.
    public init(_ error: any Error) {
        if let fault = error as? any Fault {
            self.init(
                kind: fault.kind, code: fault.code, detail: fault.detail, field: fault.field)
        } else {
            self.init(
                kind: .defect, code: "kernel.unexpected",
                detail: "\(type(of: error)) was thrown; the log has it whole")
        }
    }
}

public enum KernelFaultCode: String, FaultCode {
    case amountMalformed, currencyMismatch, overflow, quantityOutOfRange, bodyMalformed

    public static let service = "kernel"
    public var kind: FaultKind { .invalid }
}

public typealias KernelError = CodedFault<KernelFaultCode>
