import Contracts
import Events
import Jobs
import Kernel
import Orders
import Platform
import Sandbox
import Storage

/// What must be true once everything has come to rest, told from outside: the marketplace's own
/// ledger against our public records.
struct Laws: Sendable {
    let day: SimulatedDay

    private static let forever: Set<String> = [
        "walmart.pollOrders", "jobs.fireSchedule", "platform.prune", "issues.watch",
        "orders.assumeDelivered", "orders.checkDeadlines", "orders.expireHold",
        "inventory.expireSoftReservation",
    ]

    /// What still moves by itself; empty at rest.
    func unrest() async -> [String] {
        guard let platform = day.platform else { return ["nothing lives"] }
        do { return try await moving(platform) } catch {
            return ["\(RecordedFault(error).code)"]
        }
    }

    private func moving(_ platform: Platform) async throws -> [String] {
        let tenant = day.shop.tenant
        let states: Set<JobState> = [.available, .running, .retryable, .scheduled]
        let jobs = try await platform.store.bookkeeping {
            try $0.jobs(JobFilter(tenant: tenant, states: states), before: nil, limit: 500)
        }
        let now = day.time.now
        var found = jobs.filter { !Self.forever.contains($0.kind) }.map { job in
            let wait = Instant(microseconds: job.due).duration(since: now).components.seconds
            return "job \(job.number) \(job.kind) is \(job.state.name), due in \(wait) s"
        }
        found += try await mendedJobs(platform)
        found += try await mendedEvents(platform)
        let counts = try await platform.orders.service.stageCounts(tenant: tenant, limit: 1000)
        for stage in [OrderStage.received, .released, .dispatched] where counts[stage] ?? 0 > 0 {
            found.append("\(counts[stage] ?? 0) orders are \(stage.rawValue)")
        }
        let missing = day.market.facts.orders.count - counts.values.reduce(0, +)
        if missing > 0 { found.append("\(missing) orders are not here yet") }
        for subscription in platform.subscriptions {
            let lag = try await SubscriptionLag.measure(subscription, in: platform.store)
            if lag.events > 0 {
                found.append("\(lag.subscription) is \(lag.events) events behind")
            }
        }
        return found
    }

    /// Jobs that died by nothing but chance: a person looks, finds only bad luck, and has them done.
    private func mendedJobs(_ platform: Platform) async throws -> [String] {
        let tenant = day.shop.tenant
        let quarantined = try await platform.store.bookkeeping {
            try $0.jobs(
                JobFilter(tenant: tenant, states: [.discarded], faultCode: "jobs.quarantined"),
                before: nil, limit: 100)
        }
        let desk = platform.jobs.desk
        for job in quarantined {
            day.trace.reach("jobs.quarantined")
            do {
                _ = try await platform.store.writeUnrepeated(mending) {
                    try desk.retry(job.number, in: $0)
                }
            } catch let fault as JobsError where fault.reason == .superseded {
                _ = try await platform.store.writeUnrepeated(mending) {
                    try desk.dismiss(job.number, in: $0)
                }
            }
        }
        return quarantined.map { "job \($0.number) was quarantined" }
    }

    /// Events of the same kind; what could not be handled for any other reason stays, and breaks a law.
    private func mendedEvents(_ platform: Platform) async throws -> [String] {
        let parked = try await platform.parking.list(tenant: day.shop.tenant, after: 0, limit: 100)
        let unlucky = parked.filter {
            $0.state == .parked && $0.fault?.code == "events.quarantined"
        }
        // One that is to be tried again already waits for its turn.
        for event in unlucky where event.retryAt == nil {
            day.trace.reach("events.quarantined")
            do {
                try await platform.parking.retry(event.number, call: mending)
            } catch let fault as EventsError where fault.reason == .unknownParked {
                continue
            }
        }
        return unlucky.map { "event \($0.position) was quarantined" }
    }

    private var mending: Call {
        Call(
            tenant: day.shop.tenant, actor: .platform, at: day.time.now, correlation: "mend")
    }

    /// - Returns: each broken law in words.
    func violations() async -> [String] {
        guard let platform = day.platform else { return ["nothing lives"] }
        do { return try await broken(platform) } catch { return ["cannot be looked at: \(error)"] }
    }

    private func broken(_ platform: Platform) async throws -> [String] {
        let tenant = day.shop.tenant
        let facts = day.market.facts
        var found: [String] = []
        for order in facts.orders {
            let ours = try await platform.orders.service.search(
                number: order.number, limit: 2, tenant: tenant)
            guard let mine = ours.first, ours.count == 1 else {
                found.append("order \(order.number) is here \(ours.count) times")
                continue
            }
            found += try await self.found(mine, order, facts, platform)
        }
        for (effect, times) in Dictionary(
            grouping: facts.effects, by: { "\($0.kind) \($0.order)/\($0.subject)" }
        ).mapValues(\.count) where times > 1 && !effect.hasPrefix("cancel") {
            // Cancels of one order are told apart by what is owed: see below.
            found.append("\(effect) happened \(times) times")
        }
        found += try await platform.verification(of: tenant).findings.map {
            "\($0.invariant) \($0.subject): \($0.detail)"
        }
        found += try await twins(platform)
        let parked = try await platform.store.bookkeeping {
            try $0.parkedList(tenant: tenant, after: 0, limit: 10)
        }
        found += parked.map {
            "\($0.subscription) set an event aside: \($0.fault?.description ?? "")"
        }
        let failed = try await platform.store.bookkeeping {
            try $0.jobs(JobFilter(tenant: tenant, states: [.discarded]), before: nil, limit: 10)
        }
        found += failed.compactMap { job in
            guard job.fault?.kind == .defect else { return nil }
            return "job \(job.kind) failed: \(job.fault?.description ?? "")"
        }
        return found.sorted()
    }

    /// Live jobs with the same unique key.
    private func twins(_ platform: Platform) async throws -> [String] {
        let tenant = day.shop.tenant
        let live: Set<JobState> = [.available, .scheduled, .retryable]
        let jobs = try await platform.store.bookkeeping {
            try $0.jobs(JobFilter(tenant: tenant, states: live), before: nil, limit: 500)
        }
        let keys = Dictionary(grouping: jobs.filter { $0.uniqueKey != nil }) {
            "\($0.kind) \($0.uniqueKey ?? "")"
        }
        return keys.filter { $0.value.count > 1 }.map { "\($0.value.count) jobs \($0.key)" }
    }

    private func found(
        _ mine: Order, _ theirs: SandboxMarket.Facts.Order, _ facts: SandboxMarket.Facts,
        _ platform: Platform
    ) async throws -> [String] {
        var found: [String] = []
        let work = try await platform.orders.service.order(mine.id, tenant: day.shop.tenant)
            .fulfilmentOrders
        let parcels = work.flatMap(\.parcels).filter { $0.state == .handedOver }
        let refused = Set(
            mine.obligations.filter { $0.state == .refused }.map(\.subject))
        for parcel in parcels where !refused.contains(parcel.id.rawValue) {
            let told = facts.effects.filter {
                $0.kind == "ship" && $0.subject == parcel.trackingNumber
            }.count
            if told != 1 {
                found.append("parcel \(parcel.trackingNumber ?? "") was told \(told) times")
            }
        }
        let cancels = facts.effects.count { $0.kind == "cancel" && $0.order == theirs.number }
        let owed = mine.obligations.count { $0.kind == .cancel }
        if cancels > owed {
            found.append("order \(mine.reference): \(cancels) cancels were told, \(owed) owed")
        }
        let isOver = [OrderStage.confirmed, .waiting, .failed].contains(mine.stage)
        if !isOver { found.append("order \(mine.reference) stands still in \(mine.stage)") }
        // What was told as shipped needs no acknowledgement any more.
        let isUnacknowledged =
            !theirs.isCancelledWhole && theirs.shipped == 0 && mine.stage == .confirmed
            && !facts.effects.contains { $0.kind == "acknowledge" && $0.order == theirs.number }
        if isUnacknowledged { found.append("order \(mine.reference) was never acknowledged") }
        return found
    }
}
