import Foundation
import Kernel
import Processes
import Storage
import StorageSQLite
import StorageTesting
import Synchronization

/// P4: 64 callers, each waiting for one durable transaction after the other.
struct StoreSuite {
    let folder: String
    /// One fdatasync of this disk, in microseconds.
    let sync: Double

    private static let callers = 64
    private static let each = 400

    func run() async throws -> [Figure] {
        let server = try await BenchServer(in: folder)
        var (rates, ones, waits, cpu, peers) = (
            [Double](), [Double](), [Double](), [Double](), [Double]()
        )
        for round in 0..<QueueSuites.repeats {
            print("P4: repeat \(round + 1) of \(QueueSuites.repeats) …")
            let many = try await measure(callers: Self.callers, each: Self.each)
            rates.append(many.rate)
            waits.append(many.p99)
            cpu.append(many.cpu)
            ones.append(try await measure(callers: 1, each: 1000).rate)
            peers.append(try await pgbench(server.database().address))
        }
        try await server.stop()
        let cost = cpu.sorted()[cpu.count / 2]
        let ceiling = Double(Self.callers) * 1e6 / (sync + Double(Self.callers) * cost)
        let pgbench = peers.sorted()[peers.count / 2]
        return [
            Suites.figure(
                "P4", "durable transactions of 64 callers, each waiting for its own", rates,
                "per s",
                peers: ["pgbench, 32 clients": pgbench],
                bars: [
                    Bar("75 % of what fsync and processor allow", 0.75 * ceiling),
                    Bar("2× pgbench", 2 * pgbench),
                ]),
            Suites.figure(
                "P4.p99", "the longest of a hundred of them", waits, "ms",
                bars: [Bar("limit", 25, isLimit: true)]),
            Suites.figure("P4.cpu", "processor time of one of them", cpu, "µs"),
            Suites.figure("P4.one", "durable transactions, one caller", ones, "per s"),
        ]
    }

    private func measure(
        callers: Int, each: Int
    ) async throws -> (rate: Double, p99: Double, cpu: Double) {
        let path = folder + "/bench-\(UUID().uuidString)"
        let store = Store(engine: try SQLiteEngine(folder: DataFolder(path: path)) { _ in })
        _ = try await store.open([Gadget.self])
        let waits = Waits()
        let before = QueueBenchmark.processorSeconds()
        let time = try await Suites.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        for number in 0..<each {
                            let took = try await Suites.seconds {
                                try await insert(store, caller * 10_000 + number)
                            }
                            waits.add(took * 1000)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let cpu = (QueueBenchmark.processorSeconds() - before) * 1e6 / Double(callers * each)
        await store.close()
        try FileManager.default.removeItem(atPath: path)
        return (Double(callers * each) / time, waits.quantile(0.99), cpu)
    }

    private func insert(_ store: Store, _ number: Int) async throws {
        let call = Call(
            tenant: .sample(1), actor: .platform, at: Instant(microseconds: 1), correlation: "b")
        try await store.writeUnrepeated(call) { transaction in
            try transaction.insert(Gadget(id: .sample(UInt64(number)), name: "g\(number)"))
        }
    }

    /// Single inserts by 32 clients of PostgreSQL's own tool.
    private func pgbench(_ address: String) async throws -> Double {
        let bin = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
            .sorted()
            .last.map { "/usr/lib/postgresql/\($0)/bin/" }
        guard let bin else { throw Peers.Missing(description: "pgbench is missing") }
        let script = folder + "/insert.sql"
        try "INSERT INTO t(name) VALUES('g');".write(
            toFile: script, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: script) }
        _ = try await ChildProcess.run(
            [
                bin + "psql", address, "-c",
                "CREATE TABLE t(number bigserial PRIMARY KEY, name text NOT NULL)",
            ])
        let (_, said) = try await ChildProcess.run(
            [bin + "pgbench", "-n", "-c", "32", "-j", "2", "-T", "4", "-f", script, address])
        let line = said.split(separator: "\n").first { $0.hasPrefix("tps = ") }
        guard let rate = line?.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) })
        else { throw Peers.Missing(description: "pgbench said \(said.suffix(300))") }
        return rate
    }
}

/// Times of many callers.
final class Waits: Sendable {
    private let all = Mutex<[Double]>([])

    var count: Int { all.withLock { $0.count } }

    func add(_ value: Double) { all.withLock { $0.append(value) } }

    func quantile(_ part: Double) -> Double {
        let sorted = all.withLock { $0.sorted() }
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
    }
}
