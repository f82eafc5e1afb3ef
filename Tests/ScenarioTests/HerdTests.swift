import Jobs
import Kernel
import Logging
import Simulation
import Storage
import StorageSQLite
import StorageTesting
import Synchronization
import Testing

/// R30: thousands of jobs are due at boot while what they call is down for a minute. Whoever comes
/// back must not be thrown down again by those who waited for it.
@Suite struct HerdTests {
    private static let jobs = 10_000
    private static let outage = Duration.seconds(60)
    /// What the other side publishes.
    private static let perMinute = 6000

    struct Errand: Job {
        static let kind: JobKind = "testing.errand"
        let number: Int
    }

    /// The other side: down for a minute, then up, and not to be called more often than it says.
    private final class OtherSide: Sendable {
        private let calls = Mutex<[(at: Instant, isUp: Bool)]>([])
        private let start: Instant
        private let time: SimulatedTime

        init(_ time: SimulatedTime) {
            self.time = time
            start = time.steady
        }

        func answer() async throws {
            let isUp = time.steady >= start + HerdTests.outage
            calls.withLock { $0.append((time.steady, isUp)) }
            try await time.sleep(for: .milliseconds(50))
            guard isUp else {
                throw RecordedFault(kind: .unavailable, code: "testing.down", detail: "down")
            }
        }

        var whileDown: Int { calls.withLock { $0.filter { !$0.isUp }.count } }

        /// The most that came within any stretch so long, once it was up.
        func most(within length: Duration) -> Int {
            let times = calls.withLock { $0.filter(\.isUp).map(\.at) }
            var (first, most) = (0, 0)
            for (last, at) in times.enumerated() {
                while times[first] + length <= at { first += 1 }
                most = max(most, last - first + 1)
            }
            return most
        }
    }

    private struct Worker: JobWorker {
        let other: OtherSide

        func work(_ job: Errand, in context: JobContext) async throws -> JobOutcome {
            try await other.answer()
            return .completed
        }
    }

    private struct Result: Sendable {
        let whileDown: Int
        let peak: Int
        let mostInAMinute: Int
        /// Attempts that counted, of jobs that needed more than one.
        let burned: Int
        let completed: Int
        let took: Duration
    }

    /// - Parameter options: how the jobs say whom they call.
    private static func run(
        _ options: JobOptions, jobs: Int = HerdTests.jobs, seed: UInt64
    ) throws -> Result {
        let time = SimulatedTime(seed: seed, from: Call.sample().at)
        let engine = SimulatedEngine(
            disk: try SimulatedDisk(),
            around: .init(
                later: { run in time.after(.milliseconds(1), run) }, fate: { .well },
                batchSize: { 128 }, died: {}))
        return try time.complete(within: .seconds(7200)) {
            let store = Store(engine: engine)
            _ = try await store.open(JobsModule.collections)
            for start in stride(from: 0, to: jobs, by: 500) {
                try await store.writeUnrepeated(.sample()) { transaction in
                    for number in start..<start + 500 {
                        _ = try transaction.enqueue(Errand(number: number), options)
                    }
                }
            }
            let budgets = Budgets(timekeeper: time)
            budgets.configure(
                "other", PartitionLimit(concurrency: 64, rate: RateLimit(perMinute: perMinute)))
            let other = OtherSide(time)
            let (board, begun) = (DispatcherBoard(), time.steady)
            try await dispatch(store, jobs, budgets, other, board, time)
            let rows = try await store.bookkeeping {
                try $0.jobs(
                    JobFilter(tenant: .sample(1), states: [.completed]), before: nil, limit: jobs)
            }
            return Result(
                whileDown: other.whileDown, peak: other.most(within: .seconds(1)),
                mostInAMinute: other.most(within: .seconds(60)),
                burned: rows.map { $0.attempt - 1 }.reduce(0, +), completed: rows.count,
                took: time.steady.duration(since: begun))
        }
    }

    private static func dispatch(
        _ store: Store, _ jobs: Int, _ budgets: Budgets, _ other: OtherSide,
        _ board: DispatcherBoard,
        _ time: SimulatedTime
    ) async throws {
        var registry = JobRegistry()
        registry.add(Worker(other: other))
        var settings = Dispatcher.Settings()
        settings.randomness = { time.draw() }
        let dispatcher = Dispatcher(
            store: store, ending: JobEnding(registry: registry), budgets: budgets,
            timekeeper: time, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            board: board, settings: settings)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            while board.figures.completed < jobs { try await time.sleep(for: .seconds(1)) }
            dispatcher.drain()
            try await group.waitForAll()
        }
    }

    @Test(arguments: Seeds.of(1))
    func `who was down is asked now and then, and comes back to no more than it can take`(
        _ seed: UInt64
    ) throws {
        let result = try Self.run(JobOptions(connection: "con", key: "other"), seed: seed)

        let steady = Self.perMinute / 60
        #expect(result.completed == Self.jobs)
        #expect(result.whileDown <= Self.jobs / 10, "\(result)")
        #expect(result.peak <= 2 * steady, "\(result)")
        #expect(result.mostInAMinute <= Self.perMinute, "\(result)")
        #expect(result.burned <= CircuitBreaker.threshold, "\(result)")
        // An outage of a minute, at most as long again until it is noticed that it is over.
        #expect(result.took < .seconds(2 * 60 + Int64(Self.jobs / steady) * 5 / 4), "\(result)")
    }

    @Test func `the control: who does not say whom it calls asks on and on, all at once`() throws {
        let jobs = 1000
        let result = try Self.run(JobOptions(), jobs: jobs, seed: Seeds.of(1)[0])

        #expect(result.completed == jobs && result.whileDown > jobs, "\(result)")
        // As many times the steady rate of a side that could take so many fewer.
        let steady = Self.perMinute / 60 * jobs / Self.jobs
        #expect(result.peak > 2 * steady, "\(result)")
        #expect(result.burned > jobs, "\(result)")
    }
}
