package import Events
package import Hummingbird
package import Jobs
package import Kernel
package import Storage
package import Web

/// What Inventory offers the platform.
package struct InventoryModule: Sendable {
    package static let collections: [any Record.Type] = [
        StockLevel.self, StockMovement.self, Reservation.self, KnownFacility.self,
        KnownProduct.self,
    ]

    package let service: InventoryService
    private let timekeeper: any Timekeeper

    package init(store: Store, timekeeper: any Timekeeper) {
        service = InventoryService(store: store)
        self.timekeeper = timekeeper
    }

    package var subscriptions: [Subscription] {
        [
            FollowOrders.subscription, Subscription(WhenFacilitySaved()),
            Subscription(WhenProductSaved()), Subscription(WhenStockReceived()),
        ]
    }

    package func addWorkers(to registry: inout JobRegistry) {
        registry.add(FillBackordersWorker())
        registry.add(ExpireSoftReservationWorker())
    }

    package func addRoutes(to group: RouterGroup<APIContext>) {
        InventoryController(inventory: service, timekeeper: timekeeper).addRoutes(to: group)
    }
}
