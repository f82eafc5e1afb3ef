/// The facts of one event: a value with a literal wire name and version.
///
/// Never personal data: a contact's identifier at most (a canary test reads the whole log).
public protocol EventPayload: Codable, Sendable {
    /// Wire name with version, such as `orders.cancelled.1`: stable and never reused.
    static var type: EventType { get }
}

/// Wire name of an event with its version as last part.
public struct EventType: Hashable, Sendable, Codable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    public let rawValue: String

    public init(_ rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { rawValue }
}
