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
    /// Of the code that computes a projection; a greater one than before computes it anew.
    package let version: Int64
    /// Fills the side of its projection that is not shown.
    let isAside: Bool
    let key: @Sendable (Envelope) throws -> String
    private let handle: @Sendable (Envelope, Transaction) throws -> Void
    private let named: String

    package init(
        name: String, kind: Kind, types: Set<EventType>, version: Int64 = 1,
        key: @escaping @Sendable (Envelope) throws -> String,
        handle: @escaping @Sendable (Envelope, Transaction) throws -> Void
    ) {
        self.name = name
        named = name
        self.version = version
        isAside = false
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
            name: P.name, kind: .projection, types: P.types, version: P.version,
            key: { projection.key(of: $0) }, handle: { try projection.project($0, in: $1) })
    }

    private init(aside subscription: Subscription) {
        name = subscription.name + "~rebuild"
        named = subscription.name
        kind = subscription.kind
        types = subscription.types
        version = subscription.version
        isAside = true
        key = subscription.key
        handle = subscription.handle
    }

    /// The same projection, filling the side that is not shown, with places of its own.
    var aside: Subscription { Subscription(aside: self) }

    /// Name under which stands what a side that is no longer wanted had set aside.
    func left(_ generation: Int64) -> String { leftPrefix + "\(generation)" }

    /// All such names lie from here to ``leftEnd``.
    var leftPrefix: String { named + "~left" }
    var leftEnd: String { leftPrefix + ":" }

    /// Name of the projection it computes, whichever side it fills.
    var projection: String? { kind == .projection ? named : nil }

    func run(_ event: Envelope, in transaction: Transaction) throws {
        guard let projection else { return try handle(event, transaction) }
        try transaction.project(projection, isAside: isAside) { try handle(event, transaction) }
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
    /// Raise it when the code yields something else from the same events: what it has computed is
    /// then computed anew at the next start, beside what is shown. Default: 1.
    static var version: Int64 { get }
    func key(of envelope: Envelope) -> String
    func project(_ envelope: Envelope, in transaction: Transaction) throws
}

extension Projection {
    package static var version: Int64 { 1 }
}
