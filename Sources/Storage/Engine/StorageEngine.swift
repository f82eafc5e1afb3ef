package import Kernel

/// Which queue a waiting write stands in; classes take turns, and within one, tenants do.
package enum WriteLane: Int, Sendable, CaseIterable {
    case acknowledgement, interactive, settling, bulk
    /// What the dispatcher writes of its own: claims, plain ends, what became due. It touches nothing
    /// but the queue, so that an engine may write it beside the others.
    case dispatching

    /// Whether who asks can be sent away and come again; the platform's own work cannot.
    var mayBeRefused: Bool { self == .acknowledgement || self == .interactive }
}

/// Who reads: what keeps work moving has a reader of its own, which nobody who looks may keep busy.
package enum ReadLane: Sendable {
    case working, looking
}

/// One closure waiting for the writer.
package struct EngineWork: Sendable {
    package let lane: WriteLane
    package let tenant: TenantID
    /// Runs inside a savepoint; may run more than once.
    package let run: @Sendable (any EngineSession) throws -> Void
    /// Called when the batch it ran in was rolled back whole.
    package let undo: @Sendable () -> Void
    /// Called once: after the commit that made it durable, or with why there is none.
    package let finish: @Sendable (Result<Void, any Error>) -> Void

    package init(
        lane: WriteLane, tenant: TenantID,
        run: @escaping @Sendable (any EngineSession) throws -> Void,
        undo: @escaping @Sendable () -> Void,
        finish: @escaping @Sendable (Result<Void, any Error>) -> Void
    ) {
        self.lane = lane
        self.tenant = tenant
        self.run = run
        self.undo = undo
        self.finish = finish
    }
}

/// The seam between the transaction contract and a database.
package protocol StorageEngine: Sendable {
    /// Queues a write; its `finish` answers.
    func submit(_ work: EngineWork)
    /// Runs on a snapshot that no later write disturbs. - Parameter tenant: whose rows may be seen;
    /// `nil` for the platform's own bookkeeping, which sees log and queue of all.
    func read<T: Sendable>(
        _ tenant: TenantID?, lane: ReadLane,
        _ body: @escaping @Sendable (any EngineSession) throws -> T
    ) async throws -> T
    /// Brings tables and indexes in line with the declarations; returns what it did, in words.
    func migrate(_ shapes: [CollectionShape]) async throws -> [String]
    /// Settings and figures a person checks: journal, synchronous, version, size, batches.
    func facts() async throws -> [String: String]
    /// Writes one consistent snapshot into a new file while writes go on, and syncs it.
    /// - Throws: `StorageError.full`; `.copyUnsupported` where the database's own tools do this.
    func copy(to path: String) async throws
    /// Finishes what is queued, then closes.
    func close() async
    /// Whether this process alone writes, so that what it wrote last may be kept in memory.
    var isExclusive: Bool { get }
    /// Why nothing is acknowledged any more; `nil` while all is well.
    var breakage: StorageError? { get }
    /// Calls `heard` whenever another process has announced something. Words may be lost with a
    /// connection, so who depends on them looks for itself now and then.
    func listen(_ heard: @escaping @Sendable (EngineNews) -> Void)
    /// Tells the other processes, soon; several words become one.
    func announce(_ news: EngineNews)
}

/// A database of one process has nobody to tell.
extension StorageEngine {
    package func listen(_ heard: @escaping @Sendable (EngineNews) -> Void) {}
    package func announce(_ news: EngineNews) {}
}

/// What a commit may mean to another process.
package struct EngineNews: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let events = EngineNews(rawValue: 1)
    package static let jobs = EngineNews(rawValue: 2)
    /// Pauses and cancellations.
    package static let controls = EngineNews(rawValue: 4)
}
