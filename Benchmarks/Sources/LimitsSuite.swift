import Foundation
import Jobs
import Kernel
import Storage
import Synchronization

/// P7: what limits on ten thousand keys cost, and whether they hold.
struct LimitsSuite {
    private static let keys = 10_000
    private static let most = 2
    private static let repeats = 5

    let folder: String

    /// Counts how many jobs of a key run at once.
    private final class Watch: Sendable {
        private let running = Mutex<[String: Int]>([:])
        private let over = Mutex(0)

        var overruns: Int { over.withLock { $0 } }

        func enter(_ key: String) {
            let count = running.withLock { running in
                running[key, default: 0] += 1
                return running[key] ?? 0
            }
            if count > LimitsSuite.most { over.withLock { $0 += 1 } }
        }

        func leave(_ key: String) { running.withLock { $0[key, default: 1] -= 1 } }
    }

    private struct WatchedWorker: JobWorker {
        let watch: Watch

        func work(
            _ job: QueueBenchmark.Nothing, in context: JobContext
        ) async throws -> JobOutcome {
            let key = String(job.filler.prefix { $0 != " " })
            watch.enter(key)
            // Long enough to be met by others.
            for _ in 0..<3 { await Task.yield() }
            watch.leave(key)
            return .completed
        }
    }

    func run() async throws -> [Figure] {
        var rates: [String: [Double]] = [:]
        let load = QueueBenchmark.Load(callers: 8, perCall: 100, keys: Self.keys)
        for round in 0..<Self.repeats {
            print("P7: repeat \(round + 1) of \(Self.repeats) …")
            for (name, limited, load) in [
                ("limited", true, load), ("free", false, load), ("few", false, .hundred),
            ] {
                rates[name, default: []].append(try await rate(40_000, load, limited))
            }
        }
        let watch = Watch()
        print("P7: a million jobs …")
        _ = try await rate(1_000_000, load, true, WatchedWorker(watch: watch))
        let shares = zip(rates["limited"] ?? [], rates["free"] ?? []).map { $0 / $1 }
        return [
            Suites.figure(
                "P7", "limits on 10,000 keys: rate, as a part of that without", shares, "",
                bars: [Bar("they cost at most 15 %", 0.85)]),
            Suites.figure(
                "P7.limited", "the same, 100 a call by 8 callers", rates["limited"] ?? [],
                "per s"),
            Suites.figure(
                "P7.free", "10,000 keys without limits", rates["free"] ?? [], "per s"),
            Suites.figure("P7.few", "eight keys without limits", rates["few"] ?? [], "per s"),
            Suites.figure(
                "P7.held", "of a million jobs, begun within their key's limit of two",
                [Double(1_000_000 - watch.overruns)], "",
                bars: [Bar("all", 1_000_000)]),
        ]
    }

    private func rate(
        _ count: Int, _ load: QueueBenchmark.Load, _ isLimited: Bool,
        _ worker: any JobWorker = QueueBenchmark.NothingWorker()
    ) async throws -> Double {
        let bench = try await QueueBenchmark(on: .sqlite(folder + "/bench-\(UUID().uuidString)"))
        let budgets = Budgets(timekeeper: SystemTimekeeper())
        if isLimited {
            for key in 0..<Self.keys {
                budgets.configure("bench:\(key)", PartitionLimit(concurrency: Self.most))
            }
        }
        let rate = try await bench.run(count, load, budgets: budgets, worker: worker).rate
        try await bench.close()
        return rate
    }
}
