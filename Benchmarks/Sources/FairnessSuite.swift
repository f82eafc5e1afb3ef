import Foundation
import Jobs
import Kernel
import Storage
import StorageTesting
import Synchronization

/// P6: what one tenant's hundred thousand jobs cost the others, and what fairness costs all.
struct FairnessSuite {
    private static let dump = 100_000
    private static let others = 49
    private static let pause = Duration.milliseconds(20)
    private static let time = Duration.seconds(3)
    private static let repeats = 3

    /// When each job was acknowledged and when it began, by its number.
    private final class Moments: Sendable {
        private let acknowledged = Mutex<[Int: ContinuousClock.Instant]>([:])
        private let begun = Mutex<[Int: ContinuousClock.Instant]>([:])
        private let heard = Signal()

        func acknowledge(_ number: Int) {
            let now = ContinuousClock.now
            acknowledged.withLock { $0[number] = now }
        }

        func begin(_ number: Int) {
            let now = ContinuousClock.now
            begun.withLock { $0[number] = now }
            heard.raise()
        }

        func allBegun(_ count: Int) async {
            while true {
                let generation = heard.generation
                if begun.withLock({ $0.count }) >= count { return }
                await heard.wait(after: generation)
            }
        }

        var waits: Waits {
            let waits = Waits()
            let starts = begun.withLock { $0 }
            for (number, time) in acknowledged.withLock({ $0 }) {
                guard let start = starts[number] else { continue }
                waits.add(max(0, (start - time).inMilliseconds))
            }
            return waits
        }
    }

    let folder: String

    func run() async throws -> [Figure] {
        var fair: [Double] = []
        var unfair: [Double] = []
        var shares: [Double] = []
        for round in 0..<Self.repeats {
            print("P6: repeat \(round + 1) of \(Self.repeats) …")
            fair.append(try await wait(isFair: true))
            unfair.append(try await wait(isFair: false))
            let one = try await rate(of: .single)
            shares.append(
                try await rate(of: .init(callers: 64, perCall: 1, tenants: 50)) / one)
        }
        let ratios = zip(fair, unfair).map { 100 * $0 / $1 }
        return [
            Suites.figure(
                "P6", "99 of 100 of 49 tenants' jobs beside a tenant's 100,000: wait, of unfair",
                ratios, "%", bars: [Bar("of this engine with fairness off", 1, isLimit: true)]),
            Suites.figure("P6.fair", "the same, waited with fairness", fair, "ms"),
            Suites.figure("P6.unfair", "the same, waited in one queue for all", unfair, "ms"),
            Suites.figure(
                "P6.cost", "P1 with fifty tenants, as a part of P1 with one", shares, "",
                bars: [Bar("fairness costs at most a tenth", 0.9)]),
        ]
    }

    private func bench() async throws -> QueueBenchmark {
        // Fewer in hand than for the highest rate: what others have in hand is what one waits behind.
        try await QueueBenchmark(
            on: .sqlite(folder + "/bench-\(UUID().uuidString)"), inHand: 256)
    }

    private func rate(of load: QueueBenchmark.Load) async throws -> Double {
        let bench = try await bench()
        let rate = try await bench.run(19_200, load).rate
        try await bench.close()
        return rate
    }

    /// - Parameter isFair: each of the others is a tenant; otherwise all stand in the one's queue.
    /// - Returns: milliseconds that the longest of a hundred jobs of the others waited.
    private func wait(isFair: Bool) async throws -> Double {
        let bench = try await bench()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<8 {
                group.addTask {
                    try await bench.enqueue(
                        Self.dump / 8, caller,
                        QueueBenchmark.Load(callers: 8, perCall: 100, keys: 1))
                }
            }
            try await group.waitForAll()
        }
        let moments = Moments()
        var registry = JobRegistry()
        registry.add(QueueBenchmark.NothingWorker())
        registry.add(PickupSuite.PingWorker { moments.begin($0) })
        let dispatcher = bench.dispatcher(registry)
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                try await dispatcher.run()
                return 0
            }
            for other in 0..<Self.others {
                group.addTask { try await visit(bench, other, isFair, moments) }
            }
            var count = 0
            for _ in 0..<Self.others { count += try await group.next() ?? 0 }
            await moments.allBegun(count)
            dispatcher.drain()
            try await group.waitForAll()
        }
        try await bench.close()
        return moments.waits.quantile(0.99)
    }

    /// One job now and then, whether or not the last one is done.
    private func visit(
        _ bench: QueueBenchmark, _ other: Int, _ isFair: Bool, _ moments: Moments
    ) async throws -> Int {
        let clock = SystemTimekeeper()
        let tenant = TenantID.sample(UInt64(isFair ? other + 2 : 1))
        let end = clock.now + Self.time
        var count = 0
        while clock.now < end {
            let number = other * 100_000 + count
            let call = Call(tenant: tenant, actor: .platform, at: clock.now, correlation: "b")
            try await bench.store.writeUnrepeated(call, lane: .interactive) {
                _ = try $0.enqueue(
                    PickupSuite.Ping(number: number), JobOptions(key: isFair ? nil : "bench:0"))
            }
            moments.acknowledge(number)
            count += 1
            try await clock.sleep(for: Self.pause)
        }
        return count
    }
}
