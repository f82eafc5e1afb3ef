import EngineTesting
import Jobs
import Kernel
import Storage
import StorageTesting
import Testing

/// Schedules on a clock of the test's own, which also stops, jumps and steps back.
@Suite(.onBothEngines, .namingTheEngine) struct ScheduleTests {
    private static let platform = Call.sample(tenant: .platform)

    /// What the ledger says of each due time, oldest first.
    private func ledger(_ stage: JobsStage) async throws -> [ScheduleFiring] {
        try await stage.store.read(.platform) {
            try $0.page(ScheduleFiring.byDue, limit: 500).items
        }
    }

    private func stage(_ schedule: Schedule) async throws -> JobsStage {
        var stage = try await JobsStage()
        stage.registry.add(FireScheduleWorker([schedule]) { 0 })
        try await begin(schedule, stage)
        return stage
    }

    private func begin(_ schedule: Schedule, _ stage: JobsStage) async throws {
        let now = stage.timekeeper.now
        try await stage.store.writeUnrepeated(
            .sample(tenant: .platform, at: now.microseconds)
        ) { try Scheduler([schedule]).begin(in: $0) }
    }

    private func hourly(_ change: (inout Schedule) -> Void = { _ in }) throws -> Schedule {
        var schedule = try Schedule("s", "0 * * * *") { _ in Probe(name: "ok") }
        change(&schedule)
        return schedule
    }

    @Test func `each time is started once, however often it is looked at`() async throws {
        let stage = try await stage(try hourly())

        for _ in 0..<3 {
            stage.timekeeper.advance(by: .seconds(3600))
            try await stage.runUntilSettled(2)
            try await begin(try hourly(), stage)
            try await stage.runUntilSettled(1)
        }

        let firings = try await ledger(stage)
        #expect(firings.map(\.outcome) == [.started, .started, .started])
        #expect(Set(firings.map(\.due)).count == 3)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `jitter puts a time off by up to its bound, once, and loses none`(_ salt: UInt64)
        async throws
    {
        let bound = Duration.seconds(1500)
        let schedule = try hourly { $0.jitter = bound }
        var stage = try await JobsStage()
        stage.registry.add(FireScheduleWorker([schedule]) { salt })
        try await begin(schedule, stage)

        // Looked at far more often than it is due.
        for _ in 0..<80 {
            stage.timekeeper.advance(by: .seconds(300))
            try await stage.runUntilSettled(1)
        }

        let firings = try await ledger(stage)
        let waits = firings.map { $0.decidedAt.duration(since: $0.due) }
        #expect(firings.allSatisfy { $0.outcome == .started })
        #expect(Set(firings.map(\.due)).count == firings.count && (6...7).contains(firings.count))
        #expect(waits.allSatisfy { $0 >= .zero && $0 <= bound + .seconds(300) })
        #expect(Set(waits).count > 1, "\(waits)")
    }

    @Test(arguments: [
        (Schedule.CatchUp.latest, ["skipped", "skipped", "skipped", "skipped", "started"]),
        (.all, ["started", "started", "started", "started", "started"]),
        (.none, ["missed", "missed", "missed", "missed", "missed"]),
    ])
    func `times that passed while nothing ran are decided and told`(
        _ rule: Schedule.CatchUp, _ expected: [String]
    ) async throws {
        let schedule = try hourly {
            $0.catchUp = rule
            $0.overlap = .allow
        }
        let stage = try await stage(schedule)

        stage.timekeeper.advance(by: .seconds(5 * 3600 + 120))
        try await stage.runUntilSettled(6)

        let firings = try await ledger(stage)
        #expect(firings.map(\.outcome.rawValue) == expected)
        #expect(firings.allSatisfy { $0.reason != nil })
    }

    @Test func `what lies before the window is missed for good`() async throws {
        let schedule = try hourly {
            $0.catchUp = .all
            $0.overlap = .allow
            $0.window = .seconds(2 * 3600)
        }
        let stage = try await stage(schedule)

        stage.timekeeper.advance(by: .seconds(4 * 3600 + 120))
        try await stage.runUntilSettled(5)

        #expect(
            try await ledger(stage).map(\.outcome) == [.missed, .missed, .started, .started])
    }

    @Test func `a clock that steps back starts nothing twice`() async throws {
        let stage = try await stage(try hourly())
        stage.timekeeper.advance(by: .seconds(3600))
        try await stage.runUntilSettled(2)

        stage.timekeeper.advance(by: .seconds(-5400))
        try await begin(try hourly(), stage)
        try await stage.runUntilSettled(1)
        stage.timekeeper.advance(by: .seconds(5400))
        try await stage.runUntilSettled(1)

        #expect(try await ledger(stage).count == 1)
    }

    @Test func `while the last one runs the next is left out, and a pause leaves out all`()
        async throws
    {
        let stage = try await stage(
            try Schedule("s", "0 * * * *") { _ in Probe(name: "snooze") })
        stage.timekeeper.advance(by: .seconds(3600))
        try await stage.runUntilSettled(2)
        try await stage.put(paused: "kind:testing.probe")
        stage.timekeeper.advance(by: .seconds(3600))
        try await stage.whileDispatching { stage, _ in
            try await stage.until { try await ledger(stage).count >= 2 }
        }
        _ = try await stage.store.writeUnrepeated(Self.platform) {
            try Scheduler([try hourly()]).setPaused(true, "s", in: $0)
        }
        stage.timekeeper.advance(by: .seconds(3600))
        try await stage.whileDispatching { stage, _ in
            try await stage.until { try await ledger(stage).count >= 3 }
        }

        let firings = try await ledger(stage)
        try #require(firings.map(\.outcome) == [.started, .skipped, .skipped])
        #expect(firings[1].reason?.contains("is still") == true)
        #expect(firings[2].reason?.hasPrefix("paused by") == true)
    }

    @Test func `a long stop is told in one entry`() async throws {
        let stage = try await stage(
            try Schedule("s", "* * * * *") { _ in Probe(name: "ok") })

        stage.timekeeper.advance(by: .seconds(86_400 * 30))
        try await stage.runUntilSettled(1)

        let firings = try await ledger(stage)
        try #require(firings.map(\.outcome) == [.missed, .started])
        #expect(firings[0].count > 500)
    }
}
