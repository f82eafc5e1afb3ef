import Foundation
import Glibc
import Jobs
import Kernel
import Logging
import Storage
import StoragePostgres
import StorageSQLite
import StorageTesting

/// A job's whole way on one engine: enqueued and acknowledged, run as a task of its own, completed,
/// with its history kept. Everything acknowledged is on disk.
struct QueueBenchmark {
    enum Place {
        case sqlite(String)
        case postgres(String)
    }

    /// Who enqueues, and how many in one transaction.
    struct Load {
        let callers: Int
        let perCall: Int
        /// Callers act for so many, in turn.
        var tenants = 1
        /// Partitions of their own, as connections have: none waits for another's limit.
        var keys = 8

        static let single = Load(callers: 64, perCall: 1)
        static let hundred = Load(callers: 8, perCall: 100)
    }

    struct Nothing: Job {
        static let kind: JobKind = "bench.nothing"
        /// With its JSON around it 188 bytes.
        let filler: String
    }

    struct NothingWorker: JobWorker {
        func work(_ job: Nothing, in context: JobContext) async throws -> JobOutcome { .completed }
    }

    private static let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

    let store: Store
    private let place: Place
    /// Jobs a dispatcher has in hand at once.
    private let inHand: Int

    init(on place: Place, inHand: Int = 1024) async throws {
        (self.place, self.inHand) = (place, inHand)
        switch place {
        case .sqlite(let folder):
            store = Store(engine: try SQLiteEngine(folder: DataFolder(path: folder)) { _ in })
        case .postgres(let address):
            store = Store(engine: try PostgresEngine(address: address))
        }
        _ = try await store.open([Gadget.self, Counter.self] + JobsModule.collections)
    }

    func close() async throws {
        await store.close()
        if case .sqlite(let folder) = place { try FileManager.default.removeItem(atPath: folder) }
    }

    func dispatcher(
        _ registry: JobRegistry, _ board: DispatcherBoard = DispatcherBoard(),
        budgets: Budgets? = nil
    ) -> Dispatcher {
        let clock = SystemTimekeeper()
        return Dispatcher(
            store: store, ending: JobEnding(registry: registry),
            budgets: budgets ?? Budgets(timekeeper: clock), timekeeper: clock, logger: Self.quiet,
            board: board, settings: .init(capacity: inHand))
    }

    /// - Returns: jobs a second, commits per thousand jobs, processor microseconds a job.
    func run(
        _ count: Int, _ load: Load, budgets: Budgets? = nil,
        worker: any JobWorker = NothingWorker()
    ) async throws -> (rate: Double, commits: Double, cpu: Double) {
        var registry = JobRegistry()
        registry.add(worker)
        let board = DispatcherBoard()
        let dispatcher = dispatcher(registry, board, budgets: budgets)
        let each = count / load.callers
        let total = each / load.perCall * load.perCall * load.callers
        let before = Double(try await store.facts()["commits"] ?? "0") ?? 0
        let cpuBefore = Self.processorSeconds()
        let time = try await Suites.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await dispatcher.run() }
                for caller in 0..<load.callers {
                    group.addTask { try await enqueue(each, caller, load) }
                }
                for _ in 0..<load.callers { try await group.next() }
                // What the board counts is on disk; asking the database would measure the asking.
                while board.figures.completed < total {
                    try await SystemTimekeeper().sleep(for: .milliseconds(1))
                }
                dispatcher.drain()
                try await group.waitForAll()
            }
        }
        guard try await completed() == total else {
            throw Peers.Missing(description: "the history does not hold every job")
        }
        let after = Double(try await store.facts()["commits"] ?? "0") ?? 0
        let cpu = (Self.processorSeconds() - cpuBefore) * 1e6 / Double(total)
        return (Double(total) / time, (after - before) / Double(total) * 1000, cpu)
    }

    /// - Parameter delay: how far in the future they are due.
    func enqueue(
        _ count: Int, _ caller: Int, _ load: Load, delay: Duration = .zero
    ) async throws {
        let filler = String(repeating: "x", count: 174)
        let clock = SystemTimekeeper()
        let tenant = TenantID.sample(UInt64(caller % load.tenants + 1))
        for round in 0..<count / load.perCall {
            let call = Call(tenant: tenant, actor: .platform, at: clock.now, correlation: "b")
            try await store.writeUnrepeated(call, lane: .interactive) { transaction in
                for index in 0..<load.perCall {
                    guard load.keys > 8 else {
                        let key = "bench:\(caller % load.keys)"
                        _ = try transaction.enqueue(
                            Nothing(filler: filler), JobOptions(delay: delay, key: key))
                        continue
                    }
                    let number = caller + (round * load.perCall + index) * load.callers
                    let key = "bench:\(number % load.keys)"
                    _ = try transaction.enqueue(
                        Nothing(filler: key + " " + filler.dropFirst(key.utf8.count + 1)),
                        JobOptions(delay: delay, key: key))
                }
            }
        }
    }

    private func completed() async throws -> Int {
        try await store.bookkeeping { try $0.jobCounts(tenant: nil)[.completed] ?? 0 }
    }

    static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}

/// The bars of the queue against other engines, alternating in one run.
struct QueueSuites {
    let folder: String
    static let repeats = 5

    private func sqlite() async throws -> QueueBenchmark {
        try await QueueBenchmark(on: .sqlite(folder + "/bench-\(UUID().uuidString)"))
    }

    /// P1: SQLite.
    func onSQLite() async throws -> [Figure] {
        let peers = try Peers(in: folder)
        let server = try await BenchServer(in: folder)
        var rates: [String: [Double]] = [:]
        var commits: [Double] = []
        var cpu: [Double] = []
        for round in 0..<Self.repeats {
            progress("P1", round)
            for (name, load) in [("one", QueueBenchmark.Load.single), ("hundred", .hundred)] {
                let bench = try await sqlite()
                let result = try await bench.run(
                    (name == "one" ? 19_200 : 40_000) * Suites.times, load)
                rates[name, default: []].append(result.rate)
                if name == "one" {
                    commits.append(result.commits)
                    cpu.append(result.cpu)
                }
                try await bench.close()
            }
            guard !Suites.isAlone else { continue }
            for (name, count) in [("huey", 3000), ("rawsqlite", 60_000)] {
                rates[name, default: []].append(try await peers.run(name, count).rate)
            }
            for (name, count) in [("pgqueuer", 8000), ("awa", 8000)] {
                let uri = try server.database().uri
                rates[name, default: []].append(try await peers.run(name, count, on: uri).rate)
            }
        }
        try await server.stop()
        let peerRates = medians(rates, without: ["one", "hundred"])
        let bars = [
            Bar("gate", 15_000), Bar("3× pgqueuer", 3 * (peerRates["pgqueuer"] ?? 0)),
            Bar("5× huey", 5 * (peerRates["huey"] ?? 0)),
            Bar("10× awa", 10 * (peerRates["awa"] ?? 0)),
            Bar("60 % of a raw loop", 0.6 * (peerRates["rawsqlite"] ?? 0)),
        ]
        return [
            Suites.figure(
                "P1", "SQLite: jobs enqueued one a call by 64 callers, run, completed",
                rates["one"] ?? [], "per s", peers: peerRates, bars: Suites.isAlone ? [] : bars),
            Suites.figure(
                "P1.hundred", "SQLite: the same, 100 a call by 8 callers", rates["hundred"] ?? [],
                "per s", peers: peerRates, bars: Suites.isAlone ? [] : bars),
            Suites.figure("P1.fsyncs", "commits per thousand such jobs, one a call", commits, ""),
            Suites.figure(
                "P1.cpu", "processor time a job, one a call, enqueuing included", cpu, "µs"),
        ]
    }

    /// P3: PostgreSQL.
    func onPostgres() async throws -> [Figure] {
        let peers = try Peers(in: folder)
        let server = try await BenchServer(in: folder)
        var rates: [String: [Double]] = [:]
        for round in 0..<Self.repeats {
            progress("P3", round)
            for (name, load) in [("one", QueueBenchmark.Load.single), ("hundred", .hundred)] {
                let bench = try await QueueBenchmark(on: .postgres(server.database().address))
                rates[name, default: []].append(
                    try await bench.run((name == "one" ? 9600 : 16_000) * Suites.times, load).rate)
                try await bench.close()
            }
            guard !Suites.isAlone else { continue }
            for (name, count) in [
                ("pgqueuer", 8000), ("awa", 8000), ("procrastinate", 500), ("rawpostgres", 40_000),
            ] {
                let uri = try server.database().uri
                rates[name, default: []].append(try await peers.run(name, count, on: uri).rate)
            }
        }
        try await server.stop()
        let peerRates = medians(rates, without: ["one", "hundred"])
        let bars = [
            Bar("1.5× pgqueuer", 1.5 * (peerRates["pgqueuer"] ?? 0)),
            Bar("4× awa", 4 * (peerRates["awa"] ?? 0)),
            Bar("50 % of a raw loop", 0.5 * (peerRates["rawpostgres"] ?? 0)),
        ]
        return [
            Suites.figure(
                "P3", "PostgreSQL: jobs enqueued one a call by 64 callers, run, completed",
                rates["one"] ?? [], "per s", peers: peerRates, bars: Suites.isAlone ? [] : bars),
            Suites.figure(
                "P3.hundred", "PostgreSQL: the same, 100 a call by 8 callers",
                rates["hundred"] ?? [], "per s", peers: peerRates, bars: Suites.isAlone ? [] : bars),
        ]
    }

    private func medians(
        _ rates: [String: [Double]], without ours: Set<String>
    ) -> [String: Double] {
        rates.filter { !ours.contains($0.key) }.mapValues { $0.sorted()[$0.count / 2] }
    }

    private func progress(_ name: String, _ round: Int) {
        print("\(name): repeat \(round + 1) of \(Self.repeats) …")
    }
}
