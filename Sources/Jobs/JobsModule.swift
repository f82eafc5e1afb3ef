package import Kernel
package import Logging
package import Storage

/// What the job manager offers an installation.
package struct JobsModule: Sendable {
    package static let collections: [any Record.Type] = [
        Effect.self, JobBatch.self, QueuePause.self, QueueLimit.self, ScheduleState.self,
        ScheduleFiring.self,
        BulkRun.self, BulkResult.self,
    ]

    package let registry: JobRegistry
    package let ending: JobEnding
    package let desk: JobDesk
    package let bulk: BulkDesk
    package let scheduler: Scheduler
    package let board = DispatcherBoard()
    private let store: Store
    private let budgets: Budgets
    private let timekeeper: any Timekeeper

    /// - Parameters:
    ///   - registry: all workers; those of schedules and of runs over many items are added here.
    ///   - operations: what can be done to many items; they may act on jobs.
    package init(
        store: Store, budgets: Budgets, registry: JobRegistry, schedules: [Schedule],
        observers: [any JobObserver] = [],
        operations: (JobDesk) -> [any BulkOperation] = { _ in [] }, timekeeper: any Timekeeper,
        randomness: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        var registry = registry
        registry.add(FireScheduleWorker(schedules, randomness: randomness))
        let early = JobDesk(ending: JobEnding(registry: registry, observers: observers))
        bulk = BulkDesk(operations(early))
        registry.add(RunBulkWorker(desk: bulk))
        self.store = store
        self.budgets = budgets
        self.timekeeper = timekeeper
        self.registry = registry
        ending = JobEnding(registry: registry, observers: observers)
        desk = JobDesk(ending: ending)
        scheduler = Scheduler(schedules)
    }

    /// Forgets a tenant's effects that were settled and batches that had ended before a time, the oldest
    /// first. What is neither is kept for ever.
    /// - Returns: the larger of both counts, `limit` at most.
    package static func forget(
        before: Instant, limit: Int, in transaction: Transaction
    ) throws -> Int {
        var most = 0
        for state in [Effect.State.happened, .refused] {
            let old = try transaction.page(Effect.byState, equals: [state], limit: limit).items
                .filter { ($0.settledAt ?? $0.plannedAt) < before }
            for effect in old { try transaction.delete(Effect.self, effect.id) }
            most = max(most, old.count)
        }
        let batches = try transaction.page(JobBatch.byCreation, limit: limit).items
            .filter { $0.endedAt.map { $0 < before } ?? false }
        for batch in batches { try transaction.delete(JobBatch.self, batch.id) }
        return max(most, batches.count)
    }

    /// - Parameter leases: what is this process' own; all of it unless said otherwise.
    package func dispatcher(
        _ settings: Dispatcher.Settings, leases: Leases? = nil, logger: Logger
    ) -> Dispatcher {
        Dispatcher(
            store: store, ending: ending, budgets: budgets, timekeeper: timekeeper, logger: logger,
            board: board, leases: leases, settings: settings)
    }
}
