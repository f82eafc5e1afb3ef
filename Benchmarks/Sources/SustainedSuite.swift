import Foundation
import Jobs
import Kernel
import Storage
import StorageTesting
import Synchronization

/// P12: a hundred million jobs a day for an hour, ten minutes of it at ten times that, while one in
/// twenty fails once and history is kept for a minute.
struct SustainedSuite {
    /// For so long: `MINUTES=6` to try it out. The burst is a sixth of it, from five twelfths on.
    private static let minutes =
        Double(ProcessInfo.processInfo.environment["MINUTES"] ?? "") ?? 60
    private static let rate = 1157.0
    private static let burst = 10.0
    private static let callers = 8
    private static let perCall = 10
    private static let historyKept = Duration.seconds(60)
    private static let chunk = 100

    struct Parcel: Job {
        static let kind: JobKind = "bench.parcel"
        /// When it was acknowledged at the earliest, in microseconds since 1970.
        let at: Int64
        let number: Int
        /// With the rest about 188 bytes.
        let filler: String
    }

    /// Fails one in twenty at the first try.
    private struct ParcelWorker: JobWorker {
        let begun: @Sendable (Int64) -> Void

        func work(_ job: Parcel, in context: JobContext) async throws -> JobOutcome {
            guard context.attempt == 1 else { return .completed }
            begun(job.at)
            guard job.number % 20 == 0 else { return .completed }
            throw RecordedFault(kind: .unavailable, code: "bench.once", detail: "fails once")
        }
    }

    /// What one stretch of time was like.
    private struct Stretch {
        var p99 = 0.0
        var memory = 0.0
        var disk = 0.0
    }

    /// Waits of the present stretch, counted by tenths of a millisecond: kept one by one, they would be
    /// the memory that is measured.
    private final class Present: Sendable {
        private let counts = Mutex<[Int: Int]>([:])
        private let enqueued = Atomic<Int>(0)

        /// Jobs acknowledged so far.
        var acknowledged: Int { enqueued.load(ordering: .relaxed) }
        func acknowledge(_ count: Int) { enqueued.add(count, ordering: .relaxed) }

        func add(_ milliseconds: Double) {
            counts.withLock { $0[Int(milliseconds * 10), default: 0] += 1 }
        }

        /// - Returns: within how many milliseconds 99 of 100 began; the next stretch begins.
        func take() -> Double {
            let taken = counts.withLock { counts in
                defer { counts = [:] }
                return counts
            }
            var left = taken.values.reduce(0, +) * 99 / 100
            for (tenth, count) in taken.sorted(by: { $0.key < $1.key }) {
                left -= count
                if left < 0 { return Double(tenth + 1) / 10 }
            }
            return 0
        }
    }

    let folder: String

    func run() async throws -> [Figure] {
        let path = folder + "/bench-\(UUID().uuidString)"
        let bench = try await QueueBenchmark(on: .sqlite(path))
        let present = Present()
        var registry = JobRegistry()
        registry.add(
            ParcelWorker { at in
                present.add(
                    Double(max(0, SystemTimekeeper().now.microseconds - at)) / 1000)
            })
        let board = DispatcherBoard()
        let dispatcher = bench.dispatcher(registry, board)
        var stretches: [Stretch] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            let load = Task {
                try await withThrowingTaskGroup(of: Void.self) { callers in
                    for caller in 0..<Self.callers {
                        callers.addTask { try await Self.load(bench, caller, present) }
                    }
                    try await callers.waitForAll()
                }
            }
            let pruning = Task { try await Self.prune(bench.store) }
            for number in 1...12 {
                try await SystemTimekeeper().sleep(for: .seconds(Self.minutes * 5))
                let stretch = Stretch(
                    p99: present.take(), memory: DepthSuite.anonymousMiB(),
                    disk: Self.diskMiB(path))
                stretches.append(stretch)
                print(
                    "P12: \(number) of 12: 99 of 100 within \(stretch.p99) ms, "
                        + "\(Int(stretch.memory)) MiB, \(Int(stretch.disk)) MiB of disk, "
                        + "\(board.figures.completed) done")
            }
            try await load.value
            while board.figures.completed < present.acknowledged {
                try await SystemTimekeeper().sleep(for: .milliseconds(50))
            }
            pruning.cancel()
            _ = await pruning.result
            dispatcher.drain()
            try await group.waitForAll()
        }
        try await bench.close()
        return figures(stretches, board.figures.completed)
    }

    private func figures(_ stretches: [Stretch], _ done: Int) -> [Figure] {
        // The first begins cold; the burst is six and seven.
        let (first, last) = (stretches[1], stretches[11])
        return [
            Suites.figure(
                "P12", "wait of 99 of 100 in the last twelfth, of the second",
                [last.p99 / first.p99],
                "", bars: [Bar("of the first", 1.2, isLimit: true)]),
            Suites.figure("P12.first", "99 of 100 begin within, at first", [first.p99], "ms"),
            Suites.figure(
                "P12.burst", "the same in the burst", stretches[5...6].map(\.p99), "ms"),
            Suites.figure("P12.last", "the same at last", [last.p99], "ms"),
            Suites.figure(
                "P12.memory", "memory at last, more than at first",
                [max(last.memory - first.memory, 0)],
                "MiB", bars: [Bar("flat", 64, isLimit: true)]),
            Suites.figure(
                "P12.disk", "disk at last, of what it was after the burst",
                [last.disk / stretches[7].disk], "", bars: [Bar("flat", 1.05, isLimit: true)]),
            Suites.figure("P12.done", "jobs done", [Double(done)], ""),
        ]
    }

    /// Ten jobs a call, as many calls as its part of the rate asks for at the time; late ones are made
    /// up for, so that a slow engine is not spared.
    private static func load(
        _ bench: QueueBenchmark, _ caller: Int, _ present: Present
    ) async throws {
        let clock = SystemTimekeeper()
        let filler = String(repeating: "x", count: 130)
        let begin = clock.steady
        var number = caller
        while case let due = due(number), due < minutes * 60 {
            let wait = (begin + .seconds(due)).duration(since: clock.steady)
            if wait > .zero { try await clock.sleep(for: wait) }
            let now = clock.now
            let call = Call(
                tenant: .sample(UInt64(number % 50 + 1)), actor: .platform, at: now,
                correlation: "b")
            let first = number
            try await bench.store.writeUnrepeated(call, lane: .interactive) { transaction in
                for offset in 0..<perCall {
                    _ = try transaction.enqueue(
                        Parcel(
                            at: now.microseconds, number: first &* perCall &+ offset, filler: filler
                        ))
                }
            }
            present.acknowledge(perCall)
            number += callers
        }
    }

    /// When the call of that number is to be made, in seconds from the beginning: evenly, and in the burst
    /// ten times as often.
    private static func due(_ number: Int) -> Double {
        let (begin, end) = (minutes * 25, minutes * 35)
        let steadily = Double(number * perCall) / rate
        guard steadily > begin else { return steadily }
        return min(begin + (steadily - begin) / burst, end)
            + max(steadily - begin - (end - begin) * burst, 0)
    }

    /// As the platform forgets what is old, in small bites.
    private static func prune(_ store: Store) async throws {
        let clock = SystemTimekeeper()
        while !Task.isCancelled {
            let call = Call(
                tenant: .platform, actor: .platform, at: clock.now, correlation: "b")
            let before = (clock.now - historyKept).microseconds
            var place: Int64? = 0
            while let number = place {
                place = try await store.writeUnrepeated(call, lane: .bulk) {
                    try $0.bookkeeping {
                        try $0.pruneHistory(after: number, before: before, limit: chunk).next
                    }
                }
            }
            try await clock.sleep(for: .seconds(5))
        }
    }

    private static func diskMiB(_ path: String) -> Double {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let sizes = files.map { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/" + name)
            return (attributes?[.size] as? NSNumber)?.doubleValue ?? 0
        }
        return sizes.reduce(0, +) / 1_048_576
    }
}
