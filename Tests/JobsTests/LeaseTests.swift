import EngineTesting
import Jobs
import Kernel
import Logging
import Storage
import StorageTesting
import Synchronization
import Testing

/// Several processes on one database: who has which part of the work, and what a hand-over keeps.
@Suite struct LeaseTests {
    private static func each(
        _ count: Int, _ body: (TestDatabase, [LeaseMember]) async throws -> Void
    ) async throws {
        guard let database = try TestDatabase.shared() else { return }
        let clock = ManualTimekeeper()
        var members: [LeaseMember] = []
        for number in 0..<count {
            members.append(try await LeaseMember("member \(number)", database, clock))
        }
        try await body(database, members)
        for member in members { await member.store.close() }
    }

    @Test func `every share has one holder, and who comes gets an equal part`() async throws {
        try await Self.each(3) { _, members in
            for count in 1...3 {
                // A share in use goes only once its work has ended.
                for _ in 0..<4 { for member in members.prefix(count) { try await member.beat() } }

                let held = members.prefix(count).map { Set($0.leases.active.keys) }

                #expect(held.map(\.count).reduce(0, +) == 64)
                #expect(held.reduce(Set()) { $0.union($1) }.count == 64)
                #expect(held.allSatisfy { $0.count >= 64 / count && $0.count <= 64 / count + 1 })
            }
        }
    }

    @Test func `a share in use stays until its work has ended`() async throws {
        try await Self.each(2) { _, members in
            let (first, second) = (members[0], members[1])
            try await first.beat()
            let terms = (0..<64).compactMap { first.leases.enter($0) }
            for _ in 0..<4 { for member in members { try await member.beat() } }
            #expect(terms.count == 64 && second.leases.held.isEmpty)
            #expect(first.leases.active.count == 32 && first.leases.held.count == 64)

            for (shard, term) in terms.enumerated() { first.leases.leave(shard, term) }
            for _ in 0..<3 { for member in members { try await member.beat() } }

            #expect(first.leases.held.count == 32 && second.leases.active.count == 32)
        }
    }

    @Test func `who beats no more has nothing before another takes it over`() async throws {
        try await Self.each(2) { _, members in
            let (first, second) = (members[0], members[1])
            for _ in 0..<4 { for member in members { try await member.beat() } }
            var wasLost: Int?
            var wasTaken: Int?
            for step in 1...12 {
                first.timekeeper.advance(by: .milliseconds(500))
                try await second.beat()
                if first.leases.held.isEmpty, wasLost == nil { wasLost = step }
                if second.leases.active.count == 64, wasTaken == nil { wasTaken = step }
            }

            let lost = try #require(wasLost)
            let taken = try #require(wasTaken)
            #expect(lost == 4 && taken > lost, "\(lost) \(taken)")
            // Back from its pause, it has its part again only by a new term.
            for _ in 0..<4 { for member in members { try await member.beat() } }
            #expect(first.leases.active.count == 32)
            #expect(first.leases.active.values.allSatisfy { $0 >= 2 })
        }
    }

    @Test func `who was taken over can write nothing more for it`() async throws {
        try await Self.each(2) { _, members in
            let (first, second) = (members[0], members[1])
            try await first.beat()
            for _ in 0..<10 {
                second.timekeeper.advance(by: .milliseconds(500))
                try await second.beat()
            }
            #expect(second.leases.active.count == 64)

            let late = try await Self.outcome {
                try await first.write { try first.leases.confirm([3: 1], in: $0) }
            }
            // Also where its own clock had stood still: the database knows the term.
            let isHeld = try await first.write { session in
                try (session as? any LeaseRows)?.confirm([3: 1], of: "member 0")
            }

            #expect(late == .leaseLost && isHeld == false)
            #expect(
                try await Self.outcome {
                    try await second.write { try second.leases.confirm([3: 2], in: $0) }
                } == nil)
        }
    }

    private static func outcome(
        _ body: () async throws -> Void
    ) async throws -> StorageFaultCode? {
        do { try await body() } catch let fault as StorageError { return fault.reason }
        return nil
    }

    @Test(arguments: Seeds.of(6))
    func `no job is lost or done twice while processes come, stall and go`(
        _ seed: UInt64
    ) async throws {
        guard let database = try TestDatabase.shared() else { return }
        let cluster = try await LeaseCluster(database, seed: seed)

        try await cluster.run(jobs: 300) { try await $0.stallOne() }
        let (effects, states) = try await cluster.outcome()

        #expect(effects == 300 && states[.completed] == 300, "\(states)")
        // One tenant's limit, kept by whoever has the tenant at the time.
        #expect(cluster.mostAtOnce == LeaseCluster.limit)
        #expect(cluster.harms > 0)
        await cluster.close()
    }

    @Test func `the control: processes that each take all for their own break a limit`()
        async throws
    {
        guard let database = try TestDatabase.shared() else { return }
        let cluster = try await LeaseCluster(database, seed: Seeds.of(1)[0], areBlind: true)

        try await cluster.run(jobs: 300) { _ in }

        #expect(cluster.mostAtOnce > LeaseCluster.limit)
        await cluster.close()
    }

    @Test(arguments: Seeds.of(2))
    func `a limit a minute holds while the work goes from process to process`(
        _ seed: UInt64
    ) async throws {
        guard let database = try TestDatabase.shared() else { return }
        let rate = RateLimit(perMinute: 150)
        let cluster = try await LeaseCluster(database, seed: seed, rate: rate)

        try await cluster.run(jobs: 300) { try await $0.stallOne() }

        let most = try await cluster.mostInAMinute()
        #expect(most <= rate.perMinute && most > rate.perMinute / 3, "\(most)")
        #expect(cluster.harms > 0)
        await cluster.close()
    }

    @Test func `the control: without the limit more than that are begun in a minute`()
        async throws
    {
        guard let database = try TestDatabase.shared() else { return }
        let cluster = try await LeaseCluster(database, seed: Seeds.of(1)[0])

        try await cluster.run(jobs: 300) { _ in }

        #expect(try await cluster.mostInAMinute() > 150)
        await cluster.close()
    }

    @Test func `every job ends once although the server is killed again and again`() async throws {
        guard let server = try await BreakableServer.start() else { return }
        let cluster = try await LeaseCluster(
            TestDatabase(on: server), seed: Seeds.of(1)[0])
        let restarts = Mutex(0)
        let jobs = Extent.of(400, whole: 5000)

        try await cluster.run(jobs: jobs) { _ in
            guard restarts.withLock({ $0 < jobs / 66 }) else { return }
            restarts.withLock { $0 += 1 }
            try await server.restart()
        }
        let (effects, states) = try await cluster.outcome()

        #expect(effects == jobs && states[.completed] == jobs, "\(states)")
        #expect(restarts.withLock { $0 } >= jobs / 132)
        await cluster.close()
        try await server.stop()
    }

    /// Waits until a store hears of jobs, in real time: the test's own stands still.
    private func hears(_ store: Store, after generation: UInt64) async -> Bool {
        let real = SystemTimekeeper()
        await store.signals.jobs.wait(after: generation, until: real.now + .seconds(90), by: real)
        return store.signals.jobs.generation > generation
    }

    @Test func `one process hears at once of what another commits, also after it was cut off`()
        async throws
    {
        guard let database = try TestDatabase.shared() else { return }
        let clock = ManualTimekeeper()
        let one = try await LeaseMember("one", database, clock)
        let other = try await LeaseMember("other", database, clock)
        // The control: it shares the database and was told of nobody.
        let deaf = try await LeaseMember("deaf", database, clock)
        for _ in 0..<2 {
            try await one.beat()
            try await other.beat()
        }
        // A listener that has just begun says that there may be something.
        try #require(await hears(other.store, after: 0))
        func tell() async throws {
            try await one.store.writeUnrepeated(.sample()) {
                _ = try $0.enqueue(Tally(name: "a"))
            }
        }

        let heard = other.store.signals.jobs.generation
        let unheard = deaf.store.signals.jobs.generation
        try await tell()
        #expect(await hears(other.store, after: heard))
        #expect(deaf.store.signals.jobs.generation == unheard)

        let before = other.store.signals.jobs.generation
        try database.cutOff()
        // Writing after that is a call of its own on a new connection, or two.
        do { try await tell() } catch let fault as any Fault where fault.kind == .unavailable {
            try await tell()
        }
        // It listens anew, and looks for what was said meanwhile; then it hears again.
        #expect(await hears(other.store, after: before))
        let anew = other.store.signals.jobs.generation
        try await tell()
        #expect(await hears(other.store, after: anew))
        for member in [one, other, deaf] { await member.store.close() }
    }

    @Test func `a process that was taken for dead finishes late, and changes nothing`()
        async throws
    {
        guard let database = try TestDatabase.shared() else { return }
        let clock = ManualTimekeeper()
        let worker = StubbornWorker()
        var members: [LeaseMember] = []
        for name in ["zombie", "other"] {
            members.append(try await LeaseMember(name, database, clock, workers: [worker]))
        }
        let (zombie, other) = (members[0], members[1])
        try await zombie.beat()
        try await zombie.store.writeUnrepeated(.sample()) { _ = try $0.enqueue(Stubborn()) }

        try await withThrowingTaskGroup(of: Void.self) { group in
            for member in members { group.addTask { try await member.dispatcher.run() } }
            await worker.began.first(at: 1)
            // It beats no more, and its handler goes on.
            for _ in 0..<12 {
                clock.advance(by: .milliseconds(500))
                try await other.beat()
            }
            await worker.began.first(at: 2)
            worker.release.raise()
            let real = SystemTimekeeper()
            while zombie.board.figures.staleEnds == 0 {
                clock.advance(by: .milliseconds(500))
                try await other.beat()
                let signal = other.store.signals.jobs
                await signal.wait(
                    after: signal.generation, until: real.now + .milliseconds(5), by: real)
            }
            for member in members { member.dispatcher.drain() }
            try await group.waitForAll()
        }

        let rows = try await other.store.bookkeeping {
            try $0.jobs(
                JobFilter(tenant: .sample(1), states: Set(JobState.allCases)), before: nil,
                limit: 9)
        }
        // What was taken from the first did not fail, and is not held against the second.
        #expect(rows.map(\.state) == [.completed] && rows[0].attempt == 1)
        for member in members { await member.store.close() }
    }
}
