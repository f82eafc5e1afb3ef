package import Kernel
package import Storage

/// A durable reader of the event log.
///
/// Order, position and parking are per key; the key hashes to one of 64 slots.
package struct Subscription: Sendable {
    package enum Kind: String, Sendable {
        /// Writes only tables of its own and may be rebuilt from the start.
        case projection
        /// Executes at most one aggregate's command and enqueues jobs; never rewound.
        case reaction
    }

    package static let slotCount = 64

    /// Durable: positions are kept under it.
    package let name: String
    package let kind: Kind
    package let types: Set<EventType>
    let key: @Sendable (Envelope) throws -> String
    let handle: @Sendable (Envelope, Transaction) throws -> Void

    package init(
        name: String, kind: Kind, types: Set<EventType>,
        key: @escaping @Sendable (Envelope) throws -> String,
        handle: @escaping @Sendable (Envelope, Transaction) throws -> Void
    ) {
        self.name = name
        self.kind = kind
        self.types = types
        self.key = key
        self.handle = handle
    }

    package init<R: Reaction>(_ reaction: R) {
        self.init(
            name: R.name, kind: .reaction, types: [R.Event.type],
            key: { reaction.key(of: try $0.decode(R.Event.self), in: $0) },
            handle: { try reaction.react(to: try $0.decode(R.Event.self), $0, in: $1) })
    }

    package init<P: Projection>(_ projection: P) {
        self.init(
            name: P.name, kind: .projection, types: P.types, key: { projection.key(of: $0) },
            handle: { try projection.project($0, in: $1) })
    }

    static func slot(of key: ParkedKey) -> Int {
        Int(StableHash.of(key.tenant.rawValue + "\u{1F}" + key.key) % UInt64(slotCount))
    }
}

/// One reaction to one event. Its writes and its place in the log commit together.
package protocol Reaction: Sendable {
    associatedtype Event: EventPayload
    static var name: String { get }

    /// The entity it changes; events of one key are handled in order. Default: the stream.
    func key(of event: Event, in envelope: Envelope) -> String
    func react(to event: Event, _ envelope: Envelope, in transaction: Transaction) throws
}

extension Reaction {
    package func key(of event: Event, in envelope: Envelope) -> String { envelope.stream }
}

/// A view computed from events into tables of its own.
package protocol Projection: Sendable {
    static var name: String { get }
    static var types: Set<EventType> { get }
    func key(of envelope: Envelope) -> String
    func project(_ envelope: Envelope, in transaction: Transaction) throws
}
