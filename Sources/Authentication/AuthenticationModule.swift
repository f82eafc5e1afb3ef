package import Hummingbird
package import Kernel
package import Storage
package import Web

/// What Authentication offers the platform.
package struct AuthenticationModule: Sendable {
    package static let collections: [any Record.Type] = [Tenant.self, APIKey.self]

    package let service: AuthenticationService
    private let timekeeper: any Timekeeper

    package init(store: Store, timekeeper: any Timekeeper) {
        service = AuthenticationService(store: store)
        self.timekeeper = timekeeper
    }

    package func addRoutes(to group: RouterGroup<APIContext>) {
        AuthenticationController(authentication: service, timekeeper: timekeeper)
            .addRoutes(to: group)
    }
}
