import Foundation
import Glibc
import Jobs
import Kernel
import Processes
import Storage
import StorageTesting
import Synchronization

/// P8: five million jobs ready and ten million scheduled, against ten thousand.
struct DepthSuite {
    /// Due in this much time it still waits when all is measured.
    private static let far = Duration.seconds(86_400)
    private static let slice = 10_000
    private static let slices = 5
    private static let dueRate = 2000
    private static let dueSeconds = 5

    let folder: String
    /// A part of the millions, to try it out: `DEPTH=0.1`; a fiftieth at least.
    private let part =
        Double(ProcessInfo.processInfo.environment["DEPTH"] ?? "").map { min(max($0, 0.02), 1) }
        ?? 1

    private var ready: Int { Int(5_000_000 * part) }
    private var scheduled: Int { Int(10_000_000 * part) }

    func run() async throws -> [Figure] {
        print("P8: ten thousand …")
        var shallow: [Double] = []
        for _ in 0..<Self.slices { shallow.append(try await drainShallow()) }
        let path = folder + "/bench-\(UUID().uuidString)"
        print("P8: filling with \(ready) ready and \(scheduled) scheduled …")
        // By another process: what enqueuing takes would count as memory.
        let (ending, said) = try await ChildProcess.run([
            "/proc/self/exe", "--fill", path, "--ready", "\(ready)", "--scheduled", "\(scheduled)",
        ])
        guard ending == .exited(0) else {
            throw Peers.Missing(description: "it could not be filled: \(said.suffix(400))")
        }
        let memoryBefore = Self.anonymousMiB()
        print("P8: draining …")
        let started = ContinuousClock.now
        let bench = try await QueueBenchmark(on: .sqlite(path))
        let measured = try await drain(bench, since: started)
        let memory = Self.anonymousMiB() - memoryBefore
        try await bench.close()
        let shallowRate = shallow.sorted()[shallow.count / 2]
        return [
            Suites.figure(
                "P8", "drain with \(ready) ready and \(scheduled) scheduled, of that with 10,000",
                measured.rates.map { $0 / shallowRate }, "",
                bars: [Bar("of the rate with 10,000", 0.85)]),
            Suites.figure("P8.shallow", "drain with 10,000 ready", shallow, "per s"),
            Suites.figure("P8.deep", "drain at that depth", measured.rates, "per s"),
            Suites.figure(
                "P8.due", "late by, 99 of 100 of \(Self.dueRate) due a second at that depth",
                [measured.lateness], "ms", bars: [Bar("start in time", 50, isLimit: true)]),
            Suites.figure(
                "P8.restart", "opened and its first job begun, at that depth",
                [measured.firstStart], "s", bars: [Bar("ready again", 10, isLimit: true)]),
            Suites.figure(
                "P8.memory", "memory it takes more, opened and draining", [max(memory, 0)], "MiB",
                bars: [Bar("at most", 64, isLimit: true)]),
        ]
    }

    private func drainShallow() async throws -> Double {
        let bench = try await QueueBenchmark(on: .sqlite(folder + "/bench-\(UUID().uuidString)"))
        try await bench.enqueue(
            Self.slice, 0, QueueBenchmark.Load(callers: 1, perCall: 1000, keys: 8))
        var registry = JobRegistry()
        registry.add(QueueBenchmark.NothingWorker())
        let board = DispatcherBoard()
        let dispatcher = bench.dispatcher(registry, board)
        let rate = try await running(dispatcher) {
            try await Self.timed(board, Self.slice)
        }
        try await bench.close()
        return rate
    }

    /// Makes a store at `path` with so many jobs.
    static func fill(_ path: String, ready: Int, scheduled: Int) async throws {
        let bench = try await QueueBenchmark(on: .sqlite(path))
        let load = QueueBenchmark.Load(callers: 2, perCall: 1000, keys: 8)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<2 {
                group.addTask { try await bench.enqueue(ready / 2, caller, load) }
                group.addTask {
                    try await bench.enqueue(scheduled / 2, caller, load, delay: far)
                }
            }
            try await group.waitForAll()
        }
        await bench.store.close()
    }

    private struct Measured {
        var rates: [Double] = []
        var lateness = 0.0
        var firstStart = 0.0
    }

    private func drain(
        _ bench: QueueBenchmark, since started: ContinuousClock.Instant
    ) async throws -> Measured {
        let waits = Waits()
        var registry = JobRegistry()
        registry.add(QueueBenchmark.NothingWorker())
        registry.add(
            PickupSuite.PingWorker { at in
                waits.add(Double(max(0, Int(SystemTimekeeper().now.microseconds) - at)) / 1000)
            })
        let board = DispatcherBoard()
        let dispatcher = bench.dispatcher(registry, board)
        return try await running(dispatcher) {
            var measured = Measured()
            while board.figures.completed == 0 {
                try await SystemTimekeeper().sleep(for: .milliseconds(1))
            }
            measured.firstStart = (ContinuousClock.now - started).inMilliseconds / 1000
            for _ in 0..<Self.slices {
                measured.rates.append(try await Self.timed(board, Self.slice))
            }
            try await Self.scheduleDue(in: bench)
            let end = SystemTimekeeper().now + .seconds(60)
            while waits.count < Self.dueRate * Self.dueSeconds, SystemTimekeeper().now < end {
                try await SystemTimekeeper().sleep(for: .milliseconds(20))
            }
            measured.lateness = waits.quantile(0.99)
            return measured
        }
    }

    /// Another tenant's, two thousand for each second that comes, while the backlog is being worked;
    /// each is numbered by when it is due, in microseconds since 1970.
    private static func scheduleDue(in bench: QueueBenchmark) async throws {
        let clock = SystemTimekeeper()
        let first = clock.now + .seconds(2)
        for second in 0..<dueSeconds {
            let call = Call(
                tenant: .sample(2), actor: .platform, at: clock.now, correlation: "b")
            try await bench.store.writeUnrepeated(call, lane: .interactive) { transaction in
                let now = transaction.decision.now
                for number in 0..<dueRate {
                    let at =
                        first.microseconds + Int64(second) * 1_000_000
                        + Int64(number * 1_000_000 / dueRate)
                    let delay = Duration.microseconds(at - now.microseconds)
                    _ = try transaction.enqueue(
                        PickupSuite.Ping(number: Int(at)), JobOptions(delay: delay))
                }
            }
        }
    }

    private func running<T: Sendable>(
        _ dispatcher: Dispatcher, _ body: () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            let result = try await body()
            dispatcher.drain()
            try await group.waitForAll()
            return result
        }
    }

    /// Jobs a second until so many more have been completed.
    private static func timed(_ board: DispatcherBoard, _ count: Int) async throws -> Double {
        let before = board.figures.completed
        let time = try await Suites.seconds {
            while board.figures.completed < before + count {
                try await SystemTimekeeper().sleep(for: .milliseconds(1))
            }
        }
        return Double(board.figures.completed - before) / time
    }

    /// What this process holds of memory that is not a file's.
    static func anonymousMiB() -> Double { Suites.memoryMiB("RssAnon") }
}
