import Foundation
import Jobs
import Kernel
import Processes
import Storage
import StorageTesting
import Synchronization

/// P9: PostgreSQL while somebody keeps a writing transaction open: nothing that was deleted since can
/// be cleared away.
struct HeldSuite {
    /// For how long: `HELD_MINUTES=1` to try it out.
    private static let minutes =
        Int(ProcessInfo.processInfo.environment["HELD_MINUTES"] ?? "") ?? 10

    struct Beat: EventPayload {
        static let type: EventType = "bench.beat.1"
        let number: Int
    }

    private final class Switch: Sendable {
        private let state = Atomic<Bool>(true)
        var isOn: Bool { state.load(ordering: .relaxed) }
        func turnOff() { state.store(false, ordering: .relaxed) }
    }

    /// What the time since was like.
    private final class Lags: Sendable {
        private let waits = Mutex(Waits())

        func add(_ value: Double) { waits.withLock { $0.add(value) } }

        func take() -> (p50: Double, p99: Double) {
            waits.withLock { waits in
                defer { waits = Waits() }
                return (waits.quantile(0.5), waits.quantile(0.99))
            }
        }
    }

    let folder: String

    func run() async throws -> [Figure] {
        let server = try await BenchServer(in: folder)
        let address = try server.database().address
        let bench = try await QueueBenchmark(on: .postgres(address))
        var registry = JobRegistry()
        registry.add(QueueBenchmark.NothingWorker())
        let board = DispatcherBoard()
        let dispatcher = bench.dispatcher(registry, board)
        let flows = Switch()
        let lags = Lags()
        var clean: [Double] = []
        var held: [Double] = []
        var quantiles: [(p50: Double, p99: Double)] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            for caller in 0..<64 {
                group.addTask {
                    while flows.isOn { try await bench.enqueue(10, caller, .single) }
                }
            }
            group.addTask { try await Self.beat(bench.store, flows, lags) }
            print("P9: one minute without …")
            _ = try await Self.rate(board, .seconds(10))
            for _ in 0..<6 { clean.append(try await Self.rate(board, .seconds(10))) }
            quantiles.append(lags.take())
            print("P9: \(Self.minutes) minutes with a transaction held open …")
            let holder = try await ChildProcess.start([
                "/usr/bin/psql", "--quiet", address, "--command",
                "BEGIN; CREATE TABLE held(number int); INSERT INTO held VALUES (1); "
                    + "SELECT pg_sleep(\(Self.minutes * 60 + 120))",
            ])
            for minute in 1..<max(Self.minutes, 1) {
                let rate = try await Self.rate(board, .seconds(60))
                print("P9: minute \(minute): \(Int(rate)) a second")
            }
            _ = lags.take()
            for _ in 0..<6 { held.append(try await Self.rate(board, .seconds(10))) }
            quantiles.append(lags.take())
            guard holder.isRunning else {
                throw Peers.Missing(description: "psql held nothing: \(holder.said)")
            }
            holder.signal(SIGTERM)
            flows.turnOff()
            for _ in 0..<65 { try await group.next() }
            dispatcher.drain()
            try await group.waitForAll()
        }
        try await bench.close()
        try await server.stop()
        let cleanRate = clean.sorted()[clean.count / 2]
        return [
            Suites.figure(
                "P9", "PostgreSQL, \(Self.minutes) minutes held open: rate, of the clean one",
                held.map { $0 / cleanRate }, "", bars: [Bar("of the clean rate", 0.85)]),
            Suites.figure("P9.clean", "the clean rate, 64 callers", clean, "per s"),
            Suites.figure("P9.held", "the rate in the last minute", held, "per s"),
            Suites.figure(
                "P9.lag", "event read after its commit, half of them, held", [quantiles[1].p50],
                "ms", peers: ["clean": quantiles[0].p50],
                bars: [Bar("as clean, and a tenth", quantiles[0].p50 * 1.1, isLimit: true)]),
            Suites.figure(
                "P9.lag.p99", "the same, 99 of 100", [quantiles[1].p99], "ms",
                peers: ["clean": quantiles[0].p99]),
        ]
    }

    private static func rate(_ board: DispatcherBoard, _ time: Duration) async throws -> Double {
        let before = board.figures.completed
        let seconds = try await Suites.seconds {
            try await SystemTimekeeper().sleep(for: time)
        }
        return Double(board.figures.completed - before) / seconds
    }

    /// An event ten times a second, and how long after its commit a reader has it.
    private static func beat(
        _ store: Store, _ flows: Switch, _ lags: Lags
    ) async throws {
        let clock = SystemTimekeeper()
        var cursor = LogCursor.start
        var number = 0
        while flows.isOn {
            number += 1
            let beat = Beat(number: number)
            let call = Call(
                tenant: .sample(1), actor: .platform, at: clock.now, correlation: "b")
            try await store.writeUnrepeated(call) { try $0.emit(beat, to: "bench/beat") }
            let committed = ContinuousClock.now
            while true {
                let generation = store.signals.log.generation
                let (page, events) = try await store.log(
                    after: cursor, types: [Beat.type], limit: 512)
                cursor = page.next
                if !events.isEmpty { break }
                await store.signals.log.wait(after: generation)
            }
            lags.add((ContinuousClock.now - committed).inMilliseconds)
            try await clock.sleep(for: .milliseconds(100))
        }
    }
}
