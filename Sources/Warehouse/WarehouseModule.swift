package import Contracts
package import Events
package import Hummingbird
package import Jobs
package import Kernel
package import Storage
package import Web

/// What the warehouse offers the platform.
package struct WarehouseModule: Sendable {
    package static let collections: [any Record.Type] = [WorkOrder.self]

    package let service: WarehouseService
    private let isAutomatic: Bool
    private let pace: Duration
    private let timekeeper: any Timekeeper

    /// - Parameters:
    ///   - isAutomatic: work does itself, a step every `pace`.
    package init(
        store: Store, authority: any HandoverAuthority, isAutomatic: Bool, pace: Duration,
        timekeeper: any Timekeeper
    ) {
        service = WarehouseService(store: store, authority: authority)
        self.isAutomatic = isAutomatic
        self.pace = pace
        self.timekeeper = timekeeper
    }

    package var subscriptions: [Subscription] {
        [FollowFulfilment(isAutomatic: isAutomatic).subscription]
    }

    package func start(tenants: [TenantID]) async throws {
        guard isAutomatic else { return }
        try await service.takeUp(tenants: tenants, at: timekeeper.now)
    }

    package func addWorkers(to registry: inout JobRegistry) {
        registry.add(DoWorkWorker(warehouse: service, pace: pace))
    }

    package func addRoutes(to group: RouterGroup<APIContext>) {
        WarehouseController(warehouse: service, timekeeper: timekeeper).addRoutes(to: group)
    }
}
