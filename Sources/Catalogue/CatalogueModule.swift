package import Events
package import Hummingbird
package import Kernel
package import Storage
package import Web

/// What Catalogue offers the platform.
package struct CatalogueModule: Sendable {
    package static let collections: [any Record.Type] = [
        Product.self, Listing.self, UnmappedSKU.self,
    ]

    package let service: CatalogueService
    private let timekeeper: any Timekeeper

    package init(store: Store, timekeeper: any Timekeeper) {
        service = CatalogueService(store: store)
        self.timekeeper = timekeeper
    }

    package var subscriptions: [Subscription] { [Subscription(UnmappedWorkList())] }

    package func addRoutes(to group: RouterGroup<APIContext>) {
        CatalogueController(catalogue: service, timekeeper: timekeeper).addRoutes(to: group)
    }
}
