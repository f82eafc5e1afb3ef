package import Kernel

/// A record that changes only by events: `decide` says what happens, `apply` what it means.
///
/// Both are pure. State `nil` means it does not exist yet.
package protocol Aggregate: Record {
    associatedtype Command: Sendable
    associatedtype Event: AggregateEvent

    static func decide(
        _ command: Command, on state: Self?, id: Identifier<Tag>, in decision: Decision
    ) throws -> [Event]

    static func apply(_ event: Event, to state: Self?, at instant: Instant) throws -> Self
}

extension Aggregate {
    package static var leavesEvents: Bool { false }
}

/// The events of one aggregate, wrapped with a hand-written tag each.
package protocol AggregateEvent: Sendable {
    var payload: any EventPayload { get }
    /// - Returns: `nil` for a type that is not of this aggregate.
    init?(type: EventType, from data: EventData) throws
}

/// An event's data before it is decoded.
package struct EventData: Sendable {
    let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package func decode<P: EventPayload>(_ type: P.Type = P.self) throws -> P {
        try BodyCoder.decode(type, from: bytes)
    }
}
