import Foundation
import Jobs
import Kernel
import Storage
import StorageTesting
import Synchronization

/// P5: how long an acknowledged job waits on an idle machine until its handler begins.
struct PickupSuite {
    struct Ping: Job {
        static let kind: JobKind = "bench.ping"
        let number: Int
    }

    struct PingWorker: JobWorker {
        let begun: @Sendable (Int) -> Void

        func work(_ job: Ping, in context: JobContext) async throws -> JobOutcome {
            begun(job.number)
            return .completed
        }
    }

    private final class Times: Sendable {
        private let begun = Mutex<[Int: ContinuousClock.Instant]>([:])
        let signal = Signal()

        func begin(_ number: Int) {
            let now = ContinuousClock.now
            begun.withLock { $0[number] = now }
            signal.raise()
        }

        func wait(for number: Int) async -> ContinuousClock.Instant {
            while true {
                let generation = signal.generation
                if let time = begun.withLock({ $0[number] }) { return time }
                await signal.wait(after: generation)
            }
        }
    }

    private static let count = 300

    let folder: String
    /// One fdatasync of this disk, in microseconds.
    let sync: Double

    func run() async throws -> [Figure] {
        let peers = try Peers(in: folder)
        let server = try await BenchServer(in: folder)
        var middles: [String: [Double]] = [:]
        var tails: [String: [Double]] = [:]
        for round in 0..<QueueSuites.repeats {
            print("P5: repeat \(round + 1) of \(QueueSuites.repeats) …")
            let places: [(String, QueueBenchmark.Place)] = [
                ("sqlite", .sqlite(folder + "/bench-\(UUID().uuidString)")),
                ("postgres", .postgres(try server.database().address)),
            ]
            for (name, place) in places {
                let waits = try await measure(try await QueueBenchmark(on: place))
                middles[name, default: []].append(waits.quantile(0.5))
                tails[name, default: []].append(waits.quantile(0.99))
            }
            let peer = try await peers.run(
                "pgqueuerpickup", Self.count, on: try server.database().uri)
            middles["pgqueuer", default: []].append(peer.rate)
            tails["pgqueuer", default: []].append(peer.cpuMicroseconds)
        }
        try await server.stop()
        let peer = middles["pgqueuer"]?.sorted()[QueueSuites.repeats / 2] ?? 0
        return [
            Suites.figure(
                "P5.sqlite.p50", "SQLite: acknowledged job to handler, idle, half of them",
                middles["sqlite"] ?? [], "ms",
                bars: [Bar("fsync + 1 ms", sync / 1000 + 1, isLimit: true)]),
            Suites.figure(
                "P5.sqlite.p99", "SQLite: the same, the longest of a hundred",
                tails["sqlite"] ?? [],
                "ms", bars: [Bar("fsync + 3 ms", sync / 1000 + 3, isLimit: true)]),
            Suites.figure(
                "P5.postgres.p50", "PostgreSQL: acknowledged job to handler, idle, half of them",
                middles["postgres"] ?? [], "ms", peers: ["pgqueuer": peer],
                bars: [Bar("0.7× pgqueuer", 0.7 * peer, isLimit: true)]),
            Suites.figure(
                "P5.postgres.p99", "PostgreSQL: the same, the longest of a hundred",
                tails["postgres"] ?? [], "ms",
                peers: ["pgqueuer": tails["pgqueuer"]?.sorted()[QueueSuites.repeats / 2] ?? 0]),
        ]
    }

    private func measure(_ bench: QueueBenchmark) async throws -> Waits {
        let times = Times()
        let waits = Waits()
        var registry = JobRegistry()
        registry.add(PingWorker { times.begin($0) })
        let dispatcher = bench.dispatcher(registry)
        let clock = SystemTimekeeper()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            for number in 0..<Self.count {
                try await clock.sleep(for: .milliseconds(8))
                let call = Call(
                    tenant: .sample(1), actor: .platform, at: clock.now, correlation: "b")
                try await bench.store.writeUnrepeated(call, lane: .interactive) {
                    _ = try $0.enqueue(Ping(number: number))
                }
                let acknowledged = ContinuousClock.now
                let begun = await times.wait(for: number)
                waits.add((begun - acknowledged).inMilliseconds)
            }
            dispatcher.drain()
            try await group.waitForAll()
        }
        try await bench.close()
        return waits
    }
}
