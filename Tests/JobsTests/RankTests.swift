import EngineTesting
import Jobs
import Kernel
import Storage
import StorageTesting
import Synchronization
import Testing

/// What goes first: urgency counts, and so does waiting.
@Suite(.onBothEngines, .namingTheEngine) struct RankTests {
    /// Keeps the order in which its jobs began.
    private struct Recorder: JobWorker {
        struct Named: Job {
            static let kind: JobKind = "testing.named"
            let name: String
        }

        let began: @Sendable (String) -> Void

        func work(_ job: Named, in context: JobContext) async throws -> JobOutcome {
            began(job.name)
            return .completed
        }
    }

    private final class Order: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    /// - Returns: a stage with one job in hand at a time, and what began in which order.
    private func stage() async throws -> (JobsStage, Order) {
        var stage = try await JobsStage()
        let order = Order()
        stage.capacity = 1
        stage.registry.add(Recorder { order.add($0) })
        return (stage, order)
    }

    private func enqueue(
        _ name: String, _ options: JobOptions, on stage: JobsStage
    ) async throws -> JobRow {
        let call = Call.sample(at: stage.timekeeper.now.microseconds)
        return try await stage.store.writeUnrepeated(call) { transaction in
            let number = try #require(
                try transaction.enqueue(Recorder.Named(name: name), options))
            return try #require(try transaction.bookkeeping { try $0.job(number) })
        }
    }

    @Test func `a step of priority is worth ten seconds of waiting, and a near deadline an hour`()
        async throws
    {
        let (stage, order) = try await stage()
        func put(_ name: String, _ options: JobOptions = JobOptions()) async throws {
            _ = try await enqueue(name, options, on: stage)
        }
        try await put("waits longest")
        stage.timekeeper.advance(by: .seconds(5))
        try await put("waits")
        try await put("higher, later", JobOptions(priority: 1))
        stage.timekeeper.advance(by: .seconds(20))
        try await put("higher, too late", JobOptions(priority: 1))
        try await put("has a deadline", JobOptions().begun(within: .seconds(120)))
        try await put("lower", JobOptions(priority: -1))

        try await stage.runUntilSettled(6)

        #expect(
            order.all == [
                "has a deadline", "higher, later", "waits longest", "waits", "higher, too late",
                "lower",
            ])
    }

    @Test(arguments: Seeds.of(2))
    func `whatever was enqueued when, it begins in order of rank`(_ seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let (stage, order) = try await stage()
        var rows: [JobRow] = []
        for number in 0..<60 {
            var options = JobOptions(priority: Int.random(in: -100...100, using: &random))
            if Bool.random(using: &random) {
                options = options.begun(
                    within: .seconds(Int64.random(in: 3600...90_000, using: &random)))
            }
            rows.append(try await enqueue("\(number)", options, on: stage))
            stage.timekeeper.advance(by: .seconds(Int64.random(in: 0...40, using: &random)))
        }

        try await stage.runUntilSettled(60)

        let ranked = rows.enumerated().sorted {
            ($0.element.rank, $0.element.number) < ($1.element.rank, $1.element.number)
        }.map { "\($0.offset)" }
        let byPriority = rows.indices.sorted { rows[$0].priority > rows[$1].priority }
        #expect(order.all == ranked)
        // The control: rank is another order than that of arrival or of priority alone.
        #expect(ranked != rows.indices.map { "\($0)" })
        #expect(ranked != byPriority.map { "\($0)" })
    }
}

/// Batches under everything that may become of their jobs.
@Suite(.onBothEngines, .namingTheEngine) struct BatchPropertyTests {
    private enum End: String, Codable, CaseIterable { case ok, discard, refused, fails }

    private struct Member: Job {
        static let kind: JobKind = "testing.member"
        let end: End
        let name: String
    }

    private struct MemberWorker: JobWorker {
        struct Unexpected: Error {}

        func work(_ job: Member, in context: JobContext) async throws -> JobOutcome {
            switch job.end {
            case .ok: return .completed
            case .discard: return .discard(reason: "nothing to do")
            case .refused: throw RecordedFault(kind: .refused, code: "testing", detail: job.name)
            case .fails: throw Unexpected()
            }
        }
    }

    @Test(arguments: Seeds.of(4))
    func `whatever becomes of its jobs, each batch ends once and its completion runs once`(
        _ seed: UInt64
    ) async throws {
        var random = SplitMix64(seed: seed)
        var stage = try await JobsStage()
        stage.registry.add(MemberWorker())
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))
        var batches: [JobBatch] = []
        for number in 0..<6 {
            let members = (0..<Int.random(in: 0...6, using: &random)).map { place in
                Member(
                    end: End.allCases.randomElement(using: &random) ?? .ok, name: "\(place)")
            }
            let completion = try ChainStep(Member(end: .ok, name: "done-\(number)"))
            batches.append(
                try await stage.store.writeUnrepeated(.sample()) {
                    try $0.enqueue(batch: "b\(number)", of: members, then: completion)
                })
        }
        for _ in 0..<12 {
            try await meddle(stage, desk, &random)
            if Bool.random(using: &random) { try await stage.run { _ in } }
        }
        var left = 100
        while try await !live(stage).isEmpty, left > 0 {
            left -= 1
            try await stage.recover()
            try await stage.run { _ in }
            stage.timekeeper.advance(by: .seconds(7200))
        }

        let ran = try await stage.rows([.completed]).map {
            String(decoding: $0.payload, as: UTF8.self)
        }
        for (number, batch) in batches.enumerated() {
            let found = try await stage.store.read(.sample(1)) {
                try $0.get(JobBatch.self, batch.id)
            }
            let end = try #require(found)
            #expect(end.left == 0 && end.endedAt != nil, "\(end)")
            #expect(end.completed + end.discarded + end.cancelled == end.total, "\(end)")
            #expect(ran.count { $0.contains("\"done-\(number)\"") } == 1)
        }
    }

    private func live(_ stage: JobsStage) async throws -> [JobRow] {
        try await stage.rows(Set(JobState.allCases.filter { !$0.isFinal }))
    }

    /// Cancels one, does one again that has ended, or has the process die under one.
    private func meddle(
        _ stage: JobsStage, _ desk: JobDesk, _ random: inout SplitMix64
    ) async throws {
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            // Not what runs once all have ended: then nothing could be said of it.
            let members = try await live(stage).filter { $0.extras?.batch != nil }
            guard let job = members.randomElement(using: &random) else { return }
            _ = try await stage.store.writeUnrepeated(.sample()) {
                try desk.cancel(job.number, in: $0)
            }
        case 1:
            let ended = try await stage.rows([.discarded, .cancelled]).filter {
                $0.extras?.batch != nil
            }
            guard let job = ended.randomElement(using: &random) else { return }
            try await stage.store.writeUnrepeated(.sample()) {
                try desk.retry(job.number, in: $0)
            }
        default:
            let waiting = try await stage.rows([.available])
            guard let job = waiting.randomElement(using: &random) else { return }
            _ = try await stage.claim(job.number)
            try await stage.recover()
        }
    }
}
