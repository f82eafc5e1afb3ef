import EngineTesting
import Foundation
import Glibc
import Kernel
import Processes
import Storage
import Synchronization
import Testing

/// R11 on a real process: somebody sets the machine's clock by hours and days while orders flow.
@Suite(.serialized) struct ClockStepTests {
    private static let limit = 3000
    private static let polling = ["--poll-seconds", "0.5", "--poll-overlap-seconds", "120"]
    /// Where the clock is set to, in seconds ahead of the true time.
    private static let offsets = [3600, 0, 86_400, 0, -3600, -86_400, 0]

    @Test(arguments: TestEngine.allCases)
    func `a clock set by hours and days holds nothing up and repeats nothing`(
        _ engine: TestEngine
    ) async throws {
        guard let clock = try SetClock() else { return }
        defer { clock.remove() }
        let server = engine == .postgres ? try await BreakableServer.start() : nil
        guard engine == .sqlite || server != nil else { return }
        let session = try await ProcessSession(
            ["--faults-per-mille", "5"], arguments: Self.polling, database: server?.address)
        defer { session.end() }
        let process = try await session.serve(clock.environment, by: SetClock.starter)
        defer { process.signal(SIGKILL) }
        try await session.ready()
        try await session.openShop(limitPerMinute: Self.limit)

        for offset in Self.offsets {
            try await session.tellRate(90, orders: 12)
            try clock.set(ahead: offset)
            let before = try await session.confirmed()
            try await session.until("orders are confirmed at \(offset) s", within: .seconds(300)) {
                try await session.confirmed() >= before + 5
            }
        }
        try await session.drain()

        let violations = try await HistoryChecker(session: session, limitPerMinute: Self.limit)
            .violations()
        let findings = try await session.get("/v1/verification")["findings"].list
        let started = try await session.started()
        #expect(violations.isEmpty, "\(violations.prefix(10))")
        #expect(findings.isEmpty, "\(findings.prefix(10))")
        #expect(Set(started).count == started.count, "begun twice: \(started)")
        // An hour ahead is at least one full hour for what is done every hour.
        #expect(started.contains { $0.hasPrefix("platform.retention ") }, "\(started)")
        process.signal(SIGTERM)
        #expect(try await process.ended() == .exited(0))
        try await server?.stop()
    }

    @Test func `the control: what forgets its firings begins them again, and that is seen`()
        async throws
    {
        guard let clock = try SetClock() else { return }
        defer { clock.remove() }
        let session = try await ProcessSession([], arguments: Self.polling)
        defer { session.end() }
        var environment = clock.environment
        environment["LONGSHORE_PLANT"] = "forgetFirings"
        let process = try await session.serve(environment, by: SetClock.starter)
        defer { process.signal(SIGKILL) }
        try await session.ready()

        // Minutes pass in moments: what is due each of them comes up soon.
        let ahead = Mutex(3600)
        try await session.until("something was begun twice", within: .seconds(120)) {
            let offset = ahead.withLock { seconds in
                seconds += 5
                return seconds
            }
            try clock.set(ahead: offset)
            let started = try await session.started()
            return Set(started).count < started.count
        }
    }

    @Test func `the control: where time itself is set back, all stands still`() async throws {
        guard let clock = try SetClock(isMonotonicToo: true) else { return }
        defer { clock.remove() }
        let session = try await ProcessSession([], arguments: Self.polling)
        defer { session.end() }
        let process = try await session.serve(clock.environment, by: SetClock.starter)
        defer { process.signal(SIGKILL) }
        try await session.ready()
        try await session.openShop(limitPerMinute: Self.limit)
        try await session.tellRate(600, orders: 2000)
        try await session.until("orders are confirmed", within: .seconds(300)) {
            try await session.confirmed() > 5
        }

        try clock.set(ahead: -86_400)

        // What was on its way may still arrive; then nothing does.
        let last = Mutex((count: 0, since: ContinuousClock.now))
        try await session.until("nothing is confirmed for ten seconds", within: .seconds(300)) {
            let count = try await session.confirmed()
            return last.withLock { last in
                if count != last.count { last = (count, .now) }
                return ContinuousClock.now - last.since > .seconds(10)
            }
        }
    }
}

/// The clock of one process, by Debian's `libfaketime`.
private struct SetClock {
    /// The library changes the environment of the first program it comes into, where Swift looks for its
    /// arguments: that program is not to be ours.
    static let starter = ["/usr/bin/env"]
    private static let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

    private let file = "/var/tmp/longshore-clock-\(UUID().uuidString)"
    let environment: [String: String]

    /// - Returns: `nil`, and says so, where it is not installed.
    init?(isMonotonicToo: Bool = false) throws {
        guard FileManager.default.fileExists(atPath: Self.library) else {
            #expect(ProcessInfo.processInfo.environment["CI"] == nil, "libfaketime is missing")
            print("SKIPPED: libfaketime is not installed; no process' clock was set")
            return nil
        }
        environment = [
            "LD_PRELOAD": Self.library, "FAKETIME_TIMESTAMP_FILE": file,
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": isMonotonicToo ? "0" : "1",
        ]
        try set(ahead: 0)
    }

    /// What cannot be removed lies in the folder for such things.
    func remove() { try? FileManager.default.removeItem(atPath: file) }

    /// At once: a reader finds either offset, and never half of one.
    func set(ahead seconds: Int) throws {
        try Data((seconds < 0 ? "\(seconds)\n" : "+\(seconds)\n").utf8).write(
            to: URL(fileURLWithPath: file), options: .atomic)
    }
}

extension ProcessSession {
    fileprivate func confirmed() async throws -> Int {
        Int(try await get("/v1/orders/counts")["confirmed"].text) ?? 0
    }

    /// Times at which a schedule was begun, each with its name.
    fileprivate func started() async throws -> [String] {
        try await get("/admin/firings?limit=500")["items"].list
            .filter { $0["outcome"].text == "started" }
            .map { "\($0["schedule"].text) \($0["due"].text)" }
    }
}
