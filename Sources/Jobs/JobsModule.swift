package import Kernel
package import Logging
package import Storage

/// What the job manager offers an installation.
package struct JobsModule: Sendable {
    package static let collections: [any Record.Type] = [
        Effect.self, JobBatch.self, QueuePause.self, ScheduleState.self, ScheduleFiring.self,
    ]

    package let registry: JobRegistry
    package let ending: JobEnding
    package let desk: JobDesk
    package let scheduler: Scheduler
    package let board = DispatcherBoard()
    private let store: Store
    private let budgets: Budgets
    private let timekeeper: any Timekeeper

    /// - Parameter registry: all workers; that of schedules is added here.
    package init(
        store: Store, budgets: Budgets, registry: JobRegistry, schedules: [Schedule],
        observers: [any JobObserver], timekeeper: any Timekeeper
    ) {
        var registry = registry
        registry.add(FireScheduleWorker(schedules))
        self.store = store
        self.budgets = budgets
        self.timekeeper = timekeeper
        self.registry = registry
        ending = JobEnding(registry: registry, observers: observers)
        desk = JobDesk(ending: ending)
        scheduler = Scheduler(schedules)
    }

    package func dispatcher(_ settings: Dispatcher.Settings, logger: Logger) -> Dispatcher {
        Dispatcher(
            store: store, ending: ending, budgets: budgets, timekeeper: timekeeper, logger: logger,
            board: board, settings: settings)
    }
}
