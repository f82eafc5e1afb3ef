import Foundation
import Jobs
import Kernel
import Logging
import Storage
import StorageSQLite
import StorageTesting

/// The measured paths, each repeated; every write is durable before it is counted.
struct Suites {
    let name: String
    let run: () async throws -> [Figure]

    private static let repeats = 5
    private static let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    static func all(in folder: String) async throws -> [Suites] {
        [
            Suites(name: "store") { try await store(folder) },
            Suites(name: "jobs") { try await jobs(folder) },
            Suites(name: "orders") { try await OrdersBenchmark(folder: folder).run() },
        ]
    }

    static func figure(
        _ id: String, _ what: String, _ values: [Double], _ unit: String
    ) -> Figure {
        let sorted = values.sorted()
        return Figure(
            id: id, what: what, figure: sorted[sorted.count / 2], low: sorted.first ?? 0,
            high: sorted.last ?? 0, unit: unit, commit: "", at: "")
    }

    static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let start = ContinuousClock.now
        try await body()
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    private static func open(_ folder: String) async throws -> (Store, String) {
        let path = folder + "/bench-\(UUID().uuidString)"
        let engine = try SQLiteEngine(folder: DataFolder(path: path)) { _ in }
        let store = Store(engine: engine)
        _ = try await store.open([Gadget.self, Counter.self] + JobsModule.collections)
        return (store, path)
    }

    private static func store(_ folder: String) async throws -> [Figure] {
        var rates: [Int: [Double]] = [1: [], 64: []]
        for _ in 0..<repeats {
            for callers in [1, 64] {
                let (store, path) = try await open(folder)
                let each = callers == 1 ? 1500 : 400
                let time = try await seconds {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for caller in 0..<callers {
                            group.addTask {
                                for number in 0..<each {
                                    try await insert(store, caller * 10_000 + number)
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                rates[callers]?.append(Double(callers * each) / time)
                await store.close()
                try FileManager.default.removeItem(atPath: path)
            }
        }
        return [
            figure("store.callers1", "durable transactions, one caller", rates[1] ?? [], "per s"),
            figure("store.callers64", "durable transactions, 64 callers", rates[64] ?? [], "per s"),
        ]
    }

    private static func insert(_ store: Store, _ number: Int) async throws {
        let call = Call(
            tenant: .sample(1), actor: .platform, at: Instant(microseconds: 1), correlation: "b")
        try await store.writeUnrepeated(call) { transaction in
            try transaction.insert(Gadget(id: .sample(UInt64(number)), name: "g\(number)"))
        }
    }

    struct Nothing: Job {
        static let kind: JobKind = "bench.nothing"
        /// With its JSON around it 188 bytes.
        let filler: String
    }

    struct NothingWorker: JobWorker {
        let done: @Sendable () -> Void

        func work(_ job: Nothing, in context: JobContext) async throws -> JobOutcome {
            done()
            return .completed
        }
    }

    private static func jobs(_ folder: String) async throws -> [Figure] {
        var rates: [Double] = []
        var commits: [Double] = []
        for _ in 0..<repeats {
            let (store, path) = try await open(folder)
            let (rate, perJob) = try await runJobs(store, count: 20_000)
            rates.append(rate)
            commits.append(perJob)
            await store.close()
            try FileManager.default.removeItem(atPath: path)
        }
        return [
            figure(
                "jobs.callers64",
                "jobs enqueued one a call by 64 callers, run and completed, history kept", rates,
                "per s"),
            figure("jobs.fsyncs", "commits (one fsync each) per thousand such jobs", commits, ""),
        ]
    }

    private static func runJobs(_ store: Store, count: Int) async throws -> (Double, Double) {
        let clock = SystemTimekeeper()
        var registry = JobRegistry()
        registry.add(NothingWorker {})
        let dispatcher = Dispatcher(
            store: store, ending: JobEnding(registry: registry),
            budgets: Budgets(timekeeper: clock), timekeeper: clock, logger: quiet,
            settings: .init(capacity: 256))
        let before = Double(try await store.facts()["commits"] ?? "0") ?? 0
        let time = try await seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dispatcher.run() }
                for caller in 0..<64 {
                    group.addTask { try await enqueue(store, count / 64, caller) }
                }
                for _ in 0..<64 { try await group.next() }
                while try await completed(store) < count / 64 * 64 {
                    try await clock.sleep(for: .milliseconds(2))
                }
                dispatcher.drain()
                try await group.waitForAll()
            }
        }
        let after = Double(try await store.facts()["commits"] ?? "0") ?? 0
        return (Double(count / 64 * 64) / time, (after - before) / Double(count) * 1000)
    }

    private static func enqueue(_ store: Store, _ count: Int, _ caller: Int) async throws {
        let filler = String(repeating: "x", count: 175)
        let clock = SystemTimekeeper()
        for _ in 0..<count {
            let call = Call(
                tenant: .sample(1), actor: .platform, at: clock.now, correlation: "b")
            // Partitions of their own, as connections have: none waits for another's limit.
            try await store.writeUnrepeated(call, lane: .interactive) {
                _ = try $0.enqueue(
                    Nothing(filler: filler), JobOptions(key: "bench:\(caller % 8)"))
            }
        }
    }

    private static func completed(_ store: Store) async throws -> Int {
        try await store.bookkeeping { try $0.jobCounts(tenant: nil)[.completed] ?? 0 }
    }
}
