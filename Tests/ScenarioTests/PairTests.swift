import EngineTesting
import Foundation
import Glibc
import Kernel
import NIOHTTP1
import Processes
import Storage
import StorageTesting
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
