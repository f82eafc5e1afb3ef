package import Kernel
import Synchronization

/// The door to everything that lasts: transactions, snapshots and the word of commits.
///
/// The contract is the same on every engine; `StorageTesting` proves it.
package final class Store: Sendable {
    package let signals = CommitSignals()
    /// Whether this process alone works on the database.
    package let isExclusive: Bool
    private let engine: any StorageEngine
    private let upcasters: Upcasters
    private let randomness: @Sendable () -> UInt64
    private let cache: RecordCache
    private let running = Mutex<Set<RunningOperation>>([])
    private let computed = Mutex<[String: [CollectionShape]]>([:])

    private struct RunningOperation: Hashable {
        let tenant: TenantID
        let id: OperationID
    }

    /// - Parameter randomness: what identifiers of unnamed operations are drawn from; a simulation
    ///   brings its own.
    package init(
        engine: any StorageEngine, upcasters: [Upcaster] = [],
        randomness: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.engine = engine
        self.randomness = randomness
        cache = RecordCache(isKept: engine.isExclusive)
        isExclusive = engine.isExclusive
        self.upcasters = Upcasters(upcasters)
    }

    /// Brings the collections' tables in line with their declarations, and fills columns that are
    /// new from the stored bodies. - Returns: what was done, in words.
    package func open(_ collections: [any Record.Type]) async throws -> [String] {
        var plan = try await engine.migrate(collections.flatMap(Self.shapes))
        for collection in collections {
            for shape in Self.shapes(of: collection)
            where plan.contains(where: { $0.hasPrefix(shape.name + ": column") }) {
                plan.append("\(shape.name): \(try await refill(collection, shape)) rows indexed")
            }
            guard let projection = collection.projection else { continue }
            precondition(
                !collection.leavesEvents, "\(collection.collection) is computed from events")
            computed.withLock { $0[projection, default: []].append(collection.shape) }
        }
        return plan
    }

    private static func shapes(of collection: any Record.Type) -> [CollectionShape] {
        collection.projection == nil
            ? [collection.shape] : [collection.shape, collection.secondShape]
    }

    /// The collections a projection computes, as opened.
    package func shapes(ofProjection name: String) -> [CollectionShape] {
        computed.withLock { $0[name] ?? [] }
    }

    /// Runs one synchronous closure as one durable transaction.
    ///
    /// - Returns: what the closure returned, or, where `call.operation` was done before, what it
    ///   returned then.
    /// - Throws: what the closure threw; `StorageError`: `.operationRunning`, `.operationReused`,
    ///   `.full`, `.interrupted`, `.broken`, `.closed`, and any storage fault met inside.
    package func write<T: Codable & Sendable>(
        _ call: Call, lane: WriteLane = .interactive,
        _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        try await perform(
            call, lane,
            OperationCoder(
                encode: BodyCoder.encode, decode: { try BodyCoder.decode(T.self, from: $0) }),
            body)
    }

    /// As ``write(_:lane:_:)``, but keeps no result: a repeat runs again. An operation id in the call
    /// is not looked at, so only for what is safe to repeat.
    package func writeUnrepeated<T: Sendable>(
        _ call: Call, lane: WriteLane = .settling,
        _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        return try await perform(call, lane, nil, body)
    }

    private struct OperationCoder<T>: Sendable {
        let encode: @Sendable (T) throws -> [UInt8]
        let decode: @Sendable ([UInt8]) throws -> T
    }

    private func perform<T: Sendable>(
        _ call: Call, _ lane: WriteLane, _ coder: OperationCoder<T>?,
        _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        let operation =
            coder == nil
            ? nil : call.operation.map { RunningOperation(tenant: call.tenant, id: $0) }
        if let operation, !running.withLock({ $0.insert(operation).inserted }) {
            throw StorageError(.operationRunning, "operation \(operation.id) is still running")
        }
        defer {
            if let operation { _ = running.withLock { $0.remove(operation) } }
        }
        let attempt = Attempt<T>()
        // Two writes of one millisecond must never make the same identifiers, so what has no
        // operation to name it gets chance; it is drawn once, and a rerun decides the same.
        let seed =
            (coder == nil ? nil : call.operation).map { "\(call.tenant)|\($0)|\(call.fingerprint)" }
            ?? "\(randomness())|\(randomness())"
        try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Void, any Error>) in
            engine.submit(
                EngineWork(
                    lane: lane, tenant: call.tenant,
                    run: { session in try self.run(body, call, seed, coder, session, attempt) },
                    undo: { self.cache.removeAll() },
                    finish: { continuation.resume(with: $0) }))
        }
        let (value, news) = try attempt.finish(signalling: signals)
        if !news.isEmpty { announce(news) }
        return value
    }

    /// Runs a closure on a consistent snapshot of one tenant.
    package func read<T: Sendable>(
        _ tenant: TenantID, _ body: @escaping @Sendable (ReadTransaction) throws -> T
    ) async throws -> T {
        let upcasters = upcasters
        return try await engine.read(tenant, lane: .looking) { session in
            try body(ReadTransaction(tenant: tenant, session: session, upcasters: upcasters))
        }
    }

    /// Rows of the engine for the platform's own readers: subscriptions and the queue. Nothing long: all
    /// of them take turns.
    package func bookkeeping<T: Sendable>(
        _ body: @escaping @Sendable (any EngineSession) throws -> T
    ) async throws -> T {
        try await engine.read(nil, lane: .working, body)
    }

    /// Rows of the engine for those who look at them, for as long as it takes.
    package func survey<T: Sendable>(
        _ body: @escaping @Sendable (any EngineSession) throws -> T
    ) async throws -> T {
        try await engine.read(nil, lane: .looking, body)
    }

    /// Events of every tenant after a cursor, for subscriptions and those who look at how far they are.
    package func log(
        after cursor: LogCursor, types: Set<EventType>, limit: Int, lane: ReadLane = .working
    ) async throws -> (page: LogPage, events: [Envelope]) {
        let upcasters = upcasters
        let wanted = Set(upcasters.ancestors(of: types).map(\.rawValue))
        return try await engine.read(nil, lane: lane) { session in
            let page = try session.log(
                tenant: nil, after: cursor, types: wanted, limit: limit)
            return (page, try page.events.map(upcasters.envelope))
        }
    }

    package func event(at number: Int64) async throws -> Envelope? {
        let upcasters = upcasters
        return try await engine.read(nil, lane: .working) {
            try $0.event(at: number).map(upcasters.envelope)
        }
    }

    /// Whether other processes work on the same database, and so must hear of commits, and be heard.
    func share(_ isShared: Bool) {
        if signals.share(isShared) { engine.listen { [signals] in signals.hear($0) } }
    }

    /// Tells the other processes of this database, where there are any.
    package func announce(_ news: EngineNews) {
        if signals.isShared { engine.announce(news) }
    }

    package func copy(to path: String) async throws { try await engine.copy(to: path) }
    package func facts() async throws -> [String: String] { try await engine.facts() }
    package var breakage: StorageError? { engine.breakage }
    package func close() async { await engine.close() }

    private func run<T: Sendable>(
        _ body: (Transaction) throws -> T, _ call: Call, _ seed: String,
        _ coder: OperationCoder<T>?, _ session: any EngineSession,
        _ attempt: Attempt<T>
    ) throws {
        attempt.clear()
        if let operation = call.operation, let coder,
            let done = try session.operation(tenant: call.tenant, operation)
        {
            guard done.fingerprint == call.fingerprint else {
                throw StorageError(
                    .operationReused, "operation \(operation) was used for another request")
            }
            attempt.set(try coder.decode(done.result), nil)
            return
        }
        let transaction = Transaction(
            call: call, seed: seed, session: session, cache: cache, upcasters: upcasters)
        let value = try body(transaction)
        if let doom = transaction.doom { throw doom }
        if let operation = call.operation, let coder {
            try session.saveOperation(
                tenant: call.tenant, operation, fingerprint: call.fingerprint,
                result: coder.encode(value), at: call.at.microseconds)
        }
        transaction.publish()
        attempt.set(value, transaction)
    }

    private func refill<R: Record>(
        _ type: R.Type, _ shape: CollectionShape
    ) async throws -> Int {
        let call = Call(
            tenant: .platform, actor: .platform, at: Instant(microseconds: 0),
            correlation: "reindex")
        return try await write(call, lane: .bulk) { transaction in
            try transaction.bookkeeping { session in
                try session.reindex(shape) { body in
                    try BodyCoder.decode(type, from: body).columnValues
                }
            }
        }
    }
}

/// What one run of a closure yielded, until its batch is committed.
private final class Attempt<T: Sendable>: Sendable {
    private struct Outcome: Sendable {
        let value: T
        let hooks: [@Sendable () -> Void]
        let signalHooks: [@Sendable (CommitSignals) -> Void]
        let freshJobs: [JobHeader]
        let hasNewEvents: Bool
    }

    private let outcome = Mutex<Outcome?>(nil)

    func clear() { outcome.withLock { $0 = nil } }

    func set(_ value: T, _ transaction: Transaction?) {
        let made = Outcome(
            value: value, hooks: transaction?.hooks ?? [],
            signalHooks: transaction?.signalHooks ?? [],
            freshJobs: transaction?.freshJobs ?? [],
            hasNewEvents: transaction?.hasNewEvents ?? false)
        outcome.withLock { $0 = made }
    }

    func finish(signalling signals: CommitSignals) throws -> (T, EngineNews) {
        guard let outcome = outcome.withLock({ $0 }) else {
            throw StorageError(.engine, "a committed closure left no result")
        }
        if outcome.hasNewEvents { signals.log.raise() }
        if !outcome.freshJobs.isEmpty { signals.announce(jobs: outcome.freshJobs) }
        for hook in outcome.hooks { hook() }
        for hook in outcome.signalHooks { hook(signals) }
        var news: EngineNews = []
        if outcome.hasNewEvents { news.insert(.events) }
        if !outcome.freshJobs.isEmpty { news.insert(.jobs) }
        if !outcome.signalHooks.isEmpty { news.insert(.controls) }
        return (outcome.value, news)
    }
}
