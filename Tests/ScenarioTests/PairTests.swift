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

/// Two processes of one installation on one PostgreSQL database.
@Suite struct PairTests {
    private static let limit = 3000

    @Test func `killed in turn while orders flow, they lose nothing and repeat nothing`()
        async throws
    {
        guard let server = try await BreakableServer.start() else { return }
        let session = try await ProcessSession(
            ["--faults-per-mille", "5", "--webhook-faults-per-mille", "30"],
            arguments: ["--poll-seconds", "0.5", "--poll-overlap-seconds", "120"],
            database: server.address)
        defer { session.end() }
        var processes = [try await session.serve(), try await session.servePeer()]
        defer { for process in processes { process.signal(SIGKILL) } }
        try await session.ready()
        try await session.openShop(limitPerMinute: Self.limit)
        var random = SplitMix64(seed: Seeds.of(1)[0])

        for cycle in 0..<8 {
            let victim = cycle % 2
            try await session.tellRate(600, orders: 100)
            let shown = try await session.shown()
            let more = Int.random(in: 5...25, using: &random)
            try await session.until("orders flow") { try await session.shown() >= shown + more }
            processes[victim].signal(SIGKILL)
            try await processes[victim].ended()
            // What the dead one had is the other's meanwhile: sometimes all of it, sometimes not yet.
            let isLong = Bool.random(using: &random)
            let then = try await session.shown()
            if isLong {
                try await session.tellRate(600, orders: 100)
                try await session.until("time passes") { try await session.shown() >= then + 60 }
            }
            processes[victim] =
                victim == 0 ? try await session.serve() : try await session.servePeer()
            if victim == 0 { try await session.ready() }
        }
        // A suspect that was killed twice while it ran alone waits for a person.
        try await session.drain(isMending: true)

        try await session.expectSound(limitPerMinute: Self.limit)
        #expect(try await session.shown() > 100)
        for process in processes {
            process.signal(SIGTERM)
            #expect(try await process.ended() == .exited(0))
        }
        try await server.stop()
    }
}

/// R10 with real processes: who stands still for twice a lease is taken for dead, and comes back.
@Suite struct StoppedProcessTests {
    private static let limit = 3000

    @Test func `what stood still longer than its lease changes nothing the other has done`()
        async throws
    {
        guard let server = try await BreakableServer.start() else { return }
        let session = try await ProcessSession(
            [], arguments: ["--poll-seconds", "0.5", "--poll-overlap-seconds", "120"],
            database: server.address)
        defer { session.end() }
        let processes = [try await session.serve(), try await session.servePeer()]
        // A stopped process hears nothing else.
        defer { for process in processes { process.signal(SIGKILL) } }
        try await session.ready()
        try await session.openShop(limitPerMinute: Self.limit)

        var refusals: [Double] = [0]
        for _ in 0..<Extent.of(3, whole: 50) {
            for process in 0..<2 {
                try await session.until("each has its half") {
                    try await session.shares(of: process) == Shard.count / 2
                }
            }
            // Every answer takes a while: work is always under way.
            try await session.tell(
                "/control/faults",
                .object(["fault": .string("slow"), "times": .integer(200)]))
            try await session.tellRate(600, orders: 60)
            let victim = try await session.busy()
            let other = 1 - victim
            processes[victim].signal(SIGSTOP)
            try await session.until("the other has all") {
                try await session.shares(of: other) == Shard.count
            }
            processes[victim].signal(SIGCONT)
            // What it had begun it finishes late, and is told that it is no longer its own.
            let before = refusals[refusals.count - 1]
            try await session.until("a late end is refused") {
                try await session.refused() > before
            }
            refusals.append(try await session.refused())
        }
        try await session.tell("/control/faults/clear")
        try await session.drain(isMending: true)

        try await session.expectSound(limitPerMinute: Self.limit)
        #expect(zip(refusals, refusals.dropFirst()).allSatisfy { $0 < $1 }, "\(refusals)")
        for process in processes {
            process.signal(SIGTERM)
            #expect(try await process.ended() == .exited(0))
        }
        try await server.stop()
    }
}

/// R24 on two processes: who is told to stop gives its part away at once; who dies keeps it until its
/// lease has run out.
@Suite(.serialized) struct HandingOverTests {
    /// - Returns: how long after one process' end the other had all of the work.
    private func takeOver(after signal: Int32) async throws -> Duration? {
        guard let server = try await BreakableServer.start() else { return nil }
        let session = try await ProcessSession([], arguments: [], database: server.address)
        defer { session.end() }
        let processes = [try await session.serve(), try await session.servePeer()]
        defer { for process in processes { process.signal(SIGKILL) } }
        try await session.ready()
        try await session.until("each has its half") {
            try await session.shares(of: 1) == Shard.count / 2
        }
        processes[0].signal(signal)
        let ending = try await processes[0].ended()
        let began = ContinuousClock.now
        try await session.until("the other has all") {
            try await session.shares(of: 1) == Shard.count
        }
        let taken = ContinuousClock.now - began
        #expect(ending == (signal == SIGTERM ? .exited(0) : .signalled(SIGKILL)))
        try await server.stop()
        return taken
    }

    @Test func `who is told to stop gives its part away at once`() async throws {
        guard let taken = try await takeOver(after: SIGTERM) else { return }
        #expect(taken < .seconds(3), "\(taken)")
    }

    @Test func `the control: who dies keeps it until its lease has run out`() async throws {
        guard let taken = try await takeOver(after: SIGKILL) else { return }
        #expect(taken > .seconds(2), "\(taken)")
    }
}

extension ProcessSession {
    /// Shares of the work that the first or second process has.
    fileprivate func shares(of process: Int) async throws -> Int {
        Int(try await figure("longshore_shares_held", of: process))
    }

    /// Waits until one of the two has several jobs in hand: a tenant's are one process' at a time.
    fileprivate func busy() async throws -> Int {
        let found = Mutex<Int?>(nil)
        try await until("one of them is at work") {
            for process in 0..<2
            where try await self.figure("longshore_jobs_running", of: process) >= 4 {
                found.withLock { $0 = process }
                return true
            }
            return false
        }
        return found.withLock { $0 ?? 0 }
    }

    /// Ends that came too late, in both processes together.
    fileprivate func refused() async throws -> Double {
        var sum = 0.0
        for process in 0..<2 {
            sum += try await figure("longshore_stale_commits_refused_total", of: process)
        }
        return sum
    }

    /// What one of the two shows at `/metrics`; 0 where it does not answer or does not have it.
    fileprivate func figure(_ name: String, of process: Int) async throws -> Double {
        let answer = try? await Stage.send(
            .GET, "http://127.0.0.1:\(port + process)/metrics")
        let line = answer?.text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
    }

    /// Orders the marketplace has shown so far.
    fileprivate func shown() async throws -> Int {
        Int(try await sandbox("/control/summary")["orders"].text) ?? 0
    }
}
