import EngineTesting
import Foundation
import Glibc
import Kernel
import NIOHTTP1
import Processes
import Storage
import StorageTesting
import Synchronization
import Testing

/// R5 to R7 on the server itself: what its disk or its database cannot do is refused with a code and a
/// time to come back, what can be read is read, and nothing of it is lost.
@Suite(.serialized) struct FaultyServeTests {
    private static let limit = 3000
    private static let callers = 64
    private static let polling = ["--poll-seconds", "0.5", "--poll-overlap-seconds", "120"]

    private static func start(
        _ arguments: [String] = polling, database: String? = nil, by starter: [String] = []
    ) async throws -> (ProcessSession, ChildProcess) {
        let session = try await ProcessSession([], arguments: arguments, database: database)
        var process: ChildProcess?
        do {
            let started = try await session.serve(by: starter)
            process = started
            try await session.ready()
            return (session, started)
        } catch {
            process.map { Self.killTraced(by: $0) }
            session.end()
            throw error
        }
    }

    /// How large a file the process may write; `nil` for any.
    private static func limitFiles(of process: ChildProcess, to size: Int?) async throws {
        let text = size.map { "\($0)" } ?? "unlimited"
        let (ending, said) = try await ChildProcess.run([
            "/usr/bin/prlimit", "--pid", "\(process.processID)", "--fsize=\(text):unlimited",
        ])
        guard ending == .exited(0) else { throw StageError(description: said) }
    }

    @Test func `where no file may grow, writes are refused by name, and go on with room`()
        async throws
    {
        let (session, process) = try await Self.start()
        defer { session.end() }
        defer { process.signal(SIGKILL) }
        try await session.sell(untilConfirmed: 5)
        let facility = try await session.facility()

        let (refused, wait) = try await Booker.with(session, at: facility) { booker in
            try await Self.limitFiles(of: process, to: 4096)
            try await session.tellRate(600, orders: 30)
            try await session.until("a write is refused") {
                try await session.receipt("refused", at: facility).status == 503
            }
            return (
                try await session.receipt("refused too", at: facility),
                try await booker.book("and this").retryAfter
            )
        }
        let orders = try await session.get("/v1/orders?limit=5")["items"].list
        let live = try await Stage.send(.GET, "http://127.0.0.1:\(session.port)/livez").status
        try await Self.limitFiles(of: process, to: nil)
        let clock = SystemTimekeeper()
        let began = clock.steady
        try await session.until("it writes again") {
            try await session.receipt("refused", at: facility).status < 300
        }
        let waited = clock.steady.duration(since: began)
        try await session.drain()

        #expect(refused.status == 503 && refused.body["code"].text == "storage.full")
        #expect(wait != nil)
        #expect(orders.count == 5 && live == 200)
        #expect(waited < .seconds(5), "\(waited)")
        #expect(process.isRunning)
        try await session.expectSound(limitPerMinute: Self.limit)
    }

    @Test func `on a slow disk many commit together, and it is ready all the while`() async throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/strace") else {
            #expect(ProcessInfo.processInfo.environment["CI"] == nil, "strace is missing")
            print("SKIPPED: without strace no disk is slow")
            return
        }
        let (session, process) = try await Self.start(
            ["--poll-seconds", "0"],
            by: [
                "/usr/bin/strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e",
                "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:delay_exit=200000",
            ])
        defer { session.end() }
        defer { Self.killTraced(by: process) }
        let facility = try await session.openStore()
        let course = Course()
        let clock = SystemTimekeeper()
        let began = clock.steady

        async let unready = session.countUnready { course.isOver.load(ordering: .acquiring) }
        let before = try await session.figures()
        try await Booker.with(session, at: facility, connections: Self.callers) { booker in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<Self.callers {
                    group.addTask {
                        for turn in 0..<5 {
                            let asked = clock.steady
                            let answer = try await booker.book("\(caller)-\(turn)")
                            guard answer.status < 300 else {
                                throw StageError(description: "\(answer)")
                            }
                            let took = clock.steady.duration(since: asked)
                            course.slowest.withLock { $0 = max($0, took) }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let took = clock.steady.duration(since: began)
        course.isOver.store(true, ordering: .releasing)
        let after = try await session.figures()

        // One after the other, 320 syncs of 200 ms would take 64 seconds.
        #expect(took < .seconds(16), "\(took)")
        #expect(course.slowest.withLock { $0 } < .seconds(5), "\(course.slowest.withLock { $0 })")
        // Whatever the machine is busy with: many writes went into each commit.
        let commits = (after["commits_total"] ?? 0) - (before["commits_total"] ?? 0)
        let writes = (after["writes_total"] ?? 0) - (before["writes_total"] ?? 0)
        #expect(commits > 0 && writes / commits > 8, "\(writes) in \(commits)")
        #expect(try await unready == 0)
        Self.killTraced(by: process)
        _ = try await process.ended()
    }

    @Test func `while its database is gone, it says so, and goes on when it is back`() async throws
    {
        guard let server = try await BreakableServer.start() else { return }
        let (session, process) = try await Self.start(database: server.address)
        defer { session.end() }
        defer { process.signal(SIGKILL) }
        try await session.sell(untilConfirmed: 5)
        let facility = try await session.facility()

        try await server.halt()
        try await session.tellRate(600, orders: 30)
        let refused = try await session.receipt("while it is gone", at: facility)
        try await session.until("it is not ready") {
            try await Stage.send(.GET, "http://127.0.0.1:\(session.port)/readyz").status == 503
        }
        let live = try await Stage.send(.GET, "http://127.0.0.1:\(session.port)/livez").status
        try await server.restart()
        try await session.until("it writes again") {
            try await session.receipt("while it is gone", at: facility).status < 300
        }
        try await session.drain(isMending: true)

        #expect(refused.status == 503 && refused.body["code"].text == "storage.unreachable")
        #expect(live == 200 && process.isRunning)
        // No job is blamed for it.
        let discarded = try await session.get("/v1/jobs?limit=9&state=discarded")["items"].list
        #expect(discarded.isEmpty, "\(discarded)")
        try await session.expectSound(limitPerMinute: Self.limit)
        process.signal(SIGTERM)
        #expect(try await process.ended() == .exited(0))
        try await server.stop()
    }

    private final class Course: Sendable {
        let isOver = Atomic<Bool>(false)
        let slowest = Mutex(Duration.zero)
    }

    /// Whoever traces it hears of its end.
    private static func killTraced(by tracer: ChildProcess) {
        let path = "/proc/\(tracer.processID)/task/\(tracer.processID)/children"
        let children = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        for child in children.split(separator: " ").compactMap({ pid_t($0) }) {
            kill(child, SIGKILL)
        }
        if children.isEmpty { tracer.signal(SIGKILL) }
    }
}

extension ProcessSession {
    /// What the store shows at `/metrics`, by name.
    fileprivate func figures() async throws -> [String: Double] {
        let text = try await Stage.send(.GET, "http://127.0.0.1:\(port)/metrics").text
        var found: [String: Double] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("longshore_store_") {
            let parts = line.dropFirst("longshore_store_".count).split(separator: " ")
            found[String(parts[0])] = parts.last.flatMap { Double($0) }
        }
        return found
    }

    /// How often it was not ready until it is over.
    fileprivate func countUnready(until isOver: @Sendable () -> Bool) async throws -> Int {
        var count = 0
        let clock = SystemTimekeeper()
        while !isOver() {
            let status = try await Stage.send(.GET, "http://127.0.0.1:\(port)/readyz").status
            if status != 200 { count += 1 }
            try await clock.sleep(for: .milliseconds(200))
        }
        return count
    }
}
