package import Kernel
package import Logging
package import Storage
import Synchronization

/// Claims, runs and settles jobs: the thin loop around ``DispatcherCore``.
package actor Dispatcher {
    private static let promoteLimit = 500
    /// A kind without a worker waits for a release that has one; that burns no attempt.
    private static let unknownKindPause = Duration.seconds(60)
    private static let crashLimit = 2

    private let store: Store
    private let registry: JobRegistry
    private let budgets: Budgets
    private let timekeeper: any Timekeeper
    private let logger: Logger
    private var core: DispatcherCore
    private var nextDue: Instant?
    private nonisolated let isDraining = Atomic<Bool>(false)

    /// - Parameter capacity: jobs running at once.
    package init(
        store: Store, registry: JobRegistry, budgets: Budgets, timekeeper: any Timekeeper,
        logger: Logger, capacity: Int = 64
    ) {
        self.store = store
        self.registry = registry
        self.budgets = budgets
        self.timekeeper = timekeeper
        self.logger = logger
        core = DispatcherCore(capacity: capacity)
    }

    /// Runs until ``drain()`` or cancellation, then finishes what runs.
    package func run() async throws {
        try await recover()
        try await withThrowingDiscardingTaskGroup { group in
            while !isDraining.load(ordering: .acquiring), !Task.isCancelled {
                do {
                    for (header, row) in try await next() {
                        group.addTask { try await self.runOne(header, row) }
                    }
                } catch let fault as any Fault where fault.kind == .unavailable {
                    // A full disk passes; a broken store does not.
                    guard store.breakage == nil else { throw fault }
                    logger.warning("paused", metadata: ["error": "\(fault)"])
                    await rest(after: store.signals.jobs.generation, atMost: .seconds(1))
                }
            }
        }
    }

    /// What to start now; nothing after a rest.
    private func next() async throws -> [(JobHeader, JobRow)] {
        let generation = store.signals.jobs.generation
        try await takeIn()
        let (headers, isAlone) = core.take(
            now: timekeeper.now, limit: { budgets.concurrency(of: $0) },
            spend: { budgets.take($0) })
        guard headers.isEmpty else { return try await claim(headers, isAlone: isAlone) }
        await rest(after: generation)
        return []
    }

    /// Starts nothing more; what runs is finished.
    package nonisolated func drain() {
        isDraining.store(true, ordering: .releasing)
        store.signals.jobs.raise()
    }

    package var runningCount: Int { core.runningCount }

    /// Everything that ran at the crash is a suspect and runs alone; only a crash while alone
    /// counts, and twice means quarantine.
    private func recover() async throws {
        let now = timekeeper.now
        let call = call(tenant: .platform)
        let (suspects, poison) = try await store.writeUnrepeated(call) { transaction in
            try transaction.bookkeeping { try Self.sortOut($0.runningJobs(), now, in: $0) }
        }
        for row in poison {
            logger.error("quarantined", metadata: ["job": "\(row.number)", "kind": "\(row.kind)"])
            try await save(Settlement(quarantining: row, now: now))
        }
        let headers = try await store.bookkeeping { session in
            try suspects.compactMap { try session.job($0)?.header }
        }
        core.offerSuspects(headers)
        for partition in try await store.bookkeeping({ try $0.readyPartitions() }) {
            core.noteMore(partition)
        }
        nextDue = try await store.bookkeeping { try $0.nextDue() }.map(Instant.init)
        if !suspects.isEmpty {
            logger.warning(
                "jobs ran when the process died", metadata: ["count": "\(suspects.count)"])
        }
    }

    /// Puts what ran back into the queue, as suspects.
    /// - Returns: the suspects' numbers, and those to quarantine: still running in the queue.
    private static func sortOut(
        _ jobs: [JobRow], _ now: Instant, in session: any JobRows
    ) throws -> (suspects: [Int64], poison: [JobRow]) {
        var suspects: [Int64] = []
        var poison: [JobRow] = []
        for var job in jobs {
            if job.ranAlone { job.crashes += 1 }
            guard job.crashes < crashLimit else {
                poison.append(job)
                continue
            }
            job.state = .available
            job.isSuspect = true
            job.due = now.microseconds
            try session.reschedule(job)
            suspects.append(job.number)
        }
        return (suspects, poison)
    }

    private func takeIn() async throws {
        let (fresh, isComplete) = store.signals.takeFreshJobs()
        let now = timekeeper.now
        core.offer(fresh.filter { $0.due <= now.microseconds })
        for header in fresh where header.due > now.microseconds {
            let due = Instant(microseconds: header.due)
            nextDue = min(nextDue ?? due, due)
        }
        if !isComplete {
            for name in try await store.bookkeeping({ try $0.readyPartitions() }) {
                core.noteMore(name)
            }
        }
        if let due = nextDue, due <= now { try await promote(now) }
        for name in core.starving {
            let headers = try await store.bookkeeping {
                try $0.readyJobs(
                    partition: name, after: .min, limit: DispatcherCore.windowLimit * 2)
            }
            core.refill(name, with: headers, isAll: headers.count < DispatcherCore.windowLimit)
        }
    }

    private func promote(_ now: Instant) async throws {
        // What is settled while this waits may set an earlier time: merge, never overwrite.
        nextDue = nil
        let (headers, next) = try await store.writeUnrepeated(call(tenant: .platform)) {
            try $0.bookkeeping { session in
                let due = try session.promoteDue(
                    now: now.microseconds, limit: Self.promoteLimit)
                return (due, try session.nextDue())
            }
        }
        core.offer(headers)
        if let next { noteDue(Instant(microseconds: next)) }
    }

    private func noteDue(_ due: Instant) { nextDue = min(nextDue ?? due, due) }

    private func rest(after generation: UInt64, atMost limit: Duration? = nil) async {
        let soonest = [nextDue, core.nextUnblocked, limit.map { timekeeper.now + $0 }]
            .compactMap { $0 }.min()
        guard let soonest else {
            await store.signals.jobs.wait(after: generation)
            return
        }
        await store.signals.jobs.wait(after: generation, until: soonest, by: timekeeper)
    }

    private func claim(
        _ headers: [JobHeader], isAlone: Bool
    ) async throws -> [(JobHeader, JobRow)] {
        do { return try await claimed(headers, isAlone: isAlone) } catch {
            // They stay available in the queue: forget them here, and read them again.
            for header in headers {
                core.finished(header)
                core.noteMore(header.partition)
            }
            throw error
        }
    }

    private func claimed(
        _ headers: [JobHeader], isAlone: Bool
    ) async throws -> [(JobHeader, JobRow)] {
        let numbers = headers.map(\.number)
        let now = timekeeper.now.microseconds
        let claimed = try await store.writeUnrepeated(call(tenant: .platform)) { transaction in
            try transaction.bookkeeping {
                try $0.claim(numbers, now: now, isAlone: isAlone)
            }
        }
        FailurePoint.pass("jobs.afterClaim")
        let rows = Dictionary(claimed.map { ($0.number, $0) }) { first, _ in first }
        return headers.compactMap { header in
            guard let row = rows[header.number] else {
                core.finished(header)
                return nil
            }
            return (header, row)
        }
    }

    private func runOne(_ header: JobHeader, _ row: JobRow) async throws {
        let result = await attempt(row)
        var tries = 0
        // An outcome must not be lost to a full disk: it is written once there is room.
        while true {
            do {
                try await settle(row, result)
                break
            } catch {
                if let breakage = store.breakage { throw breakage }
                tries += 1
                logger.error("outcome not written", metadata: ["error": "\(error)"])
                guard tries < 60 else { throw error }
                try await timekeeper.sleep(for: .seconds(1))
            }
        }
        core.finished(header)
        store.signals.jobs.raise()
    }

    private nonisolated func attempt(_ row: JobRow) async -> Result<JobOutcome, any Error> {
        guard let entry = registry.entry(row.kind) else {
            logger.error("no worker", metadata: ["kind": "\(row.kind)"])
            return .success(.snooze(Self.unknownKindPause))
        }
        let context = JobContext(
            number: row.number, attempt: row.attempt, call: call(for: row), store: store,
            timekeeper: timekeeper,
            allowance: Allowance(
                partition: row.partition, budgets: budgets, isPrepaid: !row.ranAlone))
        do {
            return .success(
                try await withThrowingTaskGroup(of: JobOutcome.self) { group in
                    group.addTask { try await entry.run(row.payload, context) }
                    group.addTask {
                        try await self.timekeeper.sleep(for: entry.timeout)
                        throw JobsError(.timedOut, "gave up after \(entry.timeout)")
                    }
                    defer { group.cancelAll() }
                    guard let first = try await group.next() else { return .completed }
                    return first
                })
        } catch { return .failure(error) }
    }

    private func settle(_ row: JobRow, _ result: Result<JobOutcome, any Error>) async throws {
        let now = timekeeper.now
        FailurePoint.pass("jobs.beforeSettle")
        switch result {
        case .success(.commit(let writes)):
            do {
                try await store.writeUnrepeated(call(for: row)) { transaction in
                    try writes(transaction)
                    try transaction.bookkeeping { try $0.finish(row.ended(.completed, at: now)) }
                }
            } catch {
                if store.breakage != nil { throw error }
                try await settle(row, .failure(error))
            }
        case .success(let outcome):
            try await save(Settlement(row, outcome, now: now))
        case .failure(let error):
            var generator = SystemRandomNumberGenerator()
            let givesUp = registry.entry(row.kind)?.givesUp ?? false
            let settlement = Settlement(
                row, error, givesUp: givesUp, now: now, using: &generator)
            log(error, row)
            try await save(settlement)
        }
    }

    private func save(_ settlement: Settlement) async throws {
        do { try await write(settlement, tells: true) } catch {
            let isPassing = [.unavailable, .conflict, .limited].contains(RecordedFault(error).kind)
            guard store.breakage == nil, settlement.row.state == .discarded, !isPassing else {
                throw error
            }
            // Whoever should hear of the end cannot: the end itself is written all the same.
            logger.error(
                "nobody was told that a job was given up",
                metadata: ["job": "\(settlement.row.number)", "error": "\(error)"])
            try await write(settlement, tells: false)
        }
        let row = settlement.row
        guard !row.state.isFinal else { return }
        noteDue(Instant(microseconds: row.due))
    }

    private func write(_ settlement: Settlement, tells: Bool) async throws {
        let row = settlement.row
        let entry = registry.entry(row.kind)
        try await store.writeUnrepeated(call(for: row)) { transaction in
            if tells, row.state == .discarded, let fault = row.fault {
                try entry?.gaveUp(row.payload, fault, transaction)
            }
            try transaction.bookkeeping { session in
                if row.state.isFinal {
                    try session.finish(row)
                } else {
                    try session.reschedule(row)
                }
            }
        }
    }

    private func log(_ error: any Error, _ row: JobRow) {
        let level: Logger.Level =
            switch RecordedFault(error).kind {
            case .defect: .error
            case .unavailable, .unauthenticated, .forbidden: .warning
            default: .info
            }
        logger.log(
            level: level, "attempt failed",
            metadata: ["job": "\(row.number)", "kind": "\(row.kind)", "error": "\(error)"])
    }

    private nonisolated func call(for row: JobRow) -> Call {
        Call(
            tenant: row.tenant, actor: Actor(.job, row.kind), at: timekeeper.now,
            correlation: row.correlation, cause: "job:\(row.number)")
    }

    private func call(tenant: TenantID) -> Call {
        Call(tenant: tenant, actor: .platform, at: timekeeper.now, correlation: "dispatcher")
    }
}
