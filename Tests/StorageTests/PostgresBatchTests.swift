import EngineTesting
import Kernel
import Storage
import StoragePostgres
import StorageTesting
import Synchronization
import Testing

/// Jobs of many closures go over in one statement: each closure must stand, fall and see as if it had
/// been alone.
@Suite struct PostgresBatchTests {
    private enum Step {
        case enqueue
        /// A text no PostgreSQL takes.
        case enqueueUnstorable
        /// What a listing shows of the closure's tenant.
        case list
        /// A statement that has nothing to do with jobs.
        case ask
        case fail
    }

    /// One closure, by chance, and what its last run saw.
    private final class Piece: Sendable {
        struct Failed: Error {}

        let number: Int
        let tenant: TenantID
        let steps: [Step]
        let seen = Mutex<[Int]>([])
        let numbers = Mutex<[Int64]>([])
        let result = Mutex<Result<Void, any Error>?>(nil)

        var isToStand: Bool {
            !steps.contains(.fail) && !steps.contains(.enqueueUnstorable)
        }
        var stands: Bool { if case .success = result.withLock({ $0 }) { true } else { false } }

        init(_ number: Int, _ tenant: TenantID, _ steps: [Step]) {
            (self.number, self.tenant, self.steps) = (number, tenant, steps)
        }

        convenience init(_ number: Int, by random: inout SplitMix64) {
            let tenant = TenantID.sample(UInt64(Int.random(in: 1...2, using: &random)))
            let steps: [Step] = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                switch Int.random(in: 0..<40, using: &random) {
                case 0..<24: .enqueue
                case 24: .enqueueUnstorable
                case 25..<31: .list
                case 31..<39: .ask
                default: .fail
                }
            }
            self.init(number, tenant, steps)
        }

        func run(_ session: any EngineSession) throws {
            seen.withLock { $0 = [] }
            numbers.withLock { $0 = [] }
            for (index, step) in steps.enumerated() {
                switch step {
                case .enqueue, .enqueueUnstorable:
                    let row = JobRow(
                        tenant: tenant, kind: "k", partition: "p", state: .available,
                        priority: 0, due: 1, payload: Array("\(number).\(index)".utf8),
                        correlation: step == .enqueueUnstorable ? "a\u{0}b" : "c", cause: nil,
                        enqueued: 1)
                    let added = try session.insertJob(row, unlessSince: nil).number
                    numbers.withLock { $0.append(added) }
                case .list:
                    let count = try session.jobs(
                        JobFilter(tenant: tenant, states: [.available]), before: nil, limit: 500
                    ).count
                    seen.withLock { $0.append(count) }
                case .ask: _ = try session.floor(subscription: "nobody")
                case .fail: throw Failed()
                }
            }
        }
    }

    @Test(arguments: Seeds.of(12))
    func `each of a batch stands, falls and sees as if it were alone`(_ seed: UInt64) async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let engine = try PostgresEngine(address: harness.address)
        var random = SplitMix64(seed: seed)
        let pieces = (0..<40).map { Piece($0, by: &random) }

        try await Self.submit(pieces, to: engine)

        var model: [TenantID: Int] = [:]
        var expected: Set<Int64> = []
        for piece in pieces {
            #expect(piece.stands == piece.isToStand, "\(piece.number)")
            var seen: [Int] = []
            var count = model[piece.tenant, default: 0]
            for step in piece.steps {
                if step == .enqueue { count += 1 }
                if step == .list { seen.append(count) }
            }
            guard piece.isToStand else { continue }
            #expect(piece.seen.withLock { $0 } == seen, "\(piece.number)")
            model[piece.tenant] = count
            expected.formUnion(piece.numbers.withLock { $0 })
        }
        let rows = try await engine.read(nil) { session in
            try (1...2).flatMap { number in
                try session.jobs(
                    JobFilter(tenant: .sample(UInt64(number)), states: [.available]),
                    before: nil, limit: 500)
            }
        }
        #expect(rows.count == model.values.reduce(0, +))
        #expect(Set(rows.map(\.number)) == expected && rows.allSatisfy { $0.correlation == "c" })
        await engine.close()
        await harness.store.close()
    }

    /// All of them wait behind the first, so that they are taken together.
    private static func submit(_ pieces: [Piece], to engine: PostgresEngine) async throws {
        let (ended, signal) = AsyncStream.makeStream(of: Void.self)
        for piece in pieces {
            engine.submit(
                EngineWork(
                    lane: .interactive, tenant: piece.tenant, run: piece.run, undo: {},
                    finish: { result in
                        piece.result.withLock { $0 = result }
                        signal.yield()
                    }))
        }
        var count = 0
        for await _ in ended {
            count += 1
            if count == pieces.count { break }
        }
    }

    @Test func `jobs of a hundred closures go over in a few commits, a statement each`()
        async throws
    {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let engine = try PostgresEngine(address: harness.address)
        let before = Int(try await engine.facts()["commits"] ?? "") ?? 0
        let pieces = (0..<100).map { Piece($0, .sample(1), [.enqueue]) }

        try await Self.submit(pieces, to: engine)

        let commits = (Int(try await engine.facts()["commits"] ?? "") ?? 0) - before
        #expect(commits < 50)
        let numbers = pieces.flatMap { $0.numbers.withLock { $0 } }
        #expect(Set(numbers).count == 100)
        await engine.close()
        await harness.store.close()
    }

    @Test func `a text that cannot be kept is refused and not cut short`() async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)

        await #expect(throws: StorageError.self) {
            try await harness.store.writeUnrepeated(.sample()) {
                try $0.insert(Gadget(id: $0.decision.newID(), name: "a\u{0}b"))
            }
        }

        let found = try await harness.store.read(.sample(1)) { try $0.find(Gadget.byName, "a") }
        #expect(found == nil)
        await harness.store.close()
    }
}
