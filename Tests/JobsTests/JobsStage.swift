import EngineTesting
import Jobs
import Kernel
import Logging
import Storage
import StorageTesting
import Synchronization
import Testing

/// A job whose name says how it ends.
struct Probe: Job {
    static let kind: JobKind = "testing.probe"
    let name: String
}

struct ProbeWorker: JobWorker {
    struct Unexpected: Error {}

    func work(_ job: Probe, in context: JobContext) async throws -> JobOutcome {
        switch job.name {
        case "commit":
            return .commit { transaction in
                try transaction.insert(
                    Gadget(id: transaction.decision.newID(), name: job.name))
            }
        case "snooze": return .snooze(.seconds(600))
        case "discard": return .discard(reason: "nothing to do")
        case "limited": throw JobsError(.budgetSpent, "wait", retryAfter: .seconds(600))
        case "unexpected": throw Unexpected()
        case "ok": return .completed
        case "full": throw StorageError(.full, "the disk is full")
        default:
            guard let kind = FaultKind(rawValue: job.name) else { return .completed }
            throw RecordedFault(kind: kind, code: "testing.probe", detail: job.name)
        }
    }
}

extension ProbeWorker {
    func gaveUp(_ job: Probe, because fault: RecordedFault, in transaction: Transaction) throws {
        try transaction.insert(
            Gadget(id: transaction.decision.newID(), name: "gave up: " + fault.code))
        if job.name == "refused" { throw Unexpected() }
    }
}

/// A real queue on a fresh database, with a clock of the test's own.
struct JobsStage: Sendable {
    private let database: TestDatabase
    let store: Store
    let timekeeper = ManualTimekeeper()
    let budgets: Budgets
    let leases: Leases
    var registry = JobRegistry()
    var observers: [any JobObserver] = []
    /// Jobs in hand at once.
    var capacity = 64

    init() async throws {
        database = try TestDatabase()
        store = Store(engine: try database.engine())
        _ = try await store.open([Gadget.self] + JobsModule.collections)
        budgets = Budgets(timekeeper: timekeeper)
        leases = Leases(member: nil, timekeeper: timekeeper)
        registry.add(ProbeWorker())
    }

    @discardableResult
    func enqueue(_ job: Probe, _ options: JobOptions = JobOptions()) async throws -> Int64? {
        try await store.writeUnrepeated(.sample()) { try $0.enqueue(job, options) }
    }

    func put(
        _ job: Probe, _ rule: JobOptions.Uniqueness, after delay: Duration = .zero
    ) async throws -> JobInsertion {
        let at = Call.sample().at + delay
        return try await store.writeUnrepeated(.sample(at: at.microseconds)) {
            try $0.put(job, JobOptions(uniqueness: rule), nil)
        }
    }

    func put(paused scope: String) async throws {
        let desk = JobDesk(ending: JobEnding(registry: registry))
        _ = try await store.writeUnrepeated(.sample(tenant: .platform)) {
            try desk.pause(scope, reason: "test", in: $0)
        }
    }

    func claim(_ number: Int64) async throws -> JobRow {
        let row = try await store.writeUnrepeated(.sample()) { transaction in
            try transaction.bookkeeping {
                try $0.claim([number], now: 1, isAlone: false).first
            }
        }
        guard let row else { throw JobsError(.unknownJob, "job \(number) cannot be claimed") }
        return row
    }

    func reschedule(_ row: JobRow) async throws -> JobReturn {
        var back = row
        if back.state == .running { back.state = .retryable }
        let changed = back
        return try await store.writeUnrepeated(.sample()) { transaction in
            try transaction.bookkeeping {
                try $0.reschedule(changed)
            }
        }
    }

    func context(
        of row: JobRow, isCurrent: @escaping @Sendable () -> Bool = { true }
    ) -> JobContext {
        JobContext(
            of: row, call: .sample(), store: store,
            timekeeper: timekeeper,
            allowance: Allowance(scope: nil, budgets: budgets, isPrepaid: true),
            isCurrent: isCurrent)
    }

    func rows(_ states: Set<JobState>) async throws -> [JobRow] {
        try await store.bookkeeping {
            try $0.jobs(
                JobFilter(tenant: .sample(1), states: states), before: nil, limit: 500)
        }
    }

    func events<E: EventPayload>(_ type: E.Type) async throws -> [E] {
        try await store.read(.sample(1)) {
            try $0.log(after: .start, types: [E.type], limit: 100).events
                .map { try $0.decode(E.self) }
        }
    }

    func gadget(_ name: String) async throws -> Gadget? {
        try await store.read(.sample(1)) { try $0.find(Gadget.byName, name) }
    }

    /// A running attempt's context.
    func context() async throws -> JobContext {
        let row = try await store.writeUnrepeated(.sample()) { transaction -> JobRow? in
            let number = try transaction.enqueue(Probe(name: "ok"))
            return try transaction.bookkeeping {
                try $0.claim([number ?? 0], now: 1, isAlone: false).first
            }
        }
        return context(of: try #require(row))
    }

    /// Marks the job as running, as a process that then dies leaves it.
    func claimAndDie(_ number: Int64, isAlone: Bool) async throws {
        try await store.writeUnrepeated(.sample()) { transaction in
            try transaction.bookkeeping { session in
                if var row = try session.job(number), row.state == .running {
                    // What the next start does first.
                    if row.ranAlone { row.crashes += 1 }
                    row.state = .available
                    _ = try session.reschedule(row)
                }
                _ = try session.claim([number], now: 1, isAlone: isAlone)
            }
        }
    }

    /// What a start does before it runs anything.
    func recover() async throws { try await dispatcher(DispatcherBoard()).recover() }

    /// Runs the dispatcher until `count` attempts were settled.
    func runUntilSettled(_ count: Int) async throws { try await run { _ in } }

    /// Runs the dispatcher until nothing is available or running any more.
    func run(_ whileRunning: @escaping @Sendable (JobsStage) async throws -> Void) async throws {
        let dispatcher = dispatcher(DispatcherBoard())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            try await whileRunning(self)
            try await until { try await isQuiet(dispatcher) }
            dispatcher.drain()
            try await group.waitForAll()
        }
    }

    /// Looks again whenever the dispatcher has done something, and every few milliseconds.
    func until(_ isSo: @Sendable () async throws -> Bool) async throws {
        let clock = SystemTimekeeper()
        while true {
            let generation = store.signals.jobs.generation
            if try await isSo() { return }
            await store.signals.jobs.wait(
                after: generation, until: clock.now + .milliseconds(5), by: clock)
        }
    }

    /// Runs the dispatcher for as long as `body` does.
    func whileDispatching(
        _ body: @escaping @Sendable (JobsStage, DispatcherBoard) async throws -> Void
    ) async throws {
        let board = DispatcherBoard()
        let dispatcher = dispatcher(board)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            defer { dispatcher.drain() }
            try await body(self, board)
        }
    }

    private func dispatcher(_ board: DispatcherBoard) -> Dispatcher {
        Dispatcher(
            store: store, ending: JobEnding(registry: registry, observers: observers),
            budgets: budgets, timekeeper: timekeeper,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, board: board,
            leases: leases, settings: .init(capacity: capacity))
    }

    private func isQuiet(_ dispatcher: Dispatcher) async throws -> Bool {
        let now = timekeeper.now.microseconds
        let states: Set<JobState> = [.available, .running, .scheduled, .retryable]
        // The platform's own jobs fire schedules.
        let open = try await store.bookkeeping { session in
            try [TenantID.sample(1), .platform].flatMap {
                try session.jobs(JobFilter(tenant: $0, states: states), before: nil, limit: 500)
            }
        }
        let waits = open.allSatisfy { $0.state != .running && $0.due > now }
        return await dispatcher.runningCount == 0 && waits
    }
}

/// Keeps the codes of what observers are told of.
final class HeardFaults: JobObserver {
    private let heard = Mutex<[String]>([])

    var codes: [String] { heard.withLock { $0 } }

    func failed(_ job: JobRow, _ fault: RecordedFault, in transaction: Transaction) throws {
        transaction.afterCommit { self.heard.withLock { $0.append(fault.code) } }
    }

    func recovered(_ job: JobRow, in transaction: Transaction) throws {}
}
