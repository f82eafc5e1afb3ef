import EngineTesting
import Events
import Issues
import Jobs
import Kernel
import Logging
import Storage
import StorageTesting
import Synchronization
import Testing

/// Not the test library's.
typealias Issue = Issues.Issue

/// Work that fails as its payload says until the stage mends it.
struct Chore: Job {
    static let kind: JobKind = "testing.chore"
    let name: String
    var order: String?
    var size = 1
}

struct ChoreWorker: JobWorker {
    let stage: Faults

    func work(_ job: Chore, in context: JobContext) async throws -> JobOutcome {
        if job.name == "lawful" { return .discard(reason: "not needed any more") }
        if job.size > 10 {
            throw RecordedFault(
                kind: .invalid, code: "testing.tooLarge", detail: "size \(job.size) is too large")
        }
        if let fault = stage.fault(for: job.name) { throw fault }
        if stage.takeDelay(job.name) { return .snooze(.seconds(30)) }
        return .completed
    }
}

/// What is broken at present.
final class Faults: Sendable {
    private let broken = Mutex<[String: RecordedFault]>([:])

    func fault(for name: String) -> RecordedFault? { broken.withLock { $0[name] } }

    func breakAll(_ names: [String], code: String = "testing.broken", _ detail: String = "no \(1)")
    {
        for name in names {
            broken.withLock {
                $0[name] = RecordedFault(kind: .refused, code: code, detail: detail)
            }
        }
    }

    private let delayed = Mutex<Set<String>>([])
    func delay(_ name: String) { delayed.withLock { _ = $0.insert(name) } }
    func takeDelay(_ name: String) -> Bool { delayed.withLock { $0.remove(name) != nil } }
    func mend(_ name: String) { broken.withLock { $0[name] = nil } }
    func mendAll() { broken.withLock { $0.removeAll() } }
}

struct Knocked: EventPayload {
    static let type: EventType = "testing.knocked.1"
    let door: String
}

/// Finds what the test put into it.
final class Missing: AbsenceDetector {
    let name = "testing.missing"
    private let found = Mutex<[Absence]>([])

    func set(_ subjects: [String]) {
        found.withLock {
            $0 = subjects.map {
                Absence(
                    subject: $0,
                    fault: RecordedFault(
                        kind: .unavailable, code: "testing.missing", detail: "“\($0)” is missing"))
            }
        }
    }

    func absences(
        of tenants: [TenantID], at now: Instant
    ) async throws -> [TenantID: [Absence]] {
        [.sample(1): found.withLock { $0 }]
    }
}

/// The error framework over a real queue and a real subscription, with a clock of the test's own.
final class IssuesStage: Sendable {
    private let database: TestDatabase
    let store: Store
    let timekeeper = ManualTimekeeper()
    let faults = Faults()
    let missing = Missing()
    let jobs: JobsModule
    let desk: IssueDesk
    let runner: SubscriptionRunner

    init(observers extra: [any JobObserver] = []) async throws {
        database = try TestDatabase()
        store = Store(engine: try database.engine())
        _ = try await store.open(
            [Gadget.self] + JobsModule.collections + IssuesModule.collections)
        let module = IssuesModule(
            finders: [], detectors: [missing], tenants: { [.sample(1)] },
            appraise: { orders, _ in
                Dictionary(
                    uniqueKeysWithValues: orders.map {
                        ($0, Money(minorUnits: Int64($0.utf8.count) * 100, currency: .usd))
                    })
            })
        let parking = Parking(store: store, observers: [module.ledger])
        var registry = JobRegistry()
        registry.add(ChoreWorker(stage: faults))
        module.addWorkers(to: &registry)
        jobs = JobsModule(
            store: store, budgets: Budgets(timekeeper: timekeeper), registry: registry,
            schedules: try module.schedules(), observers: [module.ledger] + extra,
            operations: { [RemedyOperation(ledger: module.ledger, jobs: $0, parking: parking)] },
            timekeeper: timekeeper)
        desk = IssueDesk(bulk: jobs.bulk)
        let faults = faults
        runner = SubscriptionRunner(
            Subscription(
                name: "testing.doors", kind: .reaction, types: [Knocked.type],
                key: { try $0.decode(Knocked.self).door },
                handle: { event, _ in
                    if let fault = faults.fault(for: try event.decode(Knocked.self).door) {
                        throw fault
                    }
                }), store: store, timekeeper: timekeeper,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            observers: [module.ledger])
        try await runner.load()
    }

    var call: Call { .sample(at: timekeeper.now.microseconds) }

    func enqueue(_ chores: [Chore]) async throws {
        try await store.writeUnrepeated(call) { transaction in
            for chore in chores { try transaction.enqueue(chore) }
        }
    }

    func knock(_ door: String) async throws {
        try await store.writeUnrepeated(call) { try $0.emit(Knocked(door: door), to: "doors/x") }
    }

    func handleEvents() async throws { while try await runner.step() {} }

    /// Runs the dispatcher until nothing is due any more.
    func settle() async throws { try await run { try await $0.isQuiet() } }

    /// Runs the dispatcher until it is so.
    func run(until isSo: @escaping @Sendable (IssuesStage) async throws -> Bool) async throws {
        let dispatcher = jobs.dispatcher(
            .init(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            let clock = SystemTimekeeper()
            while true {
                let generation = store.signals.jobs.generation
                if try await isSo(self) { break }
                await store.signals.jobs.wait(
                    after: generation, until: clock.now + .milliseconds(5), by: clock)
            }
            dispatcher.drain()
            try await group.waitForAll()
        }
    }

    private func isQuiet() async throws -> Bool {
        let now = timekeeper.now.microseconds
        let states: Set<JobState> = [.available, .running, .scheduled, .retryable]
        let open = try await store.bookkeeping {
            try $0.jobs(
                JobFilter(tenant: .sample(1), states: states), before: nil, limit: 500)
        }
        return open.allSatisfy { $0.state != .running && $0.due > now }
    }

    func issues(_ state: Issue.State = .open) async throws -> [Issue] {
        try await store.read(.sample(1)) {
            try $0.page(Issue.byState, equals: [state], limit: 500).items
        }
    }

    func occurrences(
        _ issue: Issue, _ state: IssueOccurrence.State = .open
    ) async throws -> [IssueOccurrence] {
        try await store.read(.sample(1)) {
            try $0.page(IssueOccurrence.byIssue, equals: [issue.id, state], limit: 1000).items
        }
    }

    func only() async throws -> Issue {
        let all = try await issues()
        try #require(all.count == 1)
        return all[0]
    }

    func begin(
        _ remedy: Remedy, on issue: Issue, canary: Int = 0, perSecond: Int = 0,
        selected: [String]? = nil
    ) async throws -> BulkRun {
        var plan = BulkRun.Plan(operation: RemedyOperation.name, subject: issue.id.rawValue)
        plan.reason = "test"
        plan.canary = canary
        plan.perSecond = perSecond
        plan.selected = selected
        let (wanted, desk) = (plan, desk)
        return try await store.writeUnrepeated(call) {
            try desk.begin(remedy, wanted, in: $0)
        }
    }

    /// What would speak against the first of those meant.
    func preview(_ remedy: Remedy, on issue: Issue) async throws -> [String?] {
        var plan = BulkRun.Plan(operation: RemedyOperation.name, subject: issue.id.rawValue)
        plan.reason = "test"
        let (wanted, desk, now) = (plan, desk, timekeeper.now)
        return try await store.read(.sample(1)) {
            try desk.preview(remedy, wanted, at: now, in: $0).first.map { $0.objection?.code }
        }
    }

    func run(_ id: Identifier<BulkRunTag>) async throws -> BulkRun {
        try await store.read(.sample(1)) { try $0.require(BulkRun.self, id) }
    }

    func results(of run: BulkRun) async throws -> [BulkResult] {
        try await store.read(.sample(1)) {
            try $0.page(BulkResult.byRun, equals: [run.id], limit: 1000).items
        }
    }

    func rows(_ states: Set<JobState>) async throws -> [JobRow] {
        try await store.bookkeeping {
            try $0.jobs(
                JobFilter(tenant: .sample(1), states: states, kind: Chore.kind.rawValue),
                before: nil, limit: 500)
        }
    }
}
