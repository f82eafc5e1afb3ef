import EngineTesting
import Jobs
import Kernel
import Storage
import StorageTesting
import Testing

/// What people set for the queue, and what is forgotten of it.
@Suite(.onBothEngines, .namingTheEngine) struct HousekeepingTests {
    @Test
    func `what a person limits is limited at once and after a restart, and what is wrong is named`()
        async throws
    {
        let stage = try await JobsStage()
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))
        func limit(_ scope: String, _ change: QueueLimitChange) async throws -> QueueLimit {
            try await stage.store.writeUnrepeated(.sample(tenant: .platform)) {
                try desk.limit(scope, change, in: $0)
            }
        }
        _ = try await limit("kind:testing.probe", QueueLimitChange(perMinute: 10))
        let both = try await limit("kind:testing.probe", QueueLimitChange(concurrency: 3))
        for _ in 0..<30 { try await stage.enqueue(Probe(name: "ok")) }

        // Ten a minute: nine more take most of one, in this process as in the next.
        let began = stage.timekeeper.steady
        for _ in 0..<2 {
            try await stage.whileDispatching { stage, board in
                try await stage.until {
                    stage.timekeeper.advance(by: .milliseconds(500))
                    return board.figures.completed >= 9
                }
            }
        }
        let lasted = stage.timekeeper.steady.duration(since: began)
        let done = try await stage.rows([.completed]).count
        let wasLimited = try await stage.store.writeUnrepeated(.sample(tenant: .platform)) {
            try desk.removeLimit("kind:testing.probe", in: $0)
        }
        try await stage.runUntilSettled(30)

        #expect(both.perMinute == 10 && both.concurrency == 3 && wasLimited)
        #expect((18...24).contains(done) && lasted > .seconds(80), "\(done) in \(lasted)")
        #expect(try await stage.rows([.completed]).count == 30)
        let wrong: [(String, QueueLimitChange, String)] = [
            ("kind:nobody", QueueLimitChange(concurrency: 1), "scope"),
            ("key:k", QueueLimitChange(concurrency: 1), "scope"),
            ("queue:q", QueueLimitChange(weight: 2), "weight"),
            ("queue:q", QueueLimitChange(concurrency: 0), "concurrency"),
            ("queue:q", QueueLimitChange(perMinute: -1), "perMinute"),
            ("tenant:t", QueueLimitChange(weight: 101), "weight"),
            ("tenant:t", QueueLimitChange(), "concurrency"),
        ]
        for (scope, change, field) in wrong {
            let fault = await #expect(throws: JobsError.self) { _ = try await limit(scope, change) }
            #expect(fault?.field == field, "\(scope)")
        }
    }

    @Test
    func `effects that were settled and batches that ended long ago are forgotten, and no others`()
        async throws
    {
        let stage = try await JobsStage()
        for fault in [nil, FaultKind.refused, .unavailable] {
            _ = try? await EffectLedger().perform(
                scope: "s", key: fault?.rawValue ?? "well", in: stage.context(),
                look: { .absent },
                call: {
                    guard let fault else { return }
                    throw RecordedFault(kind: fault, code: "testing.effect", detail: "no")
                }, settle: { _, _ in })
        }
        try await stage.store.writeUnrepeated(.sample()) { transaction in
            _ = try transaction.enqueue(batch: "ended", of: [Probe](), then: nil)
            _ = try transaction.enqueue(batch: "open", of: [Probe(name: "ok")], then: nil)
        }
        let now = max(stage.timekeeper.now, Call.sample().at)
        func forget(before time: Instant) async throws -> Int {
            try await stage.store.writeUnrepeated(.sample()) {
                try JobsModule.forget(before: time, limit: 500, in: $0)
            }
        }

        let early = try await forget(before: now - .seconds(86_400 * 36_500))
        let late = try await forget(before: now + .seconds(1))

        let (effects, batches) = try await stage.store.read(.sample(1)) { reader in
            (
                try [Effect.State.happened, .refused, .calling].map {
                    try reader.page(Effect.byState, equals: [$0], limit: 9).items.count
                }, try reader.page(JobBatch.byCreation, limit: 9).items.map(\.name)
            )
        }
        #expect(early == 0 && late == 1)
        #expect(effects == [0, 0, 1] && batches == ["open"])
    }
}
