package import Kernel

/// One atomic change: records, events and jobs commit together or not at all.
///
/// The closure that gets it is synchronous, may run more than once and has no effects outside.
package final class Transaction: ReadTransaction {
    package let call: Call
    /// Time and identifiers of this operation; a rerun gets the same.
    package let decision: Decision
    private let cache: RecordCache
    private(set) var cacheChanges: [RecordCache.Key: RecordCache.Entry?] = [:]
    private(set) var hooks: [@Sendable () -> Void] = []
    private(set) var signalHooks: [@Sendable (CommitSignals) -> Void] = []
    private(set) var freshJobs: [JobHeader] = []
    private(set) var hasNewEvents = false
    /// The projection whose handler is running.
    var projecting: (name: String, isAside: Bool)?
    var forgetsCache = false

    /// - Parameter seed: the same for every rerun of this write, and for no other write.
    init(
        call: Call, seed: String, session: any EngineSession, cache: RecordCache,
        upcasters: Upcasters
    ) {
        self.call = call
        self.cache = cache
        decision = Decision(now: call.at, seed: seed)
        super.init(tenant: call.tenant, session: session, upcasters: upcasters)
    }

    /// Runs after the commit, once: wake-ups, figures, log lines. Never for what must happen.
    package func afterCommit(_ hook: @escaping @Sendable () -> Void) { hooks.append(hook) }

    /// As ``afterCommit(_:)``, with the store's own signals.
    package func afterCommitSignal(_ hook: @escaping @Sendable (CommitSignals) -> Void) {
        signalHooks.append(hook)
    }

    override package func get<R: Record>(
        _ type: R.Type = R.self, _ id: Identifier<R.Tag>
    ) throws -> R? {
        try current(type, id.rawValue)?.record
    }

    /// Adds a record. - Throws: `StorageError.duplicate`, which dooms; see ``insertIfAbsent(_:)``.
    package func insert<R: Record>(_ record: R) throws {
        try checkOwner(of: R.self)
        let row = try newRow(record)
        try perform {
            try $0.insert(
                shape(of: R.self), tenant: tenant, record: row, columns: record.columnValues)
        }
        try finishInsert(record, row)
    }

    /// Adds a record unless its identifier or a unique index holds one already.
    /// - Returns: whether it was added.
    package func insertIfAbsent<R: Record>(_ record: R) throws -> Bool {
        try checkOwner(of: R.self)
        let row = try newRow(record)
        let isNew = try perform {
            try $0.insertIfAbsent(
                shape(of: R.self), tenant: tenant, record: row, columns: record.columnValues)
        }
        if isNew { try finishInsert(record, row) }
        return isNew
    }

    /// Changes a record that exists. - Throws: `StorageError.unknownRecord`, `.stale`.
    package func update<R: Record>(_ record: R) throws {
        try checkOwner(of: R.self)
        guard let (old, entry) = try current(R.self, record.id.rawValue) else {
            throw StorageError(.unknownRecord, "no \(R.collection) with id \(record.id)")
        }
        let row = try save(record, replacing: old, entry: entry)
        if R.leavesEvents {
            let changed = try RecordSaved.changes(from: BodyCoder.encode(old), to: row.body)
            try append(
                RecordSaved(changed: changed), type: RecordSaved.type(of: R.collection),
                to: R.stream(record.id))
        }
    }

    /// Reads, changes and saves a record; adds it where absent.
    package func upsert<R: Record>(_ record: R) throws {
        if try current(R.self, record.id.rawValue) == nil {
            try insert(record)
        } else {
            try update(record)
        }
    }

    package func delete<R: Record>(_ type: R.Type, _ id: Identifier<R.Tag>) throws {
        try checkOwner(of: R.self)
        _ = try perform { try $0.delete(shape(of: R.self), tenant: tenant, id: id.rawValue) }
        if R.isSearchable {
            try perform {
                try $0.replaceTokens(shape(of: R.self), tenant: tenant, id: id.rawValue, tokens: [])
            }
        }
        cacheChanges[try key(R.self, id.rawValue)] = .some(nil)
    }

    /// Decides, applies, appends the events and saves the aggregate.
    /// - Returns: the new state and what happened; no events means nothing was written.
    @discardableResult
    package func execute<A: Aggregate>(
        _ command: A.Command, on type: A.Type, _ id: Identifier<A.Tag>
    ) throws -> (state: A?, events: [A.Event]) {
        let known = try current(type, id.rawValue)
        let events = try A.decide(command, on: known?.record, id: id, in: decision)
        guard !events.isEmpty else { return (known?.record, []) }
        let head = try perform { try $0.streamHead(tenant: tenant, stream: A.stream(id)) }
        // Event time never runs backwards within a stream, whatever the clock did.
        let at = max(decision.now.microseconds, head?.at ?? .min)
        var state = known?.record
        for event in events {
            state = try A.apply(event, to: state, at: Instant(microseconds: at))
        }
        guard let state else { preconditionFailure("applying an event yields a state") }
        try append(
            events.map { (Swift.type(of: $0.payload).type, try BodyCoder.encode($0.payload)) },
            to: A.stream(id), after: head?.version ?? 0, at: at)
        if let known {
            _ = try save(state, replacing: known.record, entry: known.entry)
        } else {
            let row = try newRow(state)
            try perform {
                try $0.insert(A.shape, tenant: tenant, record: row, columns: state.columnValues)
            }
            try remember(state, row)
        }
        return (state, events)
    }

    /// Appends an event that belongs to no aggregate, to a stream of its own.
    package func emit<P: EventPayload>(_ event: P, to stream: String) throws {
        try append(event, type: P.type, to: stream)
    }

    /// Puts a job into the queue; see `Jobs` for the typed way.
    /// - Parameter window: finished jobs that still keep the unique key taken.
    package func insertJob(
        _ job: JobRow, unlessSince window: JobWindow?
    ) throws -> JobInsertion {
        try checkIsNoProjection("enqueues a job")
        let insertion = try perform { try $0.insertJob(job, unlessSince: window) }
        switch insertion {
        case .added(let number):
            var job = job
            job.number = number
            freshJobs.append(job.header)
        case .replaced(let number):
            // It may have waited for its next try, and is due earlier now.
            freshJobs.append(
                JobHeader(
                    number: number, tenant: job.tenant, partition: job.partition, rank: job.rank,
                    due: job.due, isReady: false))
        case .kept: break
        }
        return insertion
    }

    /// Rows of the engine for the platform's own bookkeeping: subscriptions and the queue.
    package func bookkeeping<T>(_ body: (any EngineSession) throws -> T) throws -> T {
        try perform(body)
    }

    /// Tells the dispatcher of jobs that became ready by other means than ``insertJob(_:)``.
    package func announce(_ headers: [JobHeader]) { freshJobs += headers }

    func publish() {
        if forgetsCache { cache.removeAll() }
        cache.apply(cacheChanges)
    }

    override func side(of projection: String) throws -> ProjectionRow.Side {
        let shown = try super.side(of: projection)
        guard let projecting, projecting.isAside, projecting.name == projection else {
            return shown
        }
        return shown.other
    }
}

extension Transaction {
    private func key<R: Record>(_ type: R.Type, _ id: String) throws -> RecordCache.Key {
        RecordCache.Key(collection: try shape(of: type).name, tenant: tenant, id: id)
    }

    private func current<R: Record>(
        _ type: R.Type, _ id: String
    ) throws -> (record: R, entry: RecordCache.Entry)? {
        let key = try key(type, id)
        if let changed = cacheChanges[key] {
            return changed.flatMap { entry in (entry.record as? R).map { ($0, entry) } }
        }
        if let entry = cache.entry(key), let record = entry.record as? R { return (record, entry) }
        guard let row = try perform({ try $0.record(shape(of: R.self), tenant: tenant, id: id) })
        else {
            return nil
        }
        let record = try decode(type, row)
        let entry = RecordCache.Entry(version: row.version, created: row.created, record: record)
        cacheChanges[key] = entry
        return (record, entry)
    }

    private func newRow<R: Record>(_ record: R) throws -> StoredRecord {
        let now = decision.now.microseconds
        return StoredRecord(
            id: record.id.rawValue, version: 1, body: try BodyCoder.encode(record), created: now,
            updated: now)
    }

    private func finishInsert<R: Record>(_ record: R, _ row: StoredRecord) throws {
        try remember(record, row)
        guard R.leavesEvents else { return }
        let changed = try RecordSaved.changes(from: nil, to: row.body)
        try append(
            RecordSaved(changed: changed), type: RecordSaved.type(of: R.collection),
            to: R.stream(record.id))
    }

    private func remember<R: Record>(_ record: R, _ row: StoredRecord) throws {
        cacheChanges[try key(R.self, row.id)] = RecordCache.Entry(
            version: row.version, created: row.created, record: record)
        guard R.isSearchable else { return }
        try perform {
            try $0.replaceTokens(
                shape(of: R.self), tenant: tenant, id: row.id, tokens: record.searchTokens)
        }
    }

    private func save<R: Record>(
        _ record: R, replacing old: R, entry: RecordCache.Entry
    ) throws -> StoredRecord {
        let row = StoredRecord(
            id: record.id.rawValue, version: entry.version + 1,
            body: try BodyCoder.encode(record), created: entry.created,
            updated: decision.now.microseconds)
        let isSaved = try perform {
            try $0.update(
                shape(of: R.self), tenant: tenant, record: row, columns: record.columnValues,
                expected: entry.version)
        }
        guard isSaved else {
            let fault = StorageError(.stale, "\(R.collection) \(row.id) changed meanwhile")
            doom = doom ?? fault
            throw fault
        }
        cacheChanges[try key(R.self, row.id)] = RecordCache.Entry(
            version: row.version, created: row.created, record: record)
        if R.isSearchable, record.searchTokens != old.searchTokens {
            try perform {
                try $0.replaceTokens(
                    shape(of: R.self), tenant: tenant, id: row.id, tokens: record.searchTokens)
            }
        }
        return row
    }

    private func append(_ event: some Encodable, type: EventType, to stream: String) throws {
        let head = try perform { try $0.streamHead(tenant: tenant, stream: stream) }
        try append(
            [(type, try BodyCoder.encode(event))], to: stream, after: head?.version ?? 0,
            at: max(decision.now.microseconds, head?.at ?? .min))
    }

    private func append(
        _ events: [(type: EventType, data: [UInt8])], to stream: String, after version: Int64,
        at: Int64
    ) throws {
        try checkIsNoProjection("emits an event")
        let rows = events.enumerated().map { offset, event in
            LogRow(
                tenant: tenant, stream: stream, version: version + Int64(offset) + 1,
                type: event.type.rawValue, at: at, actor: call.actor,
                operation: call.operation?.rawValue, cause: call.cause,
                correlation: call.correlation, data: event.data)
        }
        _ = try perform { try $0.append(rows) }
        hasNewEvents = true
    }
}
