import EngineTesting
import Foundation
import Issues
import Jobs
import Kernel
import Storage
import StorageTesting
import Testing

@Suite(.onBothEngines, .namingTheEngine) struct IssueTests {
    @Test func `a hundred failures of one cause are one issue with its orders and money`()
        async throws
    {
        let stage = try await IssuesStage()
        stage.faults.breakAll(["x"])
        try await stage.enqueue((0..<100).map { Chore(name: "x", order: "ord_\($0 % 40)") })

        try await stage.settle()

        let issue = try await stage.only()
        #expect(issue.count == 100 && issue.open == 100 && issue.orders == 40)
        #expect(issue.place == "job testing.chore" && issue.code == "testing.broken")
        // Ten names of five letters, thirty of six, a dollar a letter.
        let worth: Int64 = 10 * 500 + 30 * 600
        #expect(issue.money["USD"]?.minorUnits == worth)
        #expect(issue.owner == .operator_ && issue.severity == .medium)
    }

    @Test func `it closes itself when the work is done after all, and opens when it fails again`()
        async throws
    {
        let stage = try await IssuesStage()
        stage.faults.breakAll(["x"])
        try await stage.enqueue([Chore(name: "x", order: "ord_1")])
        try await stage.settle()
        let number = try #require(try await stage.rows([.discarded]).first?.number)
        stage.faults.mendAll()
        try await stage.retry(number)
        try await stage.settle()
        let closed = try #require(try await stage.issues(.closed).first)
        stage.faults.breakAll(["x"])
        try await stage.enqueue([Chore(name: "x", order: "ord_1")])
        try await stage.settle()

        let again = try await stage.only()
        #expect(closed.open == 0 && closed.orders == 0 && closed.money.isEmpty)
        #expect(closed.closedBy == "job:testing.chore")
        #expect(again.id == closed.id && again.reopened == 1 && again.open == 1)
        #expect(again.money["USD"]?.minorUnits == 500)
    }

    @Test func `another reason moves it to another issue`() async throws {
        let stage = try await IssuesStage()
        stage.faults.breakAll(["x"])
        try await stage.enqueue([Chore(name: "x", order: "ord_1")])
        try await stage.settle()
        let number = try #require(try await stage.rows([.discarded]).first?.number)
        stage.faults.breakAll(["x"], code: "testing.other", "for another reason")
        try await stage.retry(number)
        try await stage.settle()

        let open = try await stage.only()
        let closed = try await stage.issues(.closed)
        #expect(open.code == "testing.other" && open.orders == 1)
        #expect(closed.map(\.code) == ["testing.broken"])
    }

    @Test func `what a worker gives up with a reason is no issue`() async throws {
        let stage = try await IssuesStage()
        try await stage.enqueue([Chore(name: "lawful")])

        try await stage.settle()

        #expect(try await stage.rows([.discarded]).count == 1)
        #expect(try await stage.issues().isEmpty)
    }

    @Test func `words without end join one issue after the first hundred`() async throws {
        let stage = try await IssuesStage()
        let letters = "abcdefghijklmnopqrstuvwxyz"
        let names = letters.flatMap { one in letters.prefix(5).map { "\(one)\($0)" } }
        for name in names { stage.faults.breakAll([name], "about \(name)") }
        try await stage.enqueue(names.map { Chore(name: $0) })

        try await stage.settle()

        let issues = try await stage.issues()
        #expect(issues.count == 101)
        #expect(issues.map(\.open).reduce(0, +) == names.count)
        #expect(issues.first { $0.message == "(any)" }?.open == names.count - 100)
    }

    @Test(arguments: [
        ("order 17 of “Joe” failed", "order 981 of “Ann & Co” failed", true),
        ("no answer from 10.0.0.1:80", "no answer from 10.0.0.2:8080", true),
        ("ord_01jd8n3k is late", "ord_01jd8n3z is late", true),
        ("refused", "forbidden", false),
    ])
    func `what differs from case to case makes no other issue`(
        _ one: String, _ other: String, _ isSame: Bool
    ) {
        let prints = [one, other].map { Fingerprint(code: "c", place: "p", detail: $0) }

        #expect((prints[0] == prints[1]) == isSame)
        #expect((prints[0].text == prints[1].text) == isSame)
        #expect(Fingerprint(code: "d", place: "p", detail: one).text != prints[0].text)
    }

    @Test func `a person's word on owner and severity is kept`() async throws {
        let stage = try await IssuesStage()
        stage.faults.breakAll(["x"])
        try await stage.enqueue([Chore(name: "x")])
        try await stage.settle()
        let id = try await stage.only().id
        let desk = stage.desk
        _ = try await stage.store.writeUnrepeated(stage.call) {
            try desk.triage(
                id, .init(owner: .engineer, severity: .low, assignee: "team-a", note: "known"),
                in: $0)
        }
        try await stage.enqueue([Chore(name: "x")])
        try await stage.settle()

        let issue = try await stage.only()
        #expect(issue.owner == .engineer && issue.severity == .low && issue.open == 2)
        #expect(issue.assignee == "team-a" && issue.note == "known")
    }

    @Test func `one who listens and fails keeps no job from its end`() async throws {
        struct Deaf: JobObserver {
            struct Broken: Error {}
            func failed(
                _ job: JobRow, _ fault: RecordedFault, in transaction: Transaction
            ) throws { throw Broken() }
            func recovered(_ job: JobRow, in transaction: Transaction) throws { throw Broken() }
        }
        let stage = try await IssuesStage(observers: [Deaf()])
        stage.faults.breakAll(["x"])
        try await stage.enqueue([Chore(name: "x")])

        try await stage.settle()

        #expect(try await stage.rows([.discarded]).count == 1)
    }

    /// Every sum an issue shows equals what can be counted, whatever fails and heals in between.
    @Test(arguments: Seeds.of(12)) func `its sums can be counted`(_ seed: UInt64) async throws {
        let stage = try await IssuesStage()
        var random = SplitMix64(seed: seed)
        let names = (0..<6).map { "n\($0)" }
        for _ in 0..<6 {
            for name in names {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: stage.faults.mend(name)
                case 1: stage.faults.breakAll([name], code: "testing.one", "one")
                default: stage.faults.breakAll([name], code: "testing.two", "two")
                }
            }
            let chores = (0..<8).map { _ in
                Chore(
                    name: names.randomElement(using: &random) ?? "n0",
                    order: Bool.random(using: &random)
                        ? "ord_\(Int.random(in: 0..<4, using: &random))" : nil)
            }
            try await stage.enqueue(chores)
            for row in try await stage.rows([.discarded]) where Bool.random(using: &random) {
                try await stage.retry(row.number)
            }
            try await stage.settle()

            let failing = try await stage.rows([.discarded])
            let issues = try await stage.issues() + stage.issues(.closed)
            #expect(issues.map(\.open).reduce(0, +) == failing.count)
            for issue in issues {
                let open = try await stage.occurrences(issue)
                let orders = Set(open.compactMap(\.order))
                #expect(issue.open == open.count && issue.orders == orders.count)
                let worth = orders.map { Int64($0.utf8.count) * 100 }.reduce(0, +)
                #expect((issue.money["USD"]?.minorUnits ?? 0) == worth)
                #expect((issue.state == .open) == !open.isEmpty)
            }
        }
    }

    @Test func `what is missing is told once and closes when it is there`() async throws {
        let stage = try await IssuesStage()
        func watch() async throws {
            stage.timekeeper.advance(by: .seconds(60))
            try await stage.fire("issues.watch")
        }
        try await stage.store.writeUnrepeated(.sample(tenant: .platform)) {
            try stage.jobs.scheduler.begin(in: $0)
        }
        stage.missing.set(["a", "b"])
        try await watch()
        try await watch()
        let first = try await stage.only()
        let one = try await stage.occurrences(first)[0]
        let run = try await stage.begin(
            Remedy(.resolve), on: first, selected: [one.id.rawValue])
        try await stage.settle()
        try await watch()
        let still = try await stage.only()
        stage.missing.set([])
        try await watch()

        #expect(first.open == 2 && first.count == 2)
        #expect(try await stage.run(run.id).applied == 1)
        #expect(still.open == 1)
        #expect(try await stage.issues().isEmpty)
        stage.missing.set(["a"])
        try await watch()
        #expect(try await stage.only().reopened == 1)
    }
}

extension IssuesStage {
    func retry(_ number: Int64) async throws {
        let desk = jobs.desk
        _ = try await store.writeUnrepeated(call) { try desk.retry(number, in: $0) }
    }

    /// Starts a schedule's work and waits for it.
    func fire(_ name: String) async throws {
        let scheduler = jobs.scheduler
        let call = Call.sample(tenant: .platform, at: timekeeper.now.microseconds)
        let job = try await store.writeUnrepeated(call) {
            try scheduler.startNow(name, in: $0).job
        }
        let number = try #require(job)
        try await run { stage in
            try await stage.store.bookkeeping { try $0.job(number)?.state == .completed }
        }
    }
}

extension IssueTests {
    @Test func `work that fails, is retried and waits before it is done closes its issue`()
        async throws
    {
        let stage = try await IssuesStage()
        stage.faults.breakAll(["patient"])
        try await stage.enqueue([Chore(name: "patient")])
        try await stage.settle()
        let number = try #require(try await stage.rows([.discarded]).first?.number)
        stage.faults.mendAll()
        stage.faults.delay("patient")
        try await stage.retry(number)
        try await stage.settle()
        let isWaiting = try await stage.rows([.scheduled]).count == 1
        stage.timekeeper.advance(by: .seconds(60))
        try await stage.settle()

        #expect(isWaiting)
        #expect(try await stage.rows([.completed]).count == 1)
        #expect(try await stage.issues().isEmpty)
    }

    @Test func `an order that becomes known later is counted, and another's stays counted`()
        async throws
    {
        let stage = try await IssuesStage()
        stage.faults.breakAll(["x"])
        try await stage.enqueue([Chore(name: "x"), Chore(name: "x", order: "ord_1")])
        try await stage.settle()
        let issue = try await stage.only()
        let first = try await stage.occurrences(issue).first { $0.order == nil }
        let run = try await stage.begin(
            Remedy(.edit, patch: .object(["order": .string("ord_1")])), on: issue,
            selected: [try #require(first?.id.rawValue)])
        try await stage.settle()
        let both = try await stage.only()
        let skipped = try await stage.begin(
            Remedy(.skip), on: issue, selected: [try #require(first?.id.rawValue)])
        try await stage.settle()
        let one = try await stage.only()

        #expect(try await stage.run(run.id).applied == 1)
        #expect(try await stage.run(skipped.id).applied == 1)
        #expect(both.open == 2 && both.orders == 1 && both.money["USD"]?.minorUnits == 500)
        #expect(one.open == 1 && one.orders == 1 && one.money["USD"]?.minorUnits == 500)
    }
}
