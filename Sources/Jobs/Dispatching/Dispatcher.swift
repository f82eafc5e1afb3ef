import HeapModule
package import Kernel
package import Logging
package import Storage
import Synchronization

/// Claims, runs and settles jobs: the thin loop around ``DispatcherCore``.
package actor Dispatcher {
    /// How a dispatcher behaves.
    package struct Settings: Sendable {
        /// Jobs in hand at once: from claim to the commit of their end.
        package var capacity = 64
        /// How long a handler may go on after its attempt was ended, before its job is given to
        /// another attempt. What it still writes is refused.
        package var grace = Duration.seconds(10)
        /// How long a stop waits for what runs, before it is handed back.
        package var softStop = Duration.seconds(20)
        /// What draws chance: backoff and jitter.
        package var randomness: @Sendable () -> UInt64 = { .random(in: .min ... .max) }

        package init(capacity: Int = 64) { self.capacity = capacity }
    }

    struct Running {
        let row: JobRow
        let stop: AttemptStop
        let share: Share
        /// Its end is being written.
        var isSettling = false
    }

    /// The part of the work a job belongs to, in the term in which it was begun.
    struct Share {
        let shard: Int
        let term: Int64
    }

    struct Expiry: Comparable {
        let at: Instant
        let number: Int64
        let fence: Int64
        static func < (one: Expiry, other: Expiry) -> Bool { one.at < other.at }
    }

    let store: Store
    let ending: JobEnding
    let budgets: Budgets
    let timekeeper: any Timekeeper
    /// What of the work is this process' own.
    let leases: Leases
    /// Shares whose queue was read, with the term in which it was.
    var known: [Int: Int64] = [:]
    let logger: Logger
    let board: DispatcherBoard
    let settings: Settings
    var core: DispatcherCore
    var nextDue: Instant?
    /// How far the machine's clock was ahead of steady time when it was last looked at.
    var clockLead: Duration?
    var running: [Int64: Running] = [:]
    /// What runs alone, since the process died while it ran.
    var suspect: Int64?
    var expiries = Heap<Expiry>()
    var breakers = CircuitBreakers()
    var partitions = JobPartition.Known()
    /// Commits told of more jobs than were kept: the queue must be read.
    var missesSome = false
    var lookedAt: Instant?
    var limitsSeen: UInt64?
    var controlsSeen: UInt64?
    /// Ended jobs on which nothing else hangs, to be written as one.
    var finished: [JobRow] = []
    var isFlushing = false
    /// An end that could not be written: nobody else would hear of it.
    private var failure: (any Error)?
    private nonisolated let isDraining = Atomic<Bool>(false)

    package init(
        store: Store, ending: JobEnding, budgets: Budgets, timekeeper: any Timekeeper,
        logger: Logger, board: DispatcherBoard = DispatcherBoard(), leases: Leases? = nil,
        settings: Settings = Settings()
    ) {
        self.leases = leases ?? Leases(member: nil, timekeeper: timekeeper)
        self.store = store
        self.ending = ending
        self.budgets = budgets
        self.timekeeper = timekeeper
        self.logger = logger
        self.board = board
        self.settings = settings
        // One tenant's long jobs leave room for another's.
        core = DispatcherCore(
            capacity: settings.capacity, tenantLimit: max(1, settings.capacity * 3 / 4))
    }

    /// Runs until ``drain()`` or cancellation, then finishes what runs or hands it back.
    package func run() async throws {
        if leases.isExclusive { try await recover() }
        board.setRunning(true)
        defer {
            board.setRunning(false)
            if let suspect { finish(suspect) }
        }
        try await withThrowingDiscardingTaskGroup { group in
            while !isDraining.load(ordering: .acquiring), !Task.isCancelled {
                if let failure { throw failure }
                do {
                    for (row, stop) in try await next() {
                        group.addTask { await self.carry(row, stop) }
                    }
                } catch let fault as any Fault where fault.kind == .unavailable {
                    // A full disk passes; a broken store does not.
                    guard store.breakage == nil else { throw fault }
                    logger.warning("paused", metadata: ["error": "\(fault)"])
                    await rest(after: store.signals.jobs.generation, atMost: .seconds(1))
                }
            }
            await stopRunning()
        }
        if let failure { throw failure }
    }

    private func carry(_ row: JobRow, _ stop: AttemptStop) async {
        do { try await perform(row, stop) } catch {
            failure = failure ?? error
            store.signals.jobs.raise()
        }
    }

    /// What to start now; nothing after a rest.
    private func next() async throws -> [(JobRow, AttemptStop)] {
        let generation = store.signals.jobs.generation
        try await heedLeases()
        try await takeIn()
        let (starts, isAlone) = core.take(now: timekeeper.steady) { budgets.take($0) }
        show()
        guard starts.isEmpty else { return try await claim(starts, isAlone: isAlone) }
        // Word of what others commit may get lost: look now and then.
        await rest(after: generation, atMost: leases.isExclusive ? nil : Self.lookAgain)
        return []
    }

    /// Starts nothing more; what runs is finished.
    package nonisolated func drain() {
        isDraining.store(true, ordering: .releasing)
        store.signals.jobs.raise()
    }

    package var runningCount: Int { core.runningCount }

    /// Waits a while for what runs, then asks it to end: what does is handed back unharmed.
    private func stopRunning() async {
        let end = timekeeper.steady + settings.softStop
        while !running.isEmpty, timekeeper.steady < end, !Task.isCancelled {
            let generation = store.signals.jobs.generation
            guard !running.isEmpty else { break }
            if !leases.isExclusive { stopLapsed(leases.held) }
            let next = leases.isExclusive ? end : min(end, timekeeper.steady + Self.lookAgain)
            await store.signals.jobs.wait(after: generation, untilSteady: next, by: timekeeper)
        }
        for attempt in running.values { attempt.stop.fire(.stopping) }
    }

    private func rest(after generation: UInt64, atMost limit: Duration? = nil) async {
        let (now, steady) = (timekeeper.now, timekeeper.steady)
        // By the clock as it was last looked at; should it have been set since, that is seen at once.
        let lead = clockLead ?? now.duration(since: steady)
        let steadily = [core.nextUnblocked, expiries.min?.at, breakers.nextWake]
        let waits =
            steadily.compactMap { $0?.duration(since: steady) }
            + [nextDue.map { $0.duration(since: steady + lead) }, limit].compactMap { $0 }
        guard let soonest = waits.min() else {
            await store.signals.jobs.wait(after: generation)
            return
        }
        await store.signals.jobs.wait(
            after: generation, untilSteady: steady + soonest, by: timekeeper)
    }

    func show() {
        board.show(
            running: core.runningByScope, waiting: core.waitingCount, breakers: breakers,
            clock: timekeeper)
    }

    func noteDue(_ due: Instant) { nextDue = min(nextDue ?? due, due) }

    nonisolated func call(for row: JobRow) -> Call {
        Call(
            tenant: row.tenant, actor: Actor(.job, row.kind), at: timekeeper.now,
            correlation: row.correlation, cause: "job:\(row.number)")
    }

    nonisolated func call(tenant: TenantID) -> Call {
        Call(tenant: tenant, actor: .platform, at: timekeeper.now, correlation: "dispatcher")
    }
}
