package import Kernel
package import Logging
package import Storage

/// Fills the side of a projection that is not shown, from the first event on, and shows it once it
/// has caught up.
///
/// What is shown goes on being kept meanwhile. What the new computation cannot handle is set aside
/// as ever, and as long as anything is, nothing is shown.
package actor ProjectionRebuilder {
    /// Events in one transaction, which all others wait for.
    private static let sweptAtOnce = 200

    private let subscription: Subscription
    private let live: SubscriptionRunner
    private let store: Store
    private let timekeeper: any Timekeeper
    private let logger: Logger
    private let observers: [any ParkingObserver]
    private let leases: Leases
    private let shard: Int
    private var aside: (runner: SubscriptionRunner, generation: Int64)?
    /// Something is being computed anew, so that the log matters.
    private var isAtWork = false

    /// - Parameter live: who keeps the side that is shown.
    package init(
        _ subscription: Subscription, live: SubscriptionRunner, store: Store,
        timekeeper: any Timekeeper, logger: Logger, observers: [any ParkingObserver] = [],
        leases: Leases? = nil
    ) {
        self.subscription = subscription
        self.live = live
        self.store = store
        self.timekeeper = timekeeper
        self.observers = observers
        self.leases = leases ?? Leases(member: nil, timekeeper: timekeeper)
        shard = Shard.of(subscription: subscription.name)
        var logger = logger
        logger[metadataKey: "projection"] = .string(subscription.name)
        self.logger = logger
    }

    /// Runs until the task is cancelled; what is in hand is finished first.
    package func run() async throws {
        while !Task.isCancelled {
            let (log, controls) = (store.signals.log.generation, store.signals.controls.generation)
            do {
                if try await !step() { await rest(log, controls) }
            } catch let fault as any Fault where fault.kind == .unavailable {
                guard store.breakage == nil else { throw fault }
                logger.warning("paused", metadata: ["error": "\(fault)"])
                do { try await timekeeper.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    /// Words between processes may get lost, and a share may have become this one's: look now and
    /// then.
    private func rest(_ log: UInt64, _ controls: UInt64) async {
        if isAtWork {
            await store.signals.log.wait(
                after: log, untilSteady: timekeeper.steady + .milliseconds(500), by: timekeeper)
        } else if leases.isExclusive {
            await store.signals.controls.wait(after: controls)
        } else {
            await store.signals.controls.wait(
                after: controls, untilSteady: timekeeper.steady + .seconds(2), by: timekeeper)
        }
    }

    /// - Returns: whether anything moved.
    package func step() async throws -> Bool {
        guard let term = leases.enter(shard) else {
            (aside, isAtWork) = (nil, false)
            return false
        }
        defer { leases.leave(shard, term) }
        try await sweep(term)
        let name = subscription.name
        guard let row = try await store.bookkeeping({ try $0.projection(name) }),
            row.rebuildingSince != nil, row.rebuildingVersion == subscription.version
        else {
            // Nothing to do, or another release's: half of it by one code, half by another is neither.
            (aside, isAtWork) = (nil, false)
            return false
        }
        isAtWork = true
        let runner = try await runner(row.generation)
        switch try await runner.stepIfOurs() {
        case .moved: return true
        case .notOurs: return false
        case .still:
            guard await runner.parkedCount == 0 else { return false }
            return try await show(row, term)
        }
    }

    private func runner(_ generation: Int64) async throws -> SubscriptionRunner {
        if let aside, aside.generation == generation { return aside.runner }
        let runner = SubscriptionRunner(
            subscription.aside, store: store, timekeeper: timekeeper, logger: logger,
            observers: observers, leases: leases,
            decided: try await ParkedDecisions.read(of: subscription, in: store))
        try await runner.load()
        aside = (runner, generation)
        return runner
    }

    /// The new side takes the old one's place, with how far it has come.
    private func show(_ seen: ProjectionRow, _ term: Int64) async throws -> Bool {
        let subscription = subscription
        do {
            try await write(call(tenant: .platform), term) { transaction in
                var row = try transaction.bookkeeping {
                    try $0.holdProjection(subscription.name, exclusively: true)
                }
                guard row.generation == seen.generation, let since = row.rebuildingSince else {
                    throw SubscriptionRunner.Outdated()
                }
                row.side = row.side.other
                row.generation += 1
                row.version = subscription.version
                (row.rebuildingSince, row.rebuildingVersion) = (nil, nil)
                row.rebuiltAt = transaction.call.at.microseconds
                let shown = row
                try transaction.bookkeeping { session in
                    try session.replace(
                        subscription: subscription.left(shown.generation), by: subscription.name)
                    try session.replace(
                        subscription: subscription.name, by: subscription.aside.name)
                    try session.saveProjection(shown)
                }
                try transaction.emit(
                    ProjectionRebuilt(
                        projection: subscription.name, since: Instant(microseconds: since)),
                    to: "projections/\(subscription.name)")
            }
        } catch is SubscriptionRunner.Outdated { return true }
        logger.notice("computed anew")
        aside = nil
        await live.reload()
        store.signals.log.raise()
        try await sweep(term)
        return true
    }

    /// What a side that is no longer wanted had set aside is nobody's trouble any more.
    private func sweep(_ term: Int64) async throws {
        let (first, last) = (subscription.leftPrefix, subscription.leftEnd)
        let names = try await store.bookkeeping {
            try $0.subscriptions(from: first, to: last)
        }
        for name in names {
            let keys = try await store.bookkeeping { try $0.parkedKeys(subscription: name) }
            for key in keys { try await sweep(name, key, term) }
            try await write(call(tenant: .platform), term) {
                try $0.bookkeeping { try $0.forget(subscription: name) }
            }
        }
    }

    private func sweep(_ name: String, _ key: ParkedKey, _ term: Int64) async throws {
        var isMore = true
        while isMore {
            do { isMore = try await sweep(name, key, term, observers) } catch {
                let isPassing = [.unavailable, .conflict].contains(RecordedFault(error).kind)
                guard store.breakage == nil, !isPassing else { throw error }
                logger.error(
                    "nobody was told of events nobody waits for", metadata: ["error": "\(error)"])
                isMore = try await sweep(name, key, term, [])
            }
        }
    }

    /// - Returns: whether there may be more of the key.
    private func sweep(
        _ name: String, _ key: ParkedKey, _ term: Int64, _ observers: [any ParkingObserver]
    ) async throws -> Bool {
        let limit = Self.sweptAtOnce
        return try await write(call(tenant: key.tenant), term) { transaction in
            let rows = try transaction.bookkeeping {
                try $0.parked(subscription: name, key: key, limit: limit)
            }
            for row in rows {
                try transaction.bookkeeping { try $0.deleteParked(number: row.number) }
                for observer in observers where row.state != .waiting {
                    try observer.released(row, isHandled: true, in: transaction)
                }
            }
            return rows.count == limit
        }
    }

    /// Writes what only who has the projection to do may write.
    private func write<T: Sendable>(
        _ call: Call, _ term: Int64, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        let (leases, terms) = (leases, [shard: term])
        return try await store.writeUnrepeated(call, lane: .bulk) { transaction in
            try transaction.bookkeeping { try leases.confirm(terms, in: $0) }
            return try body(transaction)
        }
    }

    private func call(tenant: TenantID) -> Call {
        Call(
            tenant: tenant, actor: Actor(.subscription, subscription.name), at: timekeeper.now,
            correlation: subscription.name)
    }
}
