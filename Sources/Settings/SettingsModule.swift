package import Hummingbird
package import Kernel
package import Security
package import Storage
package import Web

/// What Settings offers the platform.
package struct SettingsModule: Sendable {
    package static let collections: [any Record.Type] = [Facility.self, Connection.self]

    package let service: SettingsService
    package let directory: ConnectionDirectoryService
    private let timekeeper: any Timekeeper

    package init(
        store: Store, vault: Vault, channels: [String: Set<String>], timekeeper: any Timekeeper
    ) {
        service = SettingsService(store: store, vault: vault, channels: channels)
        directory = ConnectionDirectoryService(store: store, vault: vault)
        self.timekeeper = timekeeper
    }

    package func addRoutes(to group: RouterGroup<APIContext>) {
        SettingsController(settings: service, timekeeper: timekeeper).addRoutes(to: group)
    }
}
