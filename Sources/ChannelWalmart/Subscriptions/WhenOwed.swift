import Contracts
import Events
import Jobs
import Kernel
import Storage

/// Turns what is owed to Walmart into a task and the job that does it. Tasks of other channels'
/// connections are left to their connectors.
struct WalmartObligations: Sendable {
    let subscription: Subscription

    init() {
        subscription = Subscription(
            name: "walmart.obligations", kind: .reaction,
            types: [OrderAccepted.type, ParcelDispatched.type, CancellationOwed.type],
            key: { try Self.order(of: $0).rawValue }, handle: Self.handle)
    }

    private static func order(of envelope: Envelope) throws -> OrderID {
        switch envelope.type {
        case OrderAccepted.type: try envelope.decode(OrderAccepted.self).order
        case ParcelDispatched.type: try envelope.decode(ParcelDispatched.self).order
        default: try envelope.decode(CancellationOwed.self).order
        }
    }

    @Sendable private static func handle(
        _ envelope: Envelope, _ transaction: Transaction
    ) throws {
        let task = try task(envelope, transaction)
        // Connectors keep which connections are theirs from Settings' events.
        guard try transaction.get(KnownConnection.self, task.connection) != nil else { return }
        guard try transaction.insertIfAbsent(task) else { return }
        let operation: WalmartOperation =
            switch task.kind {
            case .acknowledge: .acknowledge
            case .confirm: .ship
            case .cancel: .cancel
            }
        try transaction.enqueue(
            SettleObligation(task: task.id),
            JobOptions(
                priority: task.kind == .acknowledge ? 0 : 1,
                connection: task.connection.rawValue, key: operation.limit(task.connection)))
    }

    private static func task(
        _ envelope: Envelope, _ transaction: Transaction
    ) throws -> WalmartTask {
        let id: Identifier<WalmartTaskTag> = transaction.decision.newID()
        switch envelope.type {
        case OrderAccepted.type:
            let fact = try envelope.decode(OrderAccepted.self)
            return WalmartTask(
                id: id, kind: .acknowledge, subject: fact.order.rawValue,
                connection: fact.connection, order: fact.order, reference: fact.reference,
                lines: [], carrier: nil, trackingNumber: nil, shippedAt: nil,
                cause: nil)
        case ParcelDispatched.type:
            let fact = try envelope.decode(ParcelDispatched.self)
            return WalmartTask(
                id: id, kind: .confirm, subject: fact.parcel.rawValue,
                connection: fact.connection, order: fact.order, reference: fact.reference,
                lines: fact.lines.map { LineQuantity(line: $0.line, quantity: $0.quantity) },
                carrier: fact.carrier, trackingNumber: fact.trackingNumber,
                shippedAt: fact.shippedAt, cause: nil)
        default:
            let fact = try envelope.decode(CancellationOwed.self)
            return WalmartTask(
                id: id, kind: .cancel, subject: fact.cancellation.rawValue,
                connection: fact.connection, order: fact.order, reference: fact.reference,
                lines: fact.lines, carrier: nil, trackingNumber: nil, shippedAt: nil,
                cause: fact.cause)
        }
    }
}

/// A connection this connector serves, as Settings' events told.
struct KnownConnection: Record {
    static let collection = "walmart_connections"
    static let leavesEvents = false
    static let byEnabled = Index<KnownConnection>("by_enabled", Column("is_enabled", \.isEnabled))
    static let indexes = [byEnabled]

    let id: ConnectionID
    let isEnabled: Bool
}

/// A connection was saved: its limits hold at once, and its lists are read from now on.
struct WhenConnectionSaved: Reaction {
    static let name = "walmart.whenConnectionSaved"

    let budgets: Budgets
    let isPolling: Bool

    func key(of event: ConnectionSaved, in envelope: Envelope) -> String {
        event.connection.rawValue
    }

    func react(
        to event: ConnectionSaved, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        guard event.channel == WalmartModule.channel else { return }
        try transaction.upsert(
            KnownConnection(id: event.connection, isEnabled: event.isEnabled))
        guard event.isEnabled else { return }
        try transaction.enqueue(
            ConfigureConnection(connection: event.connection),
            JobOptions(uniqueness: .untilStarted(event.connection.rawValue)))
        if isPolling { try Self.poll(event.connection, in: transaction) }
    }

    /// Reads the connection's lists from now on, once each.
    static func poll(_ connection: ConnectionID, in transaction: Transaction) throws {
        for kind in PollStream.Kind.allCases {
            try transaction.enqueue(
                PollOrders(connection: connection, kind: kind),
                JobOptions(
                    uniqueness: .untilFinished("\(connection)/\(kind.rawValue)"),
                    connection: connection.rawValue, key: kind.operation.limit(connection)))
        }
    }
}

extension PollStream.Kind {
    var operation: WalmartOperation {
        switch self {
        case .released: .listReleased
        case .changed: .listOrders
        }
    }
}
