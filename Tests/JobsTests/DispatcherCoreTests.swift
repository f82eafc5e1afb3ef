import Jobs
import Kernel
import Storage
import StorageTesting
import Testing

@Suite struct DispatcherCoreTests {
    private let now = Instant(microseconds: 1_000_000_000)

    private func header(
        _ number: Int64, tenant: UInt64 = 1, connection: String? = nil, key: String? = nil,
        lane: String? = nil, rank: Int64 = 0
    ) -> JobHeader {
        let partition = JobPartition(
            tenant: .sample(tenant), connection: connection, kind: "k", key: key)
        return JobHeader(
            number: number, tenant: .sample(tenant), partition: partition.description, lane: lane,
            rank: rank, due: 0)
    }

    private func take(_ core: inout DispatcherCore) -> [Int64] {
        core.take(now: now) { _ in .zero }.jobs.map(\.number)
    }

    @Test func `tenants take turns, however long one's queue is`() {
        var core = DispatcherCore(capacity: 4)
        core.offer((1...100).map { header($0) } + [header(200, tenant: 2)])

        let jobs = take(&core)

        #expect(jobs.contains(200) && jobs.count == 4)
    }

    @Test func `connections of a tenant take turns`() {
        var core = DispatcherCore(capacity: 4)
        core.offer(
            (1...100).map { header($0, connection: "a") } + [header(200, connection: "b")])

        #expect(take(&core).contains(200))
    }

    @Test func `rank decides within a connection, whatever the partition`() {
        var core = DispatcherCore(capacity: 3)
        core.offer([
            header(1, key: "x", rank: 30), header(2, key: "y", rank: 10),
            header(3, key: "x", rank: 20),
        ])

        #expect(take(&core) == [2, 3, 1])
    }

    @Test func `a more urgent job that comes late overtakes a full window`() {
        var core = DispatcherCore(capacity: 1)
        core.offer((1...1000).map { header($0, rank: $0) })
        core.offer([header(2000, rank: -5)])

        #expect(take(&core) == [2000])
        #expect(core.starving.isEmpty)
    }

    @Test func `shares follow the weights`() {
        let budgets = Budgets(timekeeper: ManualTimekeeper())
        budgets.impose([limit(LimitScope.tenant(.sample(2)), weight: 3)])
        var core = DispatcherCore(capacity: 1)
        core.apply(budgets)
        for number in 1...400 as ClosedRange<Int64> {
            core.offer([header(number, tenant: 1), header(1000 + number, tenant: 2)])
        }
        var served = 0
        for _ in 0..<400 {
            let number = take(&core)[0]
            if number > 1000 { served += 1 }
            core.finished(number)
        }

        #expect((297...303).contains(served), "\(served)")
    }

    @Test func `a tenant's connections share by their weights`() {
        let budgets = Budgets(timekeeper: ManualTimekeeper())
        budgets.impose([limit(LimitScope.connection("b"), weight: 4)])
        var core = DispatcherCore(capacity: 1)
        core.apply(budgets)
        for number in 1...400 as ClosedRange<Int64> {
            core.offer([header(number, connection: "a"), header(1000 + number, connection: "b")])
        }
        var served = 0
        for _ in 0..<400 {
            let number = take(&core)[0]
            if number > 1000 { served += 1 }
            core.finished(number)
        }

        #expect((317...323).contains(served), "\(served)")
    }

    @Test
    func `the stricter of what is published and what a person set holds, until it is taken back`() {
        let budgets = Budgets(timekeeper: ManualTimekeeper())
        budgets.configure("connection:a", PartitionLimit(concurrency: 3))
        var core = DispatcherCore(capacity: 9)
        core.apply(budgets)
        core.offer((1...9).map { header($0, connection: "a") })
        #expect(take(&core).count == 3)

        budgets.impose([limit("connection:a", concurrency: 2), limit("kind:k", concurrency: 1)])
        core.apply(budgets)
        for number in 1...3 as ClosedRange<Int64> { core.finished(number) }
        #expect(take(&core) == [4])
        budgets.impose([limit("connection:a", concurrency: 8)])
        core.apply(budgets)
        #expect(take(&core) == [5, 6])
        budgets.impose([])
        core.apply(budgets)
        #expect(take(&core).isEmpty)
    }

    private func limit(
        _ scope: String, concurrency: Int? = nil, weight: Int? = nil
    ) -> QueueLimit {
        QueueLimit(
            id: .sample(1), scope: scope, concurrency: concurrency, perMinute: nil, weight: weight,
            by: "test", since: now)
    }

    @Test func `who had nothing to do earns no credit for it`() {
        var core = DispatcherCore(capacity: 1)
        core.offer((1...200).map { header($0) })
        for _ in 0..<100 { core.finished(take(&core)[0]) }
        core.offer((1001...1100).map { header($0, tenant: 2) })
        var late = 0
        for _ in 0..<20 {
            let number = take(&core)[0]
            if number > 1000 { late += 1 }
            core.finished(number)
        }

        #expect((9...11).contains(late))
    }

    @Test func `jobs of a lane run one at a time, in order`() {
        var core = DispatcherCore(capacity: 9)
        core.offer([header(2, lane: "l", rank: 2), header(1, lane: "l", rank: 1), header(3)])

        #expect(Set(take(&core)) == [1, 3])
        #expect(take(&core).isEmpty)
        core.finished(1)
        #expect(take(&core) == [2])
    }

    @Test func `a pause holds back its scope and no other, until it ends`() {
        var core = DispatcherCore(capacity: 9)
        core.pause([LimitScope.connection("a")])
        core.offer([header(1, connection: "a"), header(2, connection: "b")])

        #expect(take(&core) == [2])
        core.pause([])
        #expect(take(&core) == [1])
    }

    @Test func `a place that a paused tenant cannot use goes to another`() {
        let budgets = Budgets(timekeeper: ManualTimekeeper())
        budgets.configure(LimitScope.kind("k"), PartitionLimit(concurrency: 1))
        var core = DispatcherCore(capacity: 9)
        core.apply(budgets)
        core.offer([header(1)])
        #expect(take(&core) == [1])
        core.offer([header(2), header(3, tenant: 2)])
        #expect(take(&core).isEmpty)

        core.pause([LimitScope.tenant(.sample(1))])
        core.finished(1)

        #expect(take(&core) == [3])
    }

    @Test func `a suspect under a pause waits for its end, and holds up nobody`() {
        var core = DispatcherCore(capacity: 9)
        core.pause([LimitScope.connection("a")])
        core.offerSuspects([header(1, connection: "a"), header(2, connection: "b")])
        core.offer([header(3)])

        #expect(take(&core) == [2])
        core.finished(2)
        #expect(take(&core) == [3])
        core.finished(3)
        core.pause([])
        #expect(take(&core) == [1])
    }

    @Test func `while all suspects are held back the others go on side by side`() {
        let budgets = Budgets(timekeeper: ManualTimekeeper())
        budgets.configure("slow", PartitionLimit(concurrency: 9, rate: RateLimit(perMinute: 10)))
        var core = DispatcherCore(capacity: 3)
        core.apply(budgets)
        core.pause([LimitScope.connection("a")])
        core.offerSuspects([header(1, connection: "a")])
        core.offer((2...6).map { header($0) } + [header(9, tenant: 2, key: "slow")])

        _ = core.take(now: now) { _ in .seconds(6) }
        core.finished(2)
        // Others still run: that one of them ended makes room for the next.
        #expect(core.nextUnblocked == now + .seconds(6))
        #expect(take(&core) == [5])
    }

    @Test func `a suspect whose limit is taken up waits for its turn and is not passed by`() {
        let budgets = Budgets(timekeeper: ManualTimekeeper())
        budgets.configure("one", PartitionLimit(concurrency: 1))
        var core = DispatcherCore(capacity: 3)
        core.apply(budgets)
        core.offer([header(1, key: "one")])
        #expect(take(&core) == [1])
        core.offerSuspects([header(2, key: "one")])
        core.offer([header(3)])

        #expect(take(&core).isEmpty)
        core.finished(1)
        #expect(take(&core) == [2])
    }

    @Test func `suspects run alone, one after the other, before anything else`() {
        var core = DispatcherCore(capacity: 10)
        core.offer([header(1)])
        core.offerSuspects([header(8), header(9, tenant: 2)])

        let first = core.take(now: now) { _ in .zero }
        let blocked = core.take(now: now) { _ in .zero }
        core.finished(8)
        let second = core.take(now: now) { _ in .zero }
        core.finished(9)
        let rest = core.take(now: now) { _ in .zero }

        #expect(first.jobs.map(\.number) == [8] && first.isAlone)
        #expect(blocked.jobs.isEmpty)
        #expect(second.jobs.map(\.number) == [9] && second.isAlone)
        #expect(rest.jobs.map(\.number) == [1] && !rest.isAlone)
    }

    @Test func `a spent budget blocks its partition until it says, and no other`() {
        let budgets = Budgets(timekeeper: ManualTimekeeper())
        budgets.configure("slow", PartitionLimit(concurrency: 9, rate: RateLimit(perMinute: 10)))
        var core = DispatcherCore(capacity: 10)
        core.apply(budgets)
        core.offer([header(1, key: "slow"), header(2, key: "free")])

        let first = core.take(now: now) { $0.contains("slow") ? .seconds(3) : .zero }

        #expect(first.jobs.map(\.number) == [2])
        #expect(core.nextUnblocked == now + .seconds(3))
        #expect(core.take(now: now + .seconds(3)) { _ in .zero }.jobs.map(\.number) == [1])
    }

    @Test func `a job offered again while it is being settled is read again, not lost`() {
        var core = DispatcherCore(capacity: 4)
        core.offer([header(1)])
        _ = take(&core)

        // Its row is available again before its settling is known here.
        core.offer([header(1)])
        core.finished(1)

        #expect(core.starving.count == 1)
    }
}

/// Limits at four levels at once, with pauses, lanes and floods: nothing is started past a limit,
/// and nothing that may start is left waiting for ever.
@Suite struct DispatcherCorePropertyTests {
    @Test(arguments: 1...60)
    func `keeps every limit and forgets no job`(_ seed: UInt64) {
        var world = CoreWorld(seed: seed)

        for _ in 0..<20_000 where !world.isDone { world.step() }

        let (isDone, left, violations) = (world.isDone, world.left, world.violations)
        #expect(isDone, "\(left) were never started")
        #expect(violations.isEmpty)
    }
}

private struct CoreWorld {
    private var generator: SplitMix64
    private var core: DispatcherCore
    private let tenantLimit: Int
    private var all: [Int64: JobHeader] = [:]
    private var running: [Int64: JobHeader] = [:]
    private var offered: Int64 = 0
    private(set) var violations: Set<String> = []

    var isDone: Bool { offered == 300 && all.isEmpty }
    var left: Int { all.count }

    init(seed: UInt64) {
        generator = SplitMix64(seed: seed)
        tenantLimit = Int.random(in: 1...6, using: &generator)
        let budgets = Budgets(timekeeper: ManualTimekeeper())
        budgets.configure("key-1", PartitionLimit(concurrency: 1))
        budgets.configure(LimitScope.connection("c1"), PartitionLimit(concurrency: 2))
        budgets.configure(LimitScope.kind("k"), PartitionLimit(concurrency: 9))
        core = DispatcherCore(capacity: 12, tenantLimit: tenantLimit)
        core.apply(budgets)
    }

    mutating func step() {
        if offered < 300, Bool.random(using: &generator) { offer() }
        if offered == 300 {
            core.pause([])
        } else if Int.random(in: 0..<20, using: &generator) == 0 {
            let scopes = [
                [], ["queue:default"], [LimitScope.tenant(.sample(1))],
                [LimitScope.connection("c2"), "key-2"],
            ]
            core.pause(Set(scopes.randomElement(using: &generator) ?? []))
        }
        for start in core.take(now: Instant(microseconds: 1), spend: { _ in .zero }).jobs {
            running[start.number] = all[start.number]
        }
        check()
        guard let done = running.keys.sorted().randomElement(using: &generator) else { return }
        running[done] = nil
        all[done] = nil
        core.finished(done)
    }

    private mutating func offer() {
        offered += 1
        let tenant = TenantID.sample(.random(in: 1...3, using: &generator))
        let partition = JobPartition(
            tenant: tenant,
            connection: [nil, "c1", "c2"].randomElement(using: &generator) ?? nil, kind: "k",
            key: [nil, "key-1", "key-2"].randomElement(using: &generator) ?? nil)
        let header = JobHeader(
            number: offered, tenant: tenant, partition: partition.description,
            lane: [nil, nil, "l1", "l2"].randomElement(using: &generator) ?? nil,
            rank: .random(in: 0...9, using: &generator), due: 0)
        all[offered] = header
        core.offer([header])
    }

    private mutating func check() {
        func claim(_ isTrue: Bool, _ words: String) { if !isTrue { violations.insert(words) } }
        let parts = running.values.compactMap { JobPartition($0.partition) }
        claim(running.count <= 9, "kind")
        claim(running.count == core.runningCount, "count")
        claim(parts.filter { $0.key == "key-1" }.count <= 1, "key")
        claim(parts.filter { $0.connection == "c1" }.count <= 2, "connection")
        for tenant in UInt64(1)...3 {
            claim(parts.filter { $0.tenant == .sample(tenant) }.count <= tenantLimit, "tenant")
        }
        let lanes = running.values.compactMap(\.lane)
        claim(lanes.count == Set(lanes).count, "lane")
    }
}

@Suite struct TokenBucketTests {
    @Test(arguments: 0..<60)
    func `gives no more than its limit in any sixty seconds, restarts included`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let limit = RateLimit(perMinute: Int.random(in: 1...300, using: &generator))
        var now = Instant(microseconds: 0)
        var bucket = TokenBucket(limit, at: now)
        var given: [Instant] = []
        for _ in 0..<3000 {
            now = now + .microseconds(Int64.random(in: 0...900_000, using: &generator))
            // A killed process starts with an empty bucket.
            if Int.random(in: 0..<200, using: &generator) == 0 {
                bucket = TokenBucket(limit, at: now)
            }
            if bucket.take(now) == .zero { given.append(now) }
        }
        for (index, end) in given.enumerated() {
            let window = given[...index].reversed().prefix {
                end.duration(since: $0) < .seconds(60)
            }
            #expect(window.count <= limit.perMinute)
        }
        #expect(!given.isEmpty)
    }

    @Test func `a pause gives nothing before its end`() {
        let start = Instant(microseconds: 0)
        var bucket = TokenBucket(RateLimit(perMinute: 600), at: start)
        bucket.pause(until: start + .seconds(30))

        #expect(bucket.take(start + .seconds(29)) > .zero)
        #expect(bucket.take(start + .seconds(31)) == .zero)
    }
}

@Suite struct TokenReturnTests {
    @Test func `a partner's word of when it may be asked again outlasts a hand-over`() {
        let clock = ManualTimekeeper()
        let budgets = Budgets(timekeeper: clock)
        budgets.configure("k", PartitionLimit(concurrency: 9, rate: RateLimit(perMinute: 600)))
        budgets.pause("k", for: .seconds(300))

        budgets.empty()
        clock.advance(by: .seconds(60))

        #expect(budgets.take(["k"]) > .seconds(200))
    }

    @Test func `a token that was not used can be used by another`() {
        let clock = ManualTimekeeper()
        let budgets = Budgets(timekeeper: clock)
        budgets.configure("p", PartitionLimit(concurrency: 4, rate: RateLimit(perMinute: 10)))
        clock.advance(by: .seconds(7))
        #expect(budgets.take("p") == .zero)
        #expect(budgets.take("p") > .zero)

        Allowance(scope: "p", budgets: budgets, isPrepaid: true).giveBack()

        #expect(budgets.take("p") == .zero)
    }
}
