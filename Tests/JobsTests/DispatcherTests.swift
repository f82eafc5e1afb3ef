import EngineTesting
import Jobs
import Kernel
import Logging
import Storage
import StorageTesting
import Synchronization
import Testing

@Suite(.onBothEngines, .namingTheEngine) struct DispatcherTests {
    @Test func `a job runs once and its writes commit with its end`() async throws {
        let stage = try await JobsStage()
        try await stage.enqueue(Probe(name: "commit"))

        try await stage.runUntilSettled(1)

        let rows = try await stage.rows([.completed])
        #expect(rows.count == 1)
        #expect(try await stage.gadget("commit") != nil)
    }

    @Test func `a transaction that is taken back leaves no job`() async throws {
        struct Refused: Error {}
        let stage = try await JobsStage()

        await #expect(throws: Refused.self) {
            try await stage.store.write(.sample()) { transaction -> Bool in
                try transaction.enqueue(Probe(name: "never"))
                throw Refused()
            }
        }

        #expect(try await stage.rows(Set(JobState.allCases)).isEmpty)
    }

    @Test(arguments: [
        ("invalid", JobState.discarded), ("refused", .discarded), ("notFound", .discarded),
        ("unavailable", .retryable), ("defect", .retryable), ("limited", .scheduled),
        ("discard", .discarded), ("snooze", .scheduled), ("unexpected", .retryable),
    ])
    func `the kind of a fault decides what becomes of a job`(
        _ name: String, _ state: JobState
    ) async throws {
        let stage = try await JobsStage()
        try await stage.enqueue(Probe(name: name))

        try await stage.runUntilSettled(1)

        let rows = try await stage.rows(Set(JobState.allCases))
        #expect(rows.map(\.state) == [state])
        #expect(name == "snooze" || rows[0].fault != nil)
        // Waiting as told costs no attempt.
        #expect(rows[0].attempt == (["limited", "snooze"].contains(name) ? 0 : 1))
    }

    @Test func `a kind without a worker waits for a release that has one, and is told at once`()
        async throws
    {
        let heard = HeardObserver()
        var old = try await JobsStage()
        let worker = old.registry
        old.registry = JobRegistry()
        old.observers = [heard]
        try await old.enqueue(Probe(name: "ok"))

        for _ in 0..<3 {
            try await old.runUntilSettled(1)
            old.timekeeper.advance(by: .seconds(61))
        }
        let waiting = try await old.rows(Set(JobState.allCases))
        var new = old
        new.registry = worker
        try await new.runUntilSettled(1)

        #expect(waiting.map(\.state) == [.retryable])
        #expect(waiting[0].fault?.code == "jobs.handlerMissing")
        #expect(waiting[0].attempt == 0)
        #expect(try await new.rows([.completed]).count == 1)
        #expect(
            heard.words.withLock { $0 } == Array(repeating: "jobs.handlerMissing", count: 3) + [
                "mended"
            ])
    }

    @Test func `what our own database cannot do costs a job no attempt and opens no breaker`()
        async throws
    {
        let stage = try await JobsStage()
        for _ in 0..<12 {
            try await stage.enqueue(Probe(name: "full"), JobOptions(connection: "con"))
        }
        try await stage.enqueue(Probe(name: "ok"), JobOptions(connection: "con"))

        try await stage.runUntilSettled(13)

        let rows = try await stage.rows([.retryable])
        #expect(rows.count == 12)
        #expect(rows.allSatisfy { $0.attempt == 0 && $0.fault?.code == "storage.full" })
        // An open breaker would have held it back.
        #expect(try await stage.rows([.completed]).count == 1)
    }

    @Test func `the control: what the other side cannot do costs attempts and opens its breaker`()
        async throws
    {
        let stage = try await JobsStage()
        for _ in 0..<12 {
            try await stage.enqueue(Probe(name: "unavailable"), JobOptions(connection: "con"))
        }

        try await stage.runUntilSettled(12)

        let rows = try await stage.rows([.retryable, .scheduled])
        #expect(rows.contains { $0.attempt == 1 })
    }

    @Test func `a unique job is there once until it has finished`() async throws {
        let stage = try await JobsStage()
        let options = JobOptions(uniqueness: .untilFinished("k"))

        let first = try await stage.enqueue(Probe(name: "ok"), options)
        let second = try await stage.enqueue(Probe(name: "ok"), options)
        try await stage.runUntilSettled(1)
        let third = try await stage.enqueue(Probe(name: "ok"), options)

        #expect(first != nil && second == nil && third != nil)
    }

    @Test func `a delayed job waits for its time`() async throws {
        let stage = try await JobsStage()
        try await stage.enqueue(Probe(name: "ok"), JobOptions(delay: .seconds(3600)))

        try await stage.run { $0.timekeeper.advance(by: .seconds(3601)) }

        #expect(try await stage.rows([.completed]).count == 1)
    }

    @Test func `what ran at a crash runs again, and twice alone means quarantine`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "ok")))
        for crash in 0..<2 {
            try await stage.claimAndDie(number, isAlone: crash > 0)
        }
        try await stage.claimAndDie(number, isAlone: true)

        try await stage.runUntilSettled(1)

        let row = try #require(try await stage.rows([.discarded]).first)
        #expect(row.fault?.code == "jobs.quarantined")
    }

    @Test(arguments: ["discard", "invalid", "unexpected"])
    func `whoever waits for a job hears when it is given up`(_ name: String) async throws {
        let stage = try await JobsStage()
        try await stage.enqueue(Probe(name: name))

        try await stage.run { stage in
            // A defect is tried often before it is given up.
            try await stage.until {
                // Only while it waits: what runs must not be run out of its time.
                if try await !stage.rows([.retryable, .scheduled]).isEmpty {
                    stage.timekeeper.advance(by: .seconds(3600))
                }
                return try await !stage.rows([.discarded]).isEmpty
            }
        }

        let code = try #require(try await stage.rows([.discarded]).first?.fault?.code)
        #expect(try await stage.gadget("gave up: \(code)") != nil)
    }

    @Test func `a quarantine is told like any other end`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "ok")))
        for _ in 0..<2 { try await stage.claimAndDie(number, isAlone: true) }

        try await stage.runUntilSettled(1)

        #expect(try await stage.gadget("gave up: jobs.quarantined") != nil)
    }

    @Test func `a job ends also where nobody can be told, and nothing is half told`() async throws {
        let stage = try await JobsStage()
        try await stage.enqueue(Probe(name: "refused"))

        try await stage.runUntilSettled(1)

        #expect(try await stage.rows([.discarded]).count == 1)
        #expect(try await stage.gadget("gave up: testing.probe") == nil)
    }

    @Test func `a suspect does not run beside an event on trial`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "ok")))
        try await stage.claimAndDie(number, isAlone: false)
        let turn = stage.leases.loneTurn
        await turn.enter(.long)

        try await stage.run { stage in
            while turn.waitingCount == 0 { await Task.yield() }
            let waiting = try await stage.rows([.available])
            turn.leave()
            #expect(waiting.map(\.number) == [number])
        }

        #expect(try await stage.rows([.completed]).map(\.number) == [number])
        await turn.enter(.long)
    }

    @Test func `a suspect that lives completes`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "ok")))
        try await stage.claimAndDie(number, isAlone: false)

        try await stage.runUntilSettled(1)

        #expect(try await stage.rows([.completed]).map(\.number) == [number])
    }
}

@Suite(.onBothEngines, .namingTheEngine) struct EffectLedgerTests {
    @Test(arguments: ["lost", "cutBefore"])
    func `a lost answer is asked about before the call is repeated`(_ trouble: String) async throws
    {
        let stage = try await JobsStage()
        let outside = Outside(trouble)
        let ledger = EffectLedger()
        let context = try await stage.context()

        await #expect(throws: JobsError.self) {
            try await outside.perform(ledger, context)
        }
        _ = try await outside.perform(ledger, context)
        _ = try await outside.perform(ledger, context)

        #expect(outside.effects == 1)
        #expect(outside.looks == 1)
        #expect(outside.calls == (trouble == "lost" ? 1 : 2))
    }

    @Test func `a refusal is final`() async throws {
        let stage = try await JobsStage()
        let outside = Outside("refused")
        let ledger = EffectLedger()

        for _ in 0..<3 { _ = try await outside.perform(ledger, try await stage.context()) }

        #expect(outside.calls == 1)
        #expect(outside.settled == 1)
    }

    @Test func `who stood still until the work was another's calls nobody any more`() async throws {
        let stage = try await JobsStage()
        let outside = Outside("none")
        let ledger = EffectLedger()
        let number = try #require(try await stage.enqueue(Probe(name: "ok")))
        let row = try await stage.claim(number)

        // All was well when it began; what it may not do any more is found at the last moment.
        await #expect(throws: JobsError.self) {
            try await outside.perform(ledger, stage.context(of: row) { false })
        }
        let silent = outside.calls
        _ = try await outside.perform(ledger, stage.context(of: row))

        #expect(silent == 0 && outside.calls == 1 && outside.effects == 1)
        // Whether it had called is not known to who comes after it.
        #expect(outside.looks == 1)
    }

    @Test func `being throttled is no lost answer`() async throws {
        let stage = try await JobsStage()
        let outside = Outside("limited")
        let ledger = EffectLedger()

        await #expect(throws: JobsError.self) {
            try await outside.perform(ledger, try await stage.context())
        }
        _ = try await outside.perform(ledger, try await stage.context())

        #expect(outside.looks == 0 && outside.effects == 1)
    }
}

/// An outside system that does things once and answers badly the first time.
private final class Outside: Sendable {
    private struct State {
        var trouble: String?
        var calls = 0
        var effects = 0
        var looks = 0
        var settled = 0
    }

    private let state: Mutex<State>

    init(_ trouble: String) { state = Mutex(State(trouble: trouble)) }

    var calls: Int { state.withLock { $0.calls } }
    var effects: Int { state.withLock { $0.effects } }
    var looks: Int { state.withLock { $0.looks } }
    var settled: Int { state.withLock { $0.settled } }

    func perform(_ ledger: EffectLedger, _ context: JobContext) async throws -> EffectOutcome {
        try await ledger.perform(
            scope: "s", key: "k", in: context,
            look: {
                self.state.withLock {
                    $0.looks += 1
                    return $0.effects > 0 ? .happened : .absent
                }
            }, call: { try self.call() },
            settle: { _, _ in self.state.withLock { $0.settled += 1 } })
    }

    private func call() throws {
        try state.withLock { state in
            state.calls += 1
            let trouble = state.trouble
            state.trouble = nil
            switch trouble {
            case "lost":
                state.effects += 1
                throw JobsError(.timedOut, "the answer was lost")
            case "cutBefore": throw JobsError(.timedOut, "cut before")
            case "limited": throw JobsError(.budgetSpent, "slow down", retryAfter: .seconds(1))
            case "refused": throw JobsError(.notFinished, "no")
            default: state.effects += 1
            }
        }
    }
}

/// R11: who sets the clock delays nothing and starts nothing twice.
@Suite(.onBothEngines, .namingTheEngine) struct ClockTests {
    @Test(arguments: [3600, 86_400])
    func `a clock set back does not put off what waits a moment`(_ step: Int) async throws {
        let stage = try await JobsStage()
        try await stage.enqueue(Probe(name: "ok"), JobOptions(delay: .seconds(20)))
        try await stage.enqueue(Probe(name: "ok"), JobOptions(delay: .seconds(86_400 * 3)))

        try await stage.whileDispatching { stage, board in
            try await stage.until { board.isRunning }
            stage.timekeeper.advance(by: .seconds(1))
            stage.store.signals.jobs.raise()
            try await stage.until { board.waiting == 0 }
            stage.timekeeper.advance(by: .seconds(-step))
            stage.store.signals.jobs.raise()
            try await stage.until {
                stage.timekeeper.advance(by: .seconds(1))
                stage.store.signals.jobs.raise()
                return try await !stage.rows([.completed]).isEmpty
            }
        }

        // Twenty seconds and what the machine took to look, not the clock's step.
        #expect(stage.timekeeper.steady < Call.sample().at + .seconds(600))
        let kept = try #require(try await stage.rows([.scheduled]).first)
        #expect(kept.due == (Call.sample().at + .seconds(86_400 * 3)).microseconds)
    }

    @Test func `a clock set back does not stop the tokens`() {
        let clock = ManualTimekeeper()
        let budgets = Budgets(timekeeper: clock)
        budgets.configure("k", PartitionLimit(concurrency: 1, rate: RateLimit(perMinute: 60)))
        clock.advance(by: .seconds(-86_400))

        clock.advance(by: .seconds(10))

        #expect(budgets.take("k") == .zero)
    }
}

extension ClockTests {
    @Test func `a job that is ready by a clock that was ahead is begun all the same`() async throws
    {
        let stage = try await JobsStage()

        try await stage.whileDispatching { stage, board in
            try await stage.until { board.isRunning }
            let ahead = Call.sample(at: (stage.timekeeper.now + .seconds(3600)).microseconds)
            try await stage.store.writeUnrepeated(ahead) {
                _ = try $0.enqueue(Probe(name: "ok"))
            }
            try await stage.until { try await !stage.rows([.completed]).isEmpty }
        }
    }
}

/// Writes down what it hears, in order.
private final class HeardObserver: JobObserver {
    let words = Mutex<[String]>([])

    func failed(_ job: JobRow, _ fault: RecordedFault, in transaction: Transaction) throws {
        words.withLock { $0.append(fault.code) }
    }

    func recovered(_ job: JobRow, in transaction: Transaction) throws {
        words.withLock { $0.append("mended") }
    }
}
