import EngineTesting
import Jobs
import Kernel
import Logging
import Storage
import StorageTesting
import Synchronization

/// One process among several on a database: a store, leases and a dispatcher of its own.
final class LeaseMember: Sendable {
    let store: Store
    let leases: Leases
    let timekeeper: ManualTimekeeper
    let board = DispatcherBoard()
    let dispatcher: Dispatcher
    private let keeper: LeaseKeeper

    /// - Parameter isBlind: takes everything for its own, as only who is alone may.
    init(
        _ name: String, _ database: TestDatabase, _ timekeeper: ManualTimekeeper,
        workers: [any JobWorker] = [], rate: RateLimit? = nil, isBlind: Bool = false
    ) async throws {
        self.timekeeper = timekeeper
        store = Store(engine: try database.engine())
        _ = try await store.open([Gadget.self] + JobsModule.collections)
        leases = Leases(member: name, timekeeper: timekeeper)
        let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
        keeper = LeaseKeeper(store: store, leases: leases, timekeeper: timekeeper, logger: logger)
        let budgets = Budgets(timekeeper: timekeeper)
        budgets.configure(
            LimitScope.tenant(.sample(1)),
            PartitionLimit(concurrency: LeaseCluster.limit, rate: rate))
        var registry = JobRegistry()
        for worker in workers { registry.add(worker) }
        dispatcher = Dispatcher(
            store: store, ending: JobEnding(registry: registry), budgets: budgets,
            timekeeper: timekeeper, logger: logger, board: board,
            leases: isBlind ? nil : leases)
    }

    func beat() async throws { try await keeper.step() }

    func write<T: Sendable>(
        _ body: @escaping @Sendable (any EngineSession) throws -> T
    ) async throws -> T {
        try await store.writeUnrepeated(.sample(tenant: .platform)) {
            try $0.bookkeeping(body)
        }
    }
}

/// A piece of work that can be counted.
struct Tally: Job {
    static let kind: JobKind = "testing.tally"
    let name: String
}

/// Three processes, jobs of one tenant, and a hand that does them harm meanwhile.
final class LeaseCluster: Sendable {
    static let limit = 3

    private struct State {
        var running = 0
        var most = 0
        var harms = 0
        var random: SplitMix64
    }

    private struct Worker: JobWorker {
        let cluster: @Sendable () -> LeaseCluster

        func work(_ job: Tally, in context: JobContext) async throws -> JobOutcome {
            let cluster = cluster()
            let turns = cluster.enter()
            defer { cluster.leave() }
            for _ in 0..<turns {
                try Task.checkCancellation()
                await Task.yield()
            }
            return .commit { transaction in
                try transaction.insert(
                    Gadget(id: transaction.decision.newID(), name: job.name))
            }
        }
    }

    private final class Reference: Sendable {
        let cluster = Mutex<LeaseCluster?>(nil)
    }

    private let state: Mutex<State>
    private let timekeeper: ManualTimekeeper
    private let members: [LeaseMember]

    var mostAtOnce: Int { state.withLock { $0.most } }
    var harms: Int { state.withLock { $0.harms } }

    init(
        _ database: TestDatabase, seed: UInt64, rate: RateLimit? = nil, areBlind: Bool = false
    ) async throws {
        state = Mutex(State(random: SplitMix64(seed: seed)))
        let clock = ManualTimekeeper()
        timekeeper = clock
        let reference = Reference()
        var members: [LeaseMember] = []
        for number in 0..<3 {
            members.append(
                try await LeaseMember(
                    "member \(number)", database, clock,
                    workers: [
                        Worker {
                            guard let cluster = reference.cluster.withLock({ $0 }) else {
                                preconditionFailure("no job runs before the cluster is made")
                            }
                            return cluster
                        }
                    ], rate: rate, isBlind: areBlind))
        }
        self.members = members
        reference.cluster.withLock { $0 = self }
    }

    private func draw(_ range: ClosedRange<Int>) -> Int {
        state.withLock { Int.random(in: range, using: &$0.random) }
    }

    private func enter() -> Int {
        state.withLock { state in
            state.running += 1
            state.most = max(state.most, state.running)
            return Int.random(in: 1...60, using: &state.random)
        }
    }

    private func leave() { state.withLock { $0.running -= 1 } }

    /// What became of the jobs: how many effects there are, and how many ended how.
    func outcome() async throws -> (effects: Int, states: [JobState: Int]) {
        let store = members[0].store
        let effects = try await store.read(.sample(1)) {
            try $0.count(Gadget.byName, equals: [], limit: 10_000)
        }
        return (effects, try await store.bookkeeping { try $0.jobCounts(tenant: .sample(1)) })
    }

    /// The most jobs that were begun within any sixty seconds.
    func mostInAMinute() async throws -> Int {
        let rows = try await members[0].store.bookkeeping {
            try $0.jobs(
                JobFilter(tenant: .sample(1), states: [.completed]), before: nil, limit: 10_000)
        }
        let begun = rows.compactMap(\.started).sorted()
        var (first, most) = (0, 0)
        for (last, at) in begun.enumerated() {
            while begun[first] + 60_000_000 <= at { first += 1 }
            most = max(most, last - first + 1)
        }
        return most
    }

    /// Runs so many jobs to the end of the last, while they are enqueued by any process.
    /// - Parameter harm: done now and then, by chance.
    func run(jobs: Int, harm: @escaping @Sendable (LeaseCluster) async throws -> Void) async throws
    {
        for member in members { try await member.beat() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { try await member.dispatcher.run() } }
            group.addTask { try await self.enqueue(jobs) }
            while try await !isDone(jobs) {
                if draw(0...3) == 0 {
                    state.withLock { $0.harms += 1 }
                    try await harm(self)
                }
                try await pass(beating: Set(0...2))
            }
            for member in members { member.dispatcher.drain() }
            try await group.waitForAll()
        }
    }

    func close() async { for member in members { await member.store.close() } }

    private func isDone(_ jobs: Int) async throws -> Bool {
        do {
            let counts = try await outcome().states
            return [.completed, .discarded, .cancelled].map { counts[$0] ?? 0 }.reduce(0, +) >= jobs
        } catch let fault as any Fault where fault.kind == .unavailable { return false }
    }

    /// Each is asked for until the answer is there; a repeat under the same name is the same job.
    private func enqueue(_ count: Int) async throws {
        for number in 0..<count {
            let member = members[draw(0...2)]
            while true {
                do {
                    _ = try await member.store.write(.sample(operation: "enqueue \(number)")) {
                        try $0.enqueue(Tally(name: "\(number)")) ?? 0
                    }
                    break
                } catch let fault as any Fault where fault.kind == .unavailable {
                    await something(in: 0)
                }
            }
        }
    }

    /// A quarter of a second for those who beat, and a little real time for everyone.
    private func pass(beating: Set<Int>) async throws {
        for index in beating.sorted() {
            do { try await members[index].beat() } catch let fault as any Fault
                where fault.kind == .unavailable
            {}
        }
        timekeeper.advance(by: .milliseconds(250))
        await something(in: 0)
    }

    /// Until a process has news, for a few milliseconds at most.
    private func something(in index: Int) async {
        let clock = SystemTimekeeper()
        let signal = members[index].store.signals.jobs
        await signal.wait(
            after: signal.generation, until: clock.now + .milliseconds(3), by: clock)
    }

    /// One process beats no more until the others have taken over what it had.
    func stallOne() async throws {
        let index = draw(0...2)
        let others = Set(0...2).subtracting([index])
        // Up to half a lease it goes on; then it has to stop by itself …
        for _ in 0..<9 { try await pass(beating: others) }
        while await members[index].dispatcher.runningCount > 0 {
            members[index].store.signals.jobs.raise()
            await something(in: index)
        }
        // … before the others believe it dead.
        for _ in 0..<10 { try await pass(beating: others) }
    }
}
