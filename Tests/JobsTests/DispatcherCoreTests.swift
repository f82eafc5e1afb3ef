import Jobs
import Kernel
import Storage
import StorageTesting
import Testing

@Suite struct DispatcherCoreTests {
    private let now = Instant(microseconds: 1_000_000_000)

    private func header(_ number: Int64, _ partition: String, rank: Int64 = 0) -> JobHeader {
        JobHeader(number: number, tenant: .sample(1), partition: partition, rank: rank, due: 0)
    }

    @Test func `partitions take turns, however long one's queue is`() {
        var core = DispatcherCore(capacity: 4)
        core.offer((1...100).map { header($0, "flood") } + [header(200, "other")])

        let (jobs, _) = core.take(now: now, limit: { _ in 100 }, spend: { _ in .zero })

        #expect(jobs.map(\.number).contains(200))
        #expect(jobs.count == 4)
    }

    @Test func `rank decides within a partition`() {
        var core = DispatcherCore(capacity: 3)
        core.offer([header(1, "p", rank: 30), header(2, "p", rank: 10), header(3, "p", rank: 20)])

        let (jobs, _) = core.take(now: now, limit: { _ in 100 }, spend: { _ in .zero })

        #expect(jobs.map(\.number) == [2, 3, 1])
    }

    @Test(arguments: 1...50)
    func `never runs more of a partition than its limit`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var core = DispatcherCore(capacity: 20)
        var running: [JobHeader] = []
        var next: Int64 = 0
        for _ in 0..<300 {
            if Bool.random(using: &generator) {
                next += 1
                core.offer([header(next, ["a", "b", "c"].randomElement(using: &generator) ?? "a")])
            } else if !running.isEmpty {
                core.finished(
                    running.remove(at: Int.random(in: 0..<running.count, using: &generator)))
            }
            running += core.take(now: now, limit: { $0 == "a" ? 2 : 5 }, spend: { _ in .zero }).jobs
            #expect(running.filter { $0.partition == "a" }.count <= 2)
            #expect(running.count <= 12 && running.count == core.runningCount)
            #expect(Set(running.map(\.number)).count == running.count)
        }
    }

    @Test func `suspects run alone, one after the other, before anything else`() {
        var core = DispatcherCore(capacity: 10)
        core.offer([header(1, "p")])
        core.offerSuspects([header(8, "p"), header(9, "q")])

        let first = core.take(now: now, limit: { _ in 9 }, spend: { _ in .zero })
        let blocked = core.take(now: now, limit: { _ in 9 }, spend: { _ in .zero })
        core.finished(first.jobs[0])
        let second = core.take(now: now, limit: { _ in 9 }, spend: { _ in .zero })
        core.finished(second.jobs[0])
        let rest = core.take(now: now, limit: { _ in 9 }, spend: { _ in .zero })

        #expect(first.jobs.map(\.number) == [8] && first.isAlone)
        #expect(blocked.jobs.isEmpty)
        #expect(second.jobs.map(\.number) == [9] && second.isAlone)
        #expect(rest.jobs.map(\.number) == [1] && !rest.isAlone)
    }

    @Test func `a spent budget blocks its partition until it says, and no other`() {
        var core = DispatcherCore(capacity: 10)
        core.offer([header(1, "slow"), header(2, "free")])

        let first = core.take(
            now: now, limit: { _ in 9 }, spend: { $0 == "slow" ? .seconds(3) : .zero })

        #expect(first.jobs.map(\.number) == [2])
        #expect(core.nextUnblocked == now + .seconds(3))
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

@Suite struct DispatcherCoreRaceTests {
    @Test func `a job offered again while it is being settled is read again, not lost`() {
        var core = DispatcherCore(capacity: 4)
        let header = JobHeader(
            number: 1, tenant: .sample(1), partition: "p", rank: 0, due: 0)
        core.offer([header])
        let now = Instant(microseconds: 1)
        _ = core.take(now: now, limit: { _ in 9 }, spend: { _ in .zero })

        // Its row is available again before its settling is known here.
        core.offer([header])
        core.finished(header)

        #expect(core.starving == ["p"])
    }
}

@Suite struct TokenReturnTests {
    @Test func `a token that was not used can be used by another`() {
        let clock = ManualTimekeeper()
        let budgets = Budgets(timekeeper: clock)
        budgets.configure("p", PartitionLimit(concurrency: 4, rate: RateLimit(perMinute: 10)))
        clock.advance(by: .seconds(7))
        #expect(budgets.take("p") == .zero)
        #expect(budgets.take("p") > .zero)

        Allowance(partition: "p", budgets: budgets, isPrepaid: true).giveBack()

        #expect(budgets.take("p") == .zero)
    }
}
