import Contracts
package import Events
package import Hummingbird
package import Jobs
package import Kernel
package import Security
package import Storage
package import Web

/// What Orders offers the platform.
package struct OrdersModule: Sendable {
    package static let collections: [any Record.Type] = [
        Order.self, FulfilmentOrder.self, Contact.self, KnownListing.self,
    ]

    package let service: OrdersService
    package let contacts: ContactsService
    private let timekeeper: any Timekeeper

    package init(store: Store, vault: Vault, timekeeper: any Timekeeper) {
        service = OrdersService(store: store)
        contacts = ContactsService(store: store, vault: vault)
        self.timekeeper = timekeeper
    }

    package var subscriptions: [Subscription] {
        [
            Subscription(WhenOrderObserved()), Subscription(WhenCancellationAsked()),
            Subscription(WhenListingMapped()), Subscription(WhenStockReserved()),
            WorkFollowing.subscription, Subscription(WhenObligationAnswered()),
            FulfilmentFollowing.ofOrders, FulfilmentFollowing.ofFulfilment,
        ]
    }

    package func addWorkers(to registry: inout JobRegistry) {
        registry.add(RepairQuarantinedWorker())
        registry.add(CheckDeadlinesWorker())
        registry.add(ExpireHoldWorker())
        registry.add(AssumeDeliveredWorker())
    }

    package func addRoutes(to group: RouterGroup<APIContext>) {
        OrdersController(orders: service, contacts: contacts, timekeeper: timekeeper)
            .addRoutes(to: group)
    }
}
