import EngineTesting
import Jobs
import Kernel
import Storage
import StorageTesting
import Synchronization
import Testing

@Suite(.onBothEngines, .namingTheEngine) struct UniquenessTests {
    @Test func `the latest value replaces the one that waits`() async throws {
        let stage = try await JobsStage()
        let first = try await stage.put(Probe(name: "ok"), .latest("sku"))
        let second = try await stage.put(Probe(name: "commit"), .latest("sku"))

        try await stage.runUntilSettled(1)

        #expect(second == .replaced(first.number))
        #expect(try await stage.rows([.completed]).count == 1)
        #expect(try await stage.gadget("commit") != nil)
    }

    @Test
    func `a value that comes while one is sent is sent afterwards, and a failed older one never`()
        async throws
    {
        let stage = try await JobsStage()
        let first = try await stage.put(Probe(name: "unavailable"), .latest("sku"))
        let running = try await stage.claim(first.number)
        let second = try await stage.put(Probe(name: "ok"), .latest("sku"))

        let came = try await stage.reschedule(running)

        #expect(second != first && second == .added(second.number))
        #expect(came == .superseded)
    }

    @Test func `a key stays taken for its window after the job has ended`() async throws {
        let stage = try await JobsStage()
        let rule = JobOptions.Uniqueness.within(.seconds(3600), "k")
        let first = try await stage.put(Probe(name: "ok"), rule)
        try await stage.runUntilSettled(1)

        let soon = try await stage.put(Probe(name: "ok"), rule)
        let later = try await stage.put(Probe(name: "ok"), rule, after: .seconds(7200))

        #expect(soon == .kept(first.number))
        #expect(later == .added(later.number))
    }
}

@Suite(.onBothEngines, .namingTheEngine) struct WorkflowTests {
    @Test func `a batch's completion runs once, when the last job has ended however it did`()
        async throws
    {
        let stage = try await JobsStage()
        let batch = try await stage.store.writeUnrepeated(.sample()) { transaction in
            try transaction.enqueue(
                batch: "b", of: ["ok", "discard", "invalid", "ok"].map(Probe.init),
                then: try ChainStep(Probe(name: "commit")))
        }

        try await stage.runUntilSettled(5)

        let ended = try await stage.store.read(.sample(1)) { try $0.get(JobBatch.self, batch.id) }
        #expect(ended?.left == 0 && ended?.completed == 2 && ended?.discarded == 2)
        #expect(ended?.endedAt != nil)
        #expect(try await stage.rows([.completed]).count == 3)
    }

    @Test func `an empty batch is complete at once`() async throws {
        let stage = try await JobsStage()
        let batch = try await stage.store.writeUnrepeated(.sample()) { transaction in
            try transaction.enqueue(
                batch: "b", of: [Probe](), then: try ChainStep(Probe(name: "commit")))
        }
        try await stage.runUntilSettled(1)

        #expect(batch.endedAt != nil)
        #expect(try await stage.gadget("commit") != nil)
    }

    @Test func `a chain goes on only past what completed, and after a retry`() async throws {
        let stage = try await JobsStage()
        try await stage.store.writeUnrepeated(.sample()) { transaction in
            _ = try transaction.enqueue(
                chain: ["ok", "discard", "commit"].map { try ChainStep(Probe(name: $0)) })
        }
        try await stage.runUntilSettled(2)
        #expect(try await stage.gadget("commit") == nil)

        let stopped = try #require(try await stage.rows([.discarded]).first)
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))
        try await stage.store.writeUnrepeated(.sample()) { transaction in
            try desk.retry(
                stopped.number, replacing: Array(#"{"name":"ok"}"#.utf8), in: transaction)
        }
        try await stage.runUntilSettled(2)

        #expect(try await stage.gadget("commit") != nil)
    }

    @Test func `a worker that ends a chain before its end is trouble that somebody hears of`()
        async throws
    {
        var stage = try await JobsStage()
        let heard = HeardFaults()
        stage.observers = [heard]
        try await stage.store.writeUnrepeated(.sample()) { transaction in
            _ = try transaction.enqueue(
                chain: ["discard", "ok", "commit"].map { try ChainStep(Probe(name: $0)) })
        }

        try await stage.runUntilSettled(1)

        #expect(heard.codes == ["jobs.chainStopped"])
        let stopped = try await stage.events(ChainStopped.self)
        #expect(stopped.map(\.following) == [["testing.probe", "testing.probe"]])
    }

    @Test func `a cancelled chain says in the log what does not run`() async throws {
        let stage = try await JobsStage()
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))
        let number = try await stage.store.writeUnrepeated(.sample()) { transaction in
            try transaction.enqueue(
                chain: ["ok", "commit"].map { try ChainStep(Probe(name: $0)) }) ?? 0
        }

        _ = try await stage.store.writeUnrepeated(.sample()) {
            try desk.cancel(number, in: $0)
        }

        #expect(try await stage.events(ChainStopped.self).map(\.number) == [number])
        #expect(try await stage.events(JobCancelled.self).map(\.ran) == [false])
    }

    @Test func `what people do to jobs stands in the log, with who did it`() async throws {
        let stage = try await JobsStage()
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))
        let names = ["discard", "invalid", "unavailable"]
        for name in names { try await stage.enqueue(Probe(name: name)) }
        try await stage.runUntilSettled(3)
        let discarded = try await stage.rows([.discarded]).map(\.number)
        try #require(discarded.count == 2)
        let waiting = try #require(try await stage.rows([.retryable]).first).number
        let (put, edited) = (Array(#"{"name":"snooze"}"#.utf8), Array(#"{"name":"ok"}"#.utf8))

        try await stage.store.writeUnrepeated(.sample()) { transaction in
            try desk.retryOrHasten(discarded[0], replacing: put, in: transaction)
            try desk.dismiss(discarded[1], in: transaction)
            try desk.retryOrHasten(waiting, replacing: edited, in: transaction)
        }

        #expect(try await stage.events(JobRetried.self).map(\.number) == [discarded[0]])
        #expect(try await stage.events(JobDismissed.self).map(\.number) == [discarded[1]])
        #expect(try await stage.events(JobHastened.self).map(\.isEdited) == [true])
        let (log, _) = try await stage.store.read(.sample(1)) {
            try $0.log(after: .start, types: [JobRetried.type], limit: 9)
        }
        #expect(log.map(\.actor) == [Call.sample().actor])
        // What waited for its next try does what it was given, with all its tries.
        try await stage.runUntilSettled(2)
        #expect(try await stage.rows([.completed]).map(\.number) == [waiting])
    }

    @Test func `what stands in the way of telling each time does not keep a job from its end`()
        async throws
    {
        let stage = try await JobsStage()
        // Whoever is told writes the same unique name both times.
        for _ in 0..<2 { try await stage.enqueue(Probe(name: "discard")) }

        try await stage.runUntilSettled(2)

        #expect(try await stage.rows([.discarded]).count == 2)
        #expect(try await stage.gadget("gave up: jobs.discarded") != nil)
    }

    @Test func `a retry gives way to a newer job with its key, and says so`() async throws {
        let stage = try await JobsStage()
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))
        let first = try await stage.put(Probe(name: "discard"), .untilFinished("k"))
        try await stage.runUntilSettled(1)
        let second = try await stage.put(Probe(name: "ok"), .untilFinished("k"))

        let fault = await #expect(throws: JobsError.self) {
            try await stage.store.writeUnrepeated(.sample()) {
                try desk.retry(first.number, in: $0)
            }
        }

        #expect(fault?.reason == .superseded && second == .added(second.number))
        #expect(try await stage.rows([.discarded]).map(\.number) == [first.number])
    }

    @Test func `ten deaths among others cost a job none of its tries`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "unavailable")))
        for _ in 0..<10 {
            try await stage.claimAndDie(number, isAlone: false)
            // Every start sorts out what it finds, and dies again before it runs any.
            try await stage.recover()
        }

        try await stage.runUntilSettled(1)

        let row = try #require(try await stage.rows(Set(JobState.allCases)).first)
        #expect(row.state == .retryable && row.attempt == 1)
    }

    @Test func `an edited payload must be of its kind`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "discard")))
        try await stage.runUntilSettled(1)
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))

        let fault = await #expect(throws: JobsError.self) {
            try await stage.store.writeUnrepeated(.sample()) {
                try desk.retry(number, replacing: Array("[1]".utf8), in: $0)
            }
        }

        #expect(fault?.reason == .payloadMalformed)
        #expect(try await stage.rows([.discarded]).count == 1)
    }

    @Test func `a job past its deadline is not begun, and whoever waits hears of it`() async throws
    {
        let stage = try await JobsStage()
        try await stage.enqueue(Probe(name: "commit"), JobOptions().begun(within: .seconds(60)))
        stage.timekeeper.advance(by: .seconds(61))

        try await stage.runUntilSettled(1)

        #expect(try await stage.rows([.discarded]).first?.fault?.code == "jobs.deadlinePassed")
        #expect(try await stage.gadget("gave up: jobs.deadlinePassed") != nil)
    }

    @Test func `what nobody can read can be cancelled all the same`() async throws {
        struct Strange: Job {
            static let kind = Probe.kind
            let other: Int
        }
        let stage = try await JobsStage()
        let number = try await stage.store.writeUnrepeated(.sample()) {
            try $0.enqueue(Strange(other: 1), JobOptions(delay: .seconds(60))) ?? 0
        }
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))

        let state = try await stage.store.writeUnrepeated(.sample()) {
            try desk.cancel(number, in: $0)
        }

        #expect(state == .cancelled)
        #expect(try await stage.rows([.cancelled]).count == 1)
    }

    @Test func `a running job that is cancelled hears of it, and ends so`() async throws {
        var stage = try await JobsStage()
        let worker = PatientWorker()
        stage.registry.add(worker)
        let number = try await stage.store.writeUnrepeated(.sample()) {
            try $0.enqueue(Patient()) ?? 0
        }
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))

        try await stage.whileDispatching { stage, _ in
            await worker.began.first(at: 1)
            _ = try await stage.store.writeUnrepeated(.sample()) {
                try desk.cancel(number, in: $0)
            }
            try await stage.until { try await !stage.rows([.cancelled]).isEmpty }
        }

        #expect(worker.cancelled.isRaised)
        #expect(try await stage.rows([.cancelled]).first?.fault?.code == "jobs.cancelled")
    }

    @Test func `when all tasks are cancelled at once, what runs is handed back at no cost`()
        async throws
    {
        var stage = try await JobsStage()
        let worker = PatientWorker()
        stage.registry.add(worker)
        try await stage.store.writeUnrepeated(.sample()) { _ = try $0.enqueue(Patient()) }
        let present = stage

        let running = Task {
            try await present.whileDispatching { _, _ in await Signal().wait(after: 0) }
        }
        await worker.began.first(at: 1)
        running.cancel()
        _ = await running.result

        let row = try #require(try await stage.rows(Set(JobState.allCases)).first)
        #expect(row.state == .available && row.attempt == 0 && row.fault == nil)
    }

    @Test func `a stop waits a while for what runs, then hands it back at no cost`() async throws {
        var stage = try await JobsStage()
        let worker = PatientWorker()
        stage.registry.add(worker)
        try await stage.store.writeUnrepeated(.sample()) { _ = try $0.enqueue(Patient()) }
        let clock = stage.timekeeper
        let isStopping = SharedFlag()
        let time = Task {
            while !Task.isCancelled {
                if isStopping.isRaised { clock.advance(by: .seconds(1)) }
                try await SystemTimekeeper().sleep(for: .milliseconds(2))
            }
        }
        defer { time.cancel() }

        let began = clock.steady
        try await stage.whileDispatching { _, _ in
            await worker.began.first(at: 1)
            isStopping.raise()
        }

        let row = try #require(try await stage.rows(Set(JobState.allCases)).first)
        #expect(row.state == .available && row.attempt == 0 && row.fault == nil)
        #expect(worker.cancelled.isRaised)
        #expect(clock.steady.duration(since: began) >= .seconds(20))
    }

    @Test func `a later attempt goes on where the one before had come`() async throws {
        struct Place: Codable, Sendable, Equatable { let page: Int }
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "ok")))
        let first = try await stage.claim(number)
        try await stage.context(of: first).checkpoint(done: 3, of: 9, at: Place(page: 7))
        _ = try await stage.reschedule(first)
        stage.timekeeper.advance(by: .seconds(3600))
        try await stage.store.writeUnrepeated(.sample()) { transaction in
            _ = try transaction.bookkeeping {
                try $0.hasten(
                    tenant: .sample(1), number, now: stage.timekeeper.now.microseconds, payload: nil
                )
            }
        }

        let second = stage.context(of: try await stage.claim(number))

        #expect(try second.place(Place.self) == Place(page: 7))
        #expect(second.progress?.done == 3 && second.progress?.total == 9)
        // An attempt that is over keeps nothing.
        await #expect(throws: JobsError.self) {
            try await stage.context(of: first).checkpoint(done: 4, of: 9, at: Place(page: 8))
        }
    }

    @Test func `a cancelled job that waits never runs, and is told`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "commit")))
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))

        let state = try await stage.store.writeUnrepeated(.sample()) {
            try desk.cancel(number, in: $0)
        }
        try await stage.runUntilSettled(0)

        #expect(state == .cancelled)
        #expect(try await stage.gadget("commit") == nil)
        #expect(try await stage.gadget("gave up: jobs.cancelled") != nil)
    }

    @Test func `nothing starts under a pause, and all does after it`() async throws {
        let stage = try await JobsStage()
        let desk = JobDesk(ending: JobEnding(registry: stage.registry))
        _ = try await stage.store.writeUnrepeated(.sample(tenant: .platform)) {
            try desk.pause("kind:testing.probe", reason: "r", in: $0)
        }
        try await stage.enqueue(Probe(name: "commit"))

        try await stage.whileDispatching { stage, dispatcher in
            // The dispatcher has looked: it holds the job and does not start it.
            try await stage.until { dispatcher.waiting > 0 }
            #expect(try await stage.rows([.available]).count == 1)
            _ = try await stage.store.writeUnrepeated(.sample(tenant: .platform)) {
                try desk.resume("kind:testing.probe", in: $0)
            }
            try await stage.until { try await !stage.rows([.completed]).isEmpty }
        }
    }

    @Test func `a payload too large or a time past the year 9999 is refused by name`() async throws
    {
        let stage = try await JobsStage()

        let large = await #expect(throws: JobsError.self) {
            try await stage.enqueue(Probe(name: String(repeating: "x", count: 10_000_000)))
        }
        let late = await #expect(throws: JobsError.self) {
            try await stage.enqueue(
                Probe(name: "ok"), JobOptions(delay: .seconds(86_400 * 365 * 9000)))
        }

        #expect(large?.reason == .payloadTooLarge && large?.field == "payload")
        #expect(late?.reason == .dueOutOfRange && late?.field == "due")
        #expect(try await stage.rows(Set(JobState.allCases)).isEmpty)
    }
}

/// R10 on one process: an attempt past its time that ends late.
@Suite(.onBothEngines, .namingTheEngine) struct ZombieTests {
    @Test func `what a given-up attempt writes late changes nothing`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "ok")))
        let first = try await stage.claim(number)
        let zombie = stage.context(of: first)
        var back = first
        back.state = .available
        _ = try await stage.reschedule(back)
        let second = try await stage.claim(number)

        await #expect(throws: JobsError.self) {
            try await zombie.write { try $0.insert(Gadget(id: .sample(1), name: "late")) }
        }
        let late = try await stage.store.writeUnrepeated(.sample()) { transaction in
            try transaction.bookkeeping { try $0.finish([first], from: nil) }
        }
        let own = try await stage.context(of: second).write { _ in true }

        #expect(late.isEmpty && own)
        #expect(try await stage.gadget("late") == nil)
        #expect(try await stage.rows([.running]).count == 1)
    }

    @Test func `the control: a write that does not ask whose turn it is lands`() async throws {
        let stage = try await JobsStage()
        let number = try #require(try await stage.enqueue(Probe(name: "ok")))
        var back = try await stage.claim(number)
        back.state = .available
        _ = try await stage.reschedule(back)
        _ = try await stage.claim(number)

        try await stage.store.writeUnrepeated(.sample()) {
            try $0.insert(Gadget(id: .sample(1), name: "late"))
        }

        #expect(try await stage.gadget("late") != nil)
    }

    @Test func `a handler that will not end loses its job to another attempt`() async throws {
        var stage = try await JobsStage()
        let worker = StubbornWorker()
        stage.registry.add(worker)
        try await stage.store.writeUnrepeated(.sample()) { _ = try $0.enqueue(Stubborn()) }

        try await stage.whileDispatching { stage, board in
            await worker.began.first(at: 1)
            stage.timekeeper.advance(by: .seconds(61))
            try await stage.until {
                stage.timekeeper.advance(by: .seconds(1))
                return board.figures.abandoned > 0
            }
            stage.timekeeper.advance(by: .seconds(600))
            await worker.began.first(at: 2)
            worker.release.raise()
            try await stage.until { try await !stage.rows([.completed]).isEmpty }
            try await stage.until { board.figures.staleEnds > 0 }
        }

        #expect(try await stage.rows([.completed]).first?.attempt == 2)
    }
}

struct Patient: Job {
    static let kind: JobKind = "testing.patient"
}

/// Waits until it is told to end.
struct PatientWorker: JobWorker {
    let began = Counted()
    let cancelled = SharedFlag()

    func work(_ job: Patient, in context: JobContext) async throws -> JobOutcome {
        began.raise()
        let signal = Signal()
        await signal.wait(after: signal.generation)
        if Task.isCancelled { cancelled.raise() }
        try Task.checkCancellation()
        return .completed
    }
}

/// Once raised, it stays so.
final class SharedFlag: Sendable {
    private let value = Atomic<Bool>(false)
    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise() { value.store(true, ordering: .releasing) }
}

struct Stubborn: Job {
    static let kind: JobKind = "testing.stubborn"
}

/// Its first attempt ignores being cancelled.
struct StubbornWorker: JobWorker {
    let began = Counted()
    let release = Signal()

    func work(_ job: Stubborn, in context: JobContext) async throws -> JobOutcome {
        let generation = release.generation
        began.raise()
        guard context.attempt == 1 else { return .completed }
        // Outside the attempt's own cancellation, as a blocking call would be.
        await Task { await release.wait(after: generation) }.value
        return .completed
    }
}

@Suite(.onBothEngines, .namingTheEngine) struct BreakerTests {
    @Test func `opens after several failures, probes once, closes as answers come`() {
        var breaker = CircuitBreaker()
        let fault = RecordedFault(kind: .unavailable, code: "x.y", detail: "down")
        let now = Instant(microseconds: 0)
        for _ in 0..<4 { breaker.failed(fault, at: now, jitter: 1) }
        #expect(breaker.isClosed)

        breaker.failed(fault, at: now, jitter: 1)
        let early = breaker.wake(now + .seconds(4))
        let due = breaker.wake(now + .seconds(5))
        breaker.failed(fault, at: now + .seconds(5), jitter: 1)

        #expect(!early && due)
        // The second time it waits twice as long.
        #expect(breaker.state == .open(until: now + .seconds(15)))
        _ = breaker.wake(now + .seconds(15))
        var allowed: [Int?] = []
        while !breaker.isClosed {
            allowed.append(breaker.allowed)
            breaker.succeeded(at: now + .seconds(16))
        }
        // Each answer lets one more run.
        #expect(allowed == (1...64).map { $0 } && breaker.failures == 0)
    }

    @Test func `what recovers closes with time, and opens again when calls fail in a row`() {
        var breaker = CircuitBreaker()
        let fault = RecordedFault(kind: .unavailable, code: "x.y", detail: "down")
        let now = Instant(microseconds: 0)
        for _ in 0..<5 { breaker.failed(fault, at: now, jitter: 1) }
        _ = breaker.wake(now + .seconds(5))
        breaker.succeeded(at: now + .seconds(5))
        var quiet = breaker
        breaker.succeeded(at: now + .seconds(5))
        var answered = breaker
        for _ in 0..<4 { breaker.failed(fault, at: now + .seconds(6), jitter: 1) }
        let between = breaker.isRecovering
        breaker.failed(fault, at: now + .seconds(6), jitter: 1)

        #expect(between && breaker.state == .open(until: now + .seconds(16)))
        let isEarly = answered.wake(now + .seconds(34))
        _ = answered.wake(now + .seconds(35))
        #expect(!isEarly && answered.isClosed)
        // Where nothing came since, or something failed, nobody can be sure: it goes on as it was.
        _ = quiet.wake(now + .seconds(35))
        #expect(quiet.isRecovering && quiet.allowed == 2)
        // It is known how often it had opened: it waits longer.
        for _ in 0..<5 { answered.failed(fault, at: now + .seconds(40), jitter: 1) }
        #expect(answered.state == .open(until: now + .seconds(50)))
    }

    @Test func `while it is open, failing costs no attempt`() async throws {
        let stage = try await JobsStage()
        for _ in 0..<12 {
            try await stage.enqueue(
                Probe(name: "unavailable"), JobOptions(connection: "con"))
        }

        try await stage.runUntilSettled(12)

        let tries = try await stage.rows([.retryable, .scheduled]).map(\.attempt)
        #expect(tries.count == 12)
        #expect(tries.filter { $0 == 1 }.count <= CircuitBreaker.threshold)
    }
}
