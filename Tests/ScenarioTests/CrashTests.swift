import Foundation
import Glibc
import Kernel
import Processes
import Storage
import Testing

@Suite(.serialized) struct CrashTests {
    private static let limit = 3000
    private static let polling = ["--poll-seconds", "0.5", "--poll-overlap-seconds", "120"]

    /// Where the process dies, each several times; the visit is drawn from the seed.
    private static let points = [
        "inbox.beforeCommit", "store.insideBatch", "effect.afterCall", "poll.midPage",
        "platform.starting", "jobs.afterClaim", "store.afterCommit",
        "events.beforeFloor",
    ]

    @Test(arguments: [UInt64(ProcessInfo.processInfo.environment["LONGSHORE_SEED"] ?? "") ?? 1])
    func `two dozen kills while orders flow lose nothing and repeat nothing`(
        _ seed: UInt64
    ) async throws {
        var generator = SplitMix64(seed: seed)
        let session = try await ProcessSession(
            ["--faults-per-mille", "5", "--webhook-faults-per-mille", "30", "--seed", "\(seed)"],
            arguments: Self.polling)
        defer { session.end() }
        try await Self.begin(session)
        var hits: [String: Int] = [:]
        for cycle in 0..<24 {
            let point = Self.points[cycle % Self.points.count]
            let visit =
                point == "platform.starting" ? 1 : Int.random(in: 1...9, using: &generator)
            try await session.tellRate(1200, orders: 40)
            let process = try await session.serve(["LONGSHORE_CRASH_AT": "\(point):\(visit)"])
            if try await Self.diedByItself(process, session, within: .seconds(20)) {
                hits[point, default: 0] += 1
            }
        }
        let last = try await session.serve()
        defer { last.signal(SIGKILL) }
        try await session.ready()
        try await session.drain()
        let quarantined = try await Self.mendQuarantined(session)

        let violations = try await HistoryChecker(session: session, limitPerMinute: Self.limit)
            .violations()
        let findings = try await session.get("/v1/verification")["findings"].list

        let shown = try await session.sandbox("/control/summary")["orders"].text
        #expect((Int(shown) ?? 0) > 60, "only \(shown) orders flowed")
        #expect(quarantined.isEmpty, "\(quarantined.prefix(10))")
        #expect(violations.isEmpty, "\(violations.prefix(10))")
        #expect(findings.isEmpty, "\(findings.prefix(10))")
        #expect(hits.count == Self.points.count && hits.values.allSatisfy { $0 >= 2 }, "\(hits)")
        last.signal(SIGTERM)
        #expect(try await last.ended() == .exited(0), "SIGTERM drains and ends 0")
    }

    @Test func `the checker notices a job enqueued after the commit`() async throws {
        let found = try await Self.planted(
            "jobAfterCommit", crash: "planted.betweenCommits:3", arguments: Self.polling)

        #expect(found.contains { $0.contains("is missing") }, "\(found)")
    }

    @Test func `the checker notices an inbox answered before it is on disk`() async throws {
        let found = try await Self.planted(
            "answerBeforeFsync", crash: "", arguments: ["--poll-seconds", "0"])

        #expect(found.contains { $0.contains("is missing") }, "\(found)")
    }

    @Test func `the checker notices a confirmation without the effect ledger`() async throws {
        let session = try await ProcessSession(["--seed", "5"], arguments: Self.polling)
        defer { session.end() }
        try await Self.begin(session)
        let process = try await session.serve(["LONGSHORE_PLANT": "confirmWithoutLedger"])
        defer { process.signal(SIGKILL) }
        try await session.ready()
        try await session.tell(
            "/control/faults",
            .object([
                "fault": .string("cutAfter"), "operation": .string("ship"), "times": .integer(5),
            ]))
        try await session.tellRate(300, orders: 60)
        try await session.until("several have been shipped") {
            let effects = try await session.sandbox("/control/ledger")["effects"].list
            return effects.filter { $0["kind"].text == "ship" }.count > 12
        }
        try await session.tell("/control/stop")

        let calls = try await Self.settledRepeats(session)

        #expect(calls.contains { $0.contains("repeated blindly") }, "\(calls)")
    }

    private static func settledRepeats(_ session: ProcessSession) async throws -> [String] {
        let checker = HistoryChecker(session: session, limitPerMinute: limit)
        var found: [String] = []
        let clock = SystemTimekeeper()
        let end = clock.now + .seconds(20)
        while clock.now < end, !found.contains(where: { $0.contains("blindly") }) {
            found = try await checker.violations()
        }
        return found
    }

    /// Opens shop with a platform that is killed before the orders flow.
    private static func begin(_ session: ProcessSession) async throws {
        let process = try await session.serve()
        try await session.ready()
        try await session.openShop(limitPerMinute: limit)
        process.signal(SIGKILL)
        try await process.ended()
    }

    /// It dies at its point; where that is not reached in time, it is killed where it is.
    private static func diedByItself(
        _ process: ChildProcess, _ session: ProcessSession, within limit: Duration
    ) async throws -> Bool {
        do {
            try await session.until("it died", within: limit) { !process.isRunning }
            return try await process.ended() == .signalled(SIGKILL)
        } catch is StageError {
            process.signal(SIGKILL)
            try await process.ended()
            return false
        }
    }

    /// A job alone at two of the deaths is quarantined, as it should be: whatever it owed must
    /// show as failed, and a person's retry must mend it.
    /// - Returns: orders that hide it.
    private static func mendQuarantined(_ session: ProcessSession) async throws -> [String] {
        let jobs = try await session.get("/v1/jobs?limit=500&state=discarded")["items"].list
        let poison = jobs.filter { $0["fault"]["code"].text == "jobs.quarantined" }
        guard !poison.isEmpty else { return [] }
        // At rest nothing is still owed without anyone at work on it: it was answered, or is unknown.
        let orders = try await session.get("/v1/orders?limit=500")["items"].list
        let hidden = orders.filter { order in
            let states = order["obligations"].list.map { $0["state"].text }
            return states.contains("due")
                || (states.contains("unknown") && order["stage"].text != "failed")
        }
        for job in poison {
            try await session.post("/v1/jobs/\(job["number"].text)/retry", .object([:]))
        }
        try await session.drain()
        return hidden.map { "order \($0["reference"].text) hides what was given up" }
    }

    /// Runs with a planted fault and a few kills, then a healthy platform; returns what is wrong.
    private static func planted(
        _ fault: String, crash: String, arguments: [String]
    ) async throws -> [String] {
        let session = try await ProcessSession(["--seed", "3"], arguments: arguments)
        defer { session.end() }
        try await begin(session)
        for _ in 0..<3 {
            try await session.tellRate(900, orders: 60)
            let process = try await session.serve([
                "LONGSHORE_PLANT": fault, "LONGSHORE_CRASH_AT": crash,
            ])
            _ = try await diedByItself(process, session, within: .seconds(4))
        }
        try await session.tell("/control/stop")
        let last = try await session.serve()
        defer { last.signal(SIGKILL) }
        try await session.ready()
        // A lost order never comes to rest: look once the others have.
        do { try await session.until("rest", within: .seconds(8)) { false } } catch is StageError {}
        return try await HistoryChecker(session: session, limitPerMinute: limit).violations()
    }
}

@Suite struct DemoTests {
    @Test(arguments: [false, true])
    func `counts every order once, and notices one that is dropped`(_ drops: Bool) async throws {
        let folder = "/var/tmp/longshore-demo-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (ending, text) = try await Turnstile.processes.pass {
            try await ChildProcess.run(
                [ProcessSession.program.path, "demo", "--faults-per-mille", "0"],
                environment: [
                    "DEMO_SECONDS": "4", "DEMO_PORT": "\(Int.random(in: 10_000...19_000))",
                    "DEMO_DATA": folder, "DEMO_DRAIN_SECONDS": "15",
                    "LONGSHORE_PLANT": drops ? "dropOrder" : "",
                ], errors: .asOurs)
        }

        let last = text.split(separator: "\n").last.map(String.init) ?? ""
        #expect(ending == .exited(drops ? 1 : 0), "\(text)")
        #expect(last.hasPrefix("received="), "\(text)")
        #expect(text.contains("missing here: ") == drops)
    }
}
