import EngineTesting
import Foundation
import Glibc
import Kernel
import Processes
import Storage
import StorageTesting
import Testing

/// R22: an order that traps in its worker takes the whole process down, again and again.
@Suite(.serialized) struct PoisonTests {
    private static let limit = 3000
    private static let polling = ["--poll-seconds", "0.5", "--poll-overlap-seconds", "120"]

    /// Starts the platform so often at most, until it lives on although the poison is there.
    /// - Parameter path: where what is set aside shows.
    /// - Returns: the process that lives, if any, and how often it died.
    private static func live(
        _ session: ProcessSession, _ planted: String, tries: Int,
        until path: String = "/v1/jobs?limit=100&state=discarded"
    ) async throws -> (process: ChildProcess?, deaths: Int) {
        for deaths in 0..<tries {
            let process = try await session.serve([
                "LONGSHORE_PLANT": planted, "SWIFT_BACKTRACE": "enable=no",
            ])
            do {
                try await session.until("it died, or has set something aside") {
                    if !process.isRunning { return true }
                    let aside = try? await session.get(path)
                    return !(aside?["items"].list ?? []).isEmpty
                }
            } catch {
                process.signal(SIGKILL)
                throw error
            }
            guard !process.isRunning else { return (process, deaths) }
            guard case .signalled = try await process.ended() else { return (nil, deaths) }
        }
        return (nil, tries)
    }

    /// - Parameter database: a PostgreSQL address; `nil` for the embedded one.
    private static func begin(_ database: String? = nil) async throws -> ProcessSession {
        let session = try await ProcessSession([], arguments: polling, database: database)
        do {
            let process = try await session.serve()
            defer { process.signal(SIGKILL) }
            try await session.ready()
            try await session.openShop(limitPerMinute: limit)
            process.signal(SIGKILL)
            try await process.ended()
            try await session.tellRate(240, orders: 200)
        } catch {
            session.end()
            throw error
        }
        return session
    }

    @Test(arguments: TestEngine.allCases)
    func `a job that traps is set aside after three deaths, shows, and mends`(
        _ engine: TestEngine
    ) async throws {
        let server = engine == .postgres ? try await BreakableServer.start() : nil
        guard engine == .sqlite || server != nil else { return }
        let session = try await Self.begin(server?.address)
        defer { session.end() }

        let (process, deaths) = try await Self.live(session, "trapOnOrder", tries: 6)

        let living = try #require(process)
        defer { living.signal(SIGKILL) }
        // Once among others, twice alone.
        #expect(deaths == 3)
        // The others go on.
        try await session.untilConfirmed(12)
        try await session.tell("/control/stop")
        let poison = try await session.get("/v1/jobs?limit=100&state=discarded")["items"].list
        #expect(poison.map { $0["fault"]["code"].text } == ["jobs.quarantined"])
        #expect(poison.map { $0["kind"].text } == ["walmart.importOrder"])
        try await session.until("somebody is told") {
            let issues = try await session.get("/v1/issues")["items"].list
            return issues.contains { $0["code"].text == "jobs.quarantined" }
        }
        living.signal(SIGTERM)
        #expect(try await living.ended() == .exited(0))

        // A release that no longer traps, and a person who tries again.
        let mended = try await session.serve()
        defer { mended.signal(SIGKILL) }
        try await session.ready()
        try await session.post("/v1/jobs/\(poison.first?["number"].text ?? "")/retry", .object([:]))
        try await session.drain()
        let violations = try await HistoryChecker(session: session, limitPerMinute: Self.limit)
            .violations()
        #expect(violations.isEmpty, "\(violations.prefix(10))")
        mended.signal(SIGTERM)
        #expect(try await mended.ended() == .exited(0))
        try await server?.stop()
    }

    private static let parked = "/v1/parked?limit=100&code=events.quarantined"

    @Test(arguments: TestEngine.allCases)
    func `an event that traps is set aside after three deaths, shows, and mends`(
        _ engine: TestEngine
    ) async throws {
        let server = engine == .postgres ? try await BreakableServer.start() : nil
        guard engine == .sqlite || server != nil else { return }
        let session = try await Self.begin(server?.address)
        defer { session.end() }

        let (process, deaths) = try await Self.live(
            session, "trapOnEvent", tries: 6, until: Self.parked)

        let living = try #require(process)
        defer { living.signal(SIGKILL) }
        #expect(deaths == 3)
        // The others go on.
        try await session.untilConfirmed(12)
        try await session.tell("/control/stop")
        let poison = try await session.get(Self.parked)["items"].list
        #expect(poison.map { $0["subscription"].text } == ["orders.whenOrderObserved"])
        try await session.until("somebody is told") {
            let issues = try await session.get("/v1/issues")["items"].list
            return issues.contains { $0["code"].text == "events.quarantined" }
        }
        // Nobody else is blamed: not the jobs that ran at the first death.
        #expect(
            try await session.get("/v1/jobs?limit=100&state=discarded")["items"].list.isEmpty)
        living.signal(SIGTERM)
        #expect(try await living.ended() == .exited(0))

        // A release that no longer traps, and a person who tries again.
        let mended = try await session.serve()
        defer { mended.signal(SIGKILL) }
        try await session.ready()
        try await session.post(
            "/v1/parked/\(poison.first?["number"].text ?? "")/retry", .object([:]))
        try await session.drain()
        #expect(try await session.get(Self.parked)["items"].list.isEmpty)
        let violations = try await HistoryChecker(session: session, limitPerMinute: Self.limit)
            .violations()
        #expect(violations.isEmpty, "\(violations.prefix(10))")
        mended.signal(SIGTERM)
        #expect(try await mended.ended() == .exited(0))
        try await server?.stop()
    }

    @Test func `the control: an event whose deaths are not counted ends every start`()
        async throws
    {
        let session = try await Self.begin()
        defer { session.end() }

        let (process, deaths) = try await Self.live(
            session, "trapOnEvent,forgetCrashes", tries: 6, until: Self.parked)

        process?.signal(SIGKILL)
        #expect(process == nil && deaths == 6)
    }

    @Test func `the control: where deaths are not counted it dies for ever`() async throws {
        let session = try await Self.begin()
        defer { session.end() }

        let (process, deaths) = try await Self.live(
            session, "trapOnOrder,forgetCrashes", tries: 6)

        process?.signal(SIGKILL)
        #expect(process == nil && deaths == 6)
    }
}
