/// Something that must not be read in a log: neither its description nor that of what holds it tells.
public protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, Sendable {}

extension Redacted {
    public var description: String { "[redacted]" }
    public var debugDescription: String { "[redacted]" }
}

/// A value that is personal data or a secret, on its way through code that may log.
public struct Sensitive<Value: Sendable>: Redacted {
    public let value: Value

    public init(_ value: Value) { self.value = value }
}
