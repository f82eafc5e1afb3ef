import EngineTesting
import Events
import Foundation
import Issues
import Jobs
import Kernel
import Storage
import StorageTesting
import Testing

@Suite(.onBothEngines, .namingTheEngine) struct RemedyTests {
    private func broken(_ count: Int) async throws -> (IssuesStage, Issue) {
        let stage = try await IssuesStage()
        stage.faults.breakAll(["x"])
        try await stage.enqueue((0..<count).map { Chore(name: "x", order: "ord_\($0)") })
        try await stage.settle()
        return (stage, try await stage.only())
    }

    @Test func `a canary that fails leaves the rest alone`() async throws {
        let (stage, issue) = try await broken(30)

        let run = try await stage.begin(Remedy(.retry), on: issue, canary: 2)
        try await stage.run(until: { try await !$0.isLive(run) })
        // It halts with the first of the two that fails; the other may still be at work.
        try await stage.settle()

        let ended = try await stage.run(run.id)
        #expect(ended.state == .halted && ended.applied == 2)
        #expect(ended.note?.contains("testing.broken") == true)
        #expect(try await stage.rows([.discarded]).count == 30)
    }

    @Test func `all that match are done again once the canary came out well`() async throws {
        let (stage, issue) = try await broken(120)
        stage.faults.mendAll()

        let run = try await stage.begin(Remedy(.retry), on: issue, canary: 2)
        try await stage.run(until: { try await !$0.isLive(run) })
        try await stage.settle()

        let ended = try await stage.run(run.id)
        #expect(ended.state == .done && ended.total == 120 && ended.applied == 120)
        let results = try await stage.results(of: ended)
        #expect(Set(results.map(\.item)).count == 120)
        #expect(try await stage.rows([.completed]).count == 120)
        #expect(try await stage.issues().isEmpty)
    }

    @Test func `what fails again is said, one by one, and what is not over yet as well`()
        async throws
    {
        let (stage, issue) = try await broken(130)

        let again = try await stage.begin(Remedy(.retry), on: issue)
        try await stage.run(until: { try await !$0.isLive(again) })
        stage.faults.mendAll()
        let well = try await stage.begin(Remedy(.retry), on: try await stage.only())
        try await stage.run(until: { try await !$0.isLive(well) })

        let (first, second) = (try await stage.run(again.id), try await stage.run(well.id))
        #expect(first.state == .done && first.applied == 130 && first.refused == 0)
        #expect(first.failedAgain == 130 && first.cameOutWell == nil && first.note == nil)
        let results = try await stage.results(of: first)
        #expect(results.allSatisfy { $0.failedAgain?.contains("testing.broken") == true })
        #expect(second.cameOutWell == 130 && second.failedAgain == nil)
    }

    @Test func `a cap on the rate holds`() async throws {
        let (stage, issue) = try await broken(25)
        stage.faults.mendAll()

        let run = try await stage.begin(Remedy(.skip), on: issue, perSecond: 10)
        try await stage.settle()
        let before = try await stage.run(run.id)
        stage.timekeeper.advance(by: .seconds(1))
        try await stage.settle()
        let after = try await stage.run(run.id)

        #expect(before.applied == 10 && before.state == .running)
        #expect(after.applied == 20)
    }

    @Test func `an edit is checked one by one, and tells what became of each`() async throws {
        let stage = try await IssuesStage()
        try await stage.enqueue((0..<3).map { Chore(name: "x", size: 20 + $0) })
        try await stage.settle()
        let issue = try await stage.only()

        let previewed = try await stage.preview(
            Remedy(.edit, patch: .object(["size": .string("small")])), on: issue)
        #expect(previewed == Array(repeating: "jobs.payloadMalformed", count: 3))
        #expect(
            try await stage.preview(
                Remedy(.edit, patch: .object(["sise": .integer(5)])), on: issue) == previewed)
        #expect(
            try await stage.preview(
                Remedy(.edit, patch: .object(["size": .integer(5)])), on: issue) == [nil, nil, nil])

        let wrong = try await stage.begin(
            Remedy(.edit, patch: .object(["size": .string("small")])), on: issue)
        try await stage.settle()
        let right = try await stage.begin(
            Remedy(.edit, patch: .object(["size": .integer(5)])), on: issue)
        try await stage.settle()

        let faults = try await stage.results(of: wrong).map { $0.fault?.code }
        #expect(faults == Array(repeating: "jobs.payloadMalformed", count: 3))
        #expect(try await stage.run(right.id).applied == 3)
        #expect(try await stage.rows([.completed]).count == 3)
        #expect(try await stage.issues().isEmpty)
    }

    @Test func `only those named are touched, and what is no longer open is refused`() async throws
    {
        let (stage, issue) = try await broken(5)
        let ids = try await stage.occurrences(issue).map(\.id.rawValue)

        let first = try await stage.begin(Remedy(.skip), on: issue, selected: [ids[1], ids[3]])
        try await stage.settle()
        let second = try await stage.begin(Remedy(.skip), on: issue, selected: [ids[0], ids[1]])
        try await stage.settle()

        #expect(try await stage.run(first.id).applied == 2)
        let results = try await stage.results(of: second)
        #expect(results.map { $0.fault?.code } == [nil, "issues.notOpen"])
        #expect(try await stage.only().open == 2)
        #expect(try await stage.occurrences(issue, .skipped).count == 3)
    }

    @Test func `events set aside are retried, edited and skipped like jobs, but not resolved`()
        async throws
    {
        let stage = try await IssuesStage()
        stage.faults.breakAll(["a", "b", "c"])
        for door in ["a", "b", "c", "c"] { try await stage.knock(door) }
        try await stage.handleEvents()
        let issue = try await stage.only()
        let all = try await stage.occurrences(issue)
        try #require(all.count == 3 && issue.place == "event testing.doors")

        let resolved = try await stage.begin(Remedy(.resolve), on: issue)
        try await stage.settle()
        let skipped = try await stage.begin(
            Remedy(.skip), on: issue, selected: [all[0].id.rawValue])
        let edited = try await stage.begin(
            Remedy(.edit, patch: .object(["door": .string("d")])), on: issue,
            selected: [all[1].id.rawValue])
        try await stage.settle()
        stage.faults.mendAll()
        let retried = try await stage.begin(
            Remedy(.retry), on: issue, selected: [all[2].id.rawValue])
        try await stage.settle()
        try await stage.handleEvents()

        #expect(try await stage.run(resolved.id).refused == 3)
        for run in [skipped, edited, retried] {
            #expect(try await stage.run(run.id).applied == 1)
        }
        let parked = try await stage.store.bookkeeping {
            try $0.parkedList(tenant: .sample(1), after: 0, limit: 10)
        }
        #expect(parked.isEmpty)
        #expect(try await stage.issues().isEmpty)
    }

    @Test func `a remedy is refused by name where its words make no sense`() async throws {
        let (stage, issue) = try await broken(1)
        let patch = JSONValue.object(["size": .integer(1)])
        let wrong: [(Remedy, [String]?, String)] = [
            (Remedy(.edit), nil, "patch"), (Remedy(.edit, patch: .integer(3)), nil, "patch"),
            (Remedy(.retry, patch: patch), nil, "patch"),
            (Remedy(.retry), ["nonsense"], "occurrences"), (Remedy(.retry), [], "occurrences"),
        ]

        for (remedy, selected, field) in wrong {
            let error = await #expect(throws: IssuesError.self) {
                _ = try await stage.begin(remedy, on: issue, selected: selected)
            }
            #expect(error?.field == field)
        }
        let canary = await #expect(throws: JobsError.self) {
            _ = try await stage.begin(Remedy(.retry), on: issue, canary: -1)
        }
        #expect(canary?.field == "canary")
    }

    @Test func `a run that is cancelled touches nothing more`() async throws {
        let (stage, issue) = try await broken(25)
        let run = try await stage.begin(Remedy(.skip), on: issue, perSecond: 10)
        try await stage.settle()
        let desk = stage.desk

        _ = try await stage.store.writeUnrepeated(stage.call) { try desk.cancel(run.id, in: $0) }
        stage.timekeeper.advance(by: .seconds(60))
        try await stage.settle()

        let ended = try await stage.run(run.id)
        #expect(ended.state == .cancelled && ended.applied == 10)
        #expect(try await stage.only().open == 15)
    }

    @Test(arguments: [
        (#"{"a":1}"#, #"{"a":2}"#, #"{"a":2}"#), (#"{"a":1,"b":2}"#, #"{"a":null}"#, #"{"b":2}"#),
        (#"{"a":{"b":1}}"#, #"{"a":{"c":2}}"#, #"{"a":{"b":1,"c":2}}"#),
        (#"{"a":[1]}"#, #"{"a":[2,3]}"#, #"{"a":[2,3]}"#), (#"[1]"#, #"{"a":1}"#, #"{"a":1}"#),
        (#"{"a":1}"#, #"{"a":{"b":null}}"#, #"{"a":{}}"#),
    ])
    func `a patch is merged`(_ target: String, _ patch: String, _ result: String) throws {
        func value(_ text: String) throws -> JSONValue {
            try BodyCoder.decode(JSONValue.self, from: Array(text.utf8))
        }

        #expect(try MergePatch.apply(value(patch), to: value(target)) == value(result))
    }
}

extension IssuesStage {
    func isLive(_ run: BulkRun) async throws -> Bool {
        timekeeper.advance(by: .milliseconds(500))
        return try await self.run(run.id).state.isLive
    }
}
