package import Kernel
import Synchronization

/// An event's own number in its engine's log: it names the event. It says nothing of order, since a
/// lower number may be committed later; see ``LogCursor``.
package struct LogPosition: Hashable, Sendable, Codable, LosslessStringConvertible {
    package let number: Int64

    init(number: Int64) { self.number = number }

    package init?(_ text: String) {
        guard let number = Int64(text), number >= 0 else { return nil }
        self.number = number
    }

    package init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }

    package var description: String { String(number) }
}

/// An event of the log with everything about it, lifted to its newest version.
package struct Envelope: Sendable {
    package let position: LogPosition
    package let tenant: TenantID
    package let stream: String
    package let version: Int64
    package let type: EventType
    package let at: Instant
    package let actor: Actor
    package let operation: String?
    package let cause: String?
    package let correlation: String
    /// JSON.
    package let data: [UInt8]
    private let decoded = DecodedPayload()

    /// The payload, decoded at the first call: a subscription asks once for the key and once to
    /// handle it.
    package func decode<P: EventPayload>(_ type: P.Type = P.self) throws -> P {
        if let known = decoded.value as? P { return known }
        let payload = try BodyCoder.decode(type, from: data)
        decoded.value = payload
        return payload
    }

    package func replacing(data: [UInt8]) -> Envelope {
        Envelope(
            position: position, tenant: tenant, stream: stream, version: version, type: type,
            at: at, actor: actor, operation: operation, cause: cause, correlation: correlation,
            data: data)
    }
}

/// What an envelope's data decoded to.
private final class DecodedPayload: Sendable {
    private let held = Mutex<(any Sendable)?>(nil)

    var value: (any Sendable)? {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }
}

/// Lifts an old version of an event to the next one: pure, JSON to JSON.
package struct Upcaster: Sendable {
    package let from: EventType
    package let to: EventType
    package let lift: @Sendable ([UInt8]) throws -> [UInt8]

    package init(
        from: EventType, to: EventType, lift: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) {
        self.from = from
        self.to = to
        self.lift = lift
    }
}

/// All upcasters of an installation, applied whenever the log is read.
package struct Upcasters: Sendable {
    private let byType: [EventType: Upcaster]

    package init(_ upcasters: [Upcaster]) {
        byType = Dictionary(upcasters.map { ($0.from, $0) }) { first, _ in first }
    }

    /// The types an older release may have written for one of today's.
    package func ancestors(of types: Set<EventType>) -> Set<EventType> {
        var all = types
        var grew = true
        while grew {
            let more = byType.values.filter { all.contains($0.to) && !all.contains($0.from) }
            grew = !more.isEmpty
            all.formUnion(more.map(\.from))
        }
        return all
    }

    func envelope(_ row: LogRow) throws -> Envelope {
        var type = EventType(row.type)
        var data = row.data
        // A chain longer than its registry would be a circle.
        for _ in 0..<byType.count {
            guard let upcaster = byType[type] else { break }
            data = try upcaster.lift(data)
            type = upcaster.to
        }
        return Envelope(
            position: LogPosition(number: row.position), tenant: row.tenant, stream: row.stream,
            version: row.version, type: type, at: Instant(microseconds: row.at), actor: row.actor,
            operation: row.operation, cause: row.cause, correlation: row.correlation, data: data)
    }
}
