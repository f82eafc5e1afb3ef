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
        /// What the database refuses when it comes, whoever it comes with.
        case enqueueRefused
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
            steps.allSatisfy { ![.fail, .enqueueUnstorable, .enqueueRefused].contains($0) }
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
                case 25: .enqueueRefused
                case 26..<31: .list
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
                case .enqueue, .enqueueUnstorable, .enqueueRefused:
                    let row = JobRow(
                        tenant: tenant, kind: step == .enqueueRefused ? "refused" : "k",
                        partition: "p", state: .available,
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
        try Self.refuse(harness)
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
        let rows = try await engine.read(nil, lane: .working) { session in
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

    /// As a full disk would: only once the row comes.
    private static func refuse(_ harness: PostgresHarness) throws {
        try harness.refuse(on: "jobs", when: "NEW.kind = 'refused'", state: "53100")
    }

    private static func row(_ kind: String, key: String? = nil) -> JobRow {
        var row = JobRow(
            tenant: .sample(1), kind: kind, partition: "p", state: .available, priority: 0,
            due: 1, payload: [1], correlation: "c", cause: nil, enqueued: 1)
        row.uniqueKey = key
        if key != nil { row.uniqueness = .untilFinished }
        return row
    }

    @Test func `nobody is refused for what was taken back`() async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let engine = try PostgresEngine(address: harness.address)
        try Self.refuse(harness)
        struct IsTaken: Error {}
        let results = Mutex<[String: String]>([:])
        let (ended, signal) = AsyncStream.makeStream(of: Void.self)
        func submit(_ name: String, _ run: @escaping @Sendable (any EngineSession) throws -> Void) {
            engine.submit(
                EngineWork(
                    lane: .interactive, tenant: .sample(1), run: run, undo: {},
                    finish: { result in
                        results.withLock {
                            if case .failure(let error) = result {
                                $0[name] = "\(type(of: error))"
                            } else {
                                $0[name] = "stands"
                            }
                        }
                        signal.yield()
                    }))
        }

        // The writer is busy with the first while the others come.
        submit("first") { _ = try $0.floor(subscription: "nobody") }
        submit("guilty") {
            _ = try $0.insertJob(Self.row("k", key: "one"), unlessSince: nil)
            _ = try $0.insertJob(Self.row("refused"), unlessSince: nil)
        }
        submit("innocent") {
            let made = try $0.insertJob(Self.row("k", key: "one"), unlessSince: nil)
            guard case .added = made else { throw IsTaken() }
        }
        var count = 0
        for await _ in ended {
            count += 1
            if count == 3 { break }
        }

        let said = results.withLock { $0 }
        #expect(said["first"] == "stands" && said["innocent"] == "stands", "\(said)")
        #expect(said["guilty"]?.contains("CodedFault") == true, "\(said)")
        await engine.close()
        await harness.store.close()
    }

    /// The small indexes of what is ready or running hold every job that ever was, while somebody keeps
    /// an old snapshot: whoever looks for one job in them reads millions.
    @Test func `a job's way is found by its number, on a queue that was just empty too`()
        async throws
    {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let small = ["jobs_ready", "jobs_running", "jobs_due"]
        let store = try await harness.reopened()
        let before = try PostgresEngine.lookups(harness.address, by: small)
        for round in 0..<20 {
            let count = round % 2 == 0 ? 1 : 5
            try await store.writeUnrepeated(.sample(tenant: .platform)) { transaction in
                try transaction.bookkeeping { session in
                    let numbers = try (0..<count).map { _ in
                        try session.insertJob(Self.row("k"), unlessSince: nil).number
                    }
                    let claimed = try session.claim(numbers, now: 1, isAlone: false)
                    _ = try session.holds(numbers[0], fence: 1)
                    var last = claimed[0]
                    last.state = .retryable
                    _ = try session.reschedule(last)
                    var rest = Array(claimed.dropFirst())
                    for index in rest.indices {
                        rest[index].state = .completed
                        rest[index].finished = 2
                    }
                    _ = try session.finish(rest, from: nil)
                }
            }
        }
        await store.close()
        // One look-up planted after all others: once the server has counted it, it has counted them.
        try PostgresEngine.administer(
            harness.address, ["SELECT number FROM jobs WHERE state = 2"])
        var after = before
        let end = ContinuousClock.now + .seconds(20)
        while after == before, ContinuousClock.now < end {
            after = try PostgresEngine.lookups(harness.address, by: small)
        }

        var expected = before
        expected["jobs_running", default: 0] += 1
        #expect(before.count == small.count && after == expected, "\(before) \(after)")
    }

    @Test func `what was enqueued later has the higher number, with a key or without`()
        async throws
    {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let numbers = try await harness.store.writeUnrepeated(.sample()) { transaction in
            try transaction.bookkeeping { session in
                try (0..<40).map { index in
                    try session.insertJob(
                        Self.row("k", key: index % 3 == 0 ? "\(index)" : nil), unlessSince: nil
                    ).number
                }
            }
        }

        #expect(numbers == numbers.sorted() && Set(numbers).count == 40)
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
