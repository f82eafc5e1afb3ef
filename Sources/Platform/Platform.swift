import Authentication
package import Catalogue
import ChannelWalmart
package import Connectors
import Console
package import Events
import Foundation
import Glibc
import Hummingbird
package import Inventory
package import Issues
package import Jobs
package import Kernel
package import Logging
package import Orders
package import Security
package import Settings
package import Storage
import StoragePostgres
import StorageSQLite
import Telemetry
package import Warehouse
import Web

/// The whole installation in one process: the one place that names implementations.
package final class Platform: Sendable {
    let configuration: PlatformConfiguration
    let timekeeper: any Timekeeper
    let logger: Logger
    let folder: DataFolder?
    package let store: Store
    /// What of the work is this process' own.
    package let leases: Leases
    package let budgets: Budgets
    let http: any HTTPExchange
    let authentication: AuthenticationModule
    package let settings: SettingsModule
    package let catalogue: CatalogueModule
    package let inventory: InventoryModule
    package let orders: OrdersModule
    package let warehouse: WarehouseModule
    let walmart: WalmartModule
    package let issues: IssuesModule
    let issueDesk: IssueDesk
    package let parking: Parking
    package let jobs: JobsModule
    let readiness = ReadinessProbe()
    let requestDurations = DurationHistogram(
        "http_server_request_duration_seconds", "Time from a request's head to its answer's head.",
        labels: ["method", "route", "status"])
    /// What opening the store did to its tables, in words.
    package let migration: [String]

    static let collections: [any Record.Type] =
        AuthenticationModule.collections + SettingsModule.collections
        + CatalogueModule.collections + InventoryModule.collections + OrdersModule.collections
        + WarehouseModule.collections + WalmartModule.collections + JobsModule.collections
        + IssuesModule.collections

    /// What an installation stands on, and a simulation replaces.
    package struct Ground: Sendable {
        let vault: Vault
        let folder: DataFolder?
        let engine: any StorageEngine
        let http: any HTTPExchange

        package init(vault: Vault, engine: any StorageEngine, http: any HTTPExchange) {
            (self.vault, self.engine, self.http) = (vault, engine, http)
            folder = nil
        }

        /// Takes the data folder and opens the database in it.
        init(_ configuration: PlatformConfiguration, _ logger: Logger) throws {
            // The secrets first: a mistyped folder must not come into being.
            vault = try SecretsFile.read(in: configuration.dataPath)
            let folder = try DataFolder(path: configuration.dataPath)
            self.folder = folder
            if let database = configuration.database {
                engine = try PostgresEngine(address: database)
            } else {
                engine = try SQLiteEngine(folder: folder) { fault in
                    // Only a fresh start can tell what is on disk.
                    logger.critical("stopping: \(fault)")
                    exit(74)
                }
            }
            http = OutboundClient()
        }
    }

    /// Takes the data folder and opens what is in it.
    /// - Throws: `StorageError.locked`, `.settingRefused`; `PlatformError` about the secrets file.
    package convenience init(
        _ configuration: PlatformConfiguration, timekeeper: any Timekeeper, logger: Logger
    ) async throws {
        try await self.init(
            configuration, on: Ground(configuration, logger), timekeeper: timekeeper,
            logger: logger)
    }

    package init(
        _ configuration: PlatformConfiguration, on ground: Ground, timekeeper: any Timekeeper,
        logger: Logger
    ) async throws {
        self.configuration = configuration
        self.timekeeper = timekeeper
        self.logger = logger
        let vault = ground.vault
        folder = ground.folder
        store = Store(engine: ground.engine, randomness: configuration.randomness)
        migration = try await store.open(Self.collections)
        leases = Leases(
            member: store.isExclusive ? nil : Self.newMemberName(), timekeeper: timekeeper)
        budgets = Budgets(timekeeper: timekeeper)
        http = ground.http
        authentication = AuthenticationModule(store: store, timekeeper: timekeeper)
        settings = SettingsModule(
            store: store, vault: vault, channels: [WalmartModule.channel: WalmartModule.operations],
            timekeeper: timekeeper)
        catalogue = CatalogueModule(store: store, timekeeper: timekeeper)
        inventory = InventoryModule(store: store, timekeeper: timekeeper)
        orders = OrdersModule(store: store, vault: vault, timekeeper: timekeeper)
        warehouse = WarehouseModule(
            store: store, authority: orders.service,
            isAutomatic: configuration.isWarehouseAutomatic, pace: configuration.warehousePace,
            timekeeper: timekeeper)
        walmart = WalmartModule(
            .init(
                store: store, vault: vault, directory: settings.directory,
                contacts: orders.contacts, http: http, budgets: budgets, timekeeper: timekeeper,
                logger: logger),
            pacing: configuration.polling)
        issues = Self.makeIssues(store, authentication, settings, orders, walmart)
        let ledger = issues.ledger
        parking = Parking(store: store, observers: [ledger])
        jobs = try Self.makeJobs(
            JobParts(
                store: store, budgets: budgets, timekeeper: timekeeper,
                configuration: configuration, authentication: authentication, orders: orders,
                issues: issues, parking: parking),
            [orders, inventory, warehouse, walmart, issues])
        issueDesk = IssueDesk(bulk: jobs.bulk)
    }

    package var rebuilds: ProjectionRebuilds {
        ProjectionRebuilds(store: store, subscriptions: subscriptions)
    }

    package var subscriptions: [Subscription] {
        orders.subscriptions + inventory.subscriptions + catalogue.subscriptions
            + warehouse.subscriptions + walmart.subscriptions
    }

    /// Names a process so that a person finds it, and no other ever has the name.
    private static func newMemberName() -> String {
        let host = ProcessInfo.processInfo.hostName
        return "\(host)/\(getpid())/\(UUID().uuidString.prefix(8))"
    }

    /// Ends what is open. The store is closed last.
    package func close() async {
        unmarkServing()
        await store.close()
    }

    /// Whoever holds the folder owns the mark, also one that a killed server left.
    func unmarkServing() { unlink(DataFolder.servingMark(in: configuration.dataPath)) }

    /// What the installation's own work is shown under.
    private static let ownTenant = "platform"

    /// The tenant meant by a name or identifier, or the only one there is.
    /// - Throws: `PlatformError.tenantUnknown`, `.tenantAmbiguous`, `.notInitialised`.
    func tenant(_ wanted: String?) async throws -> TenantID {
        let tenants = try await authentication.service.tenants()
        if let wanted, !wanted.isEmpty {
            guard
                let found = tenants.first(where: { $0.name == wanted || $0.id.rawValue == wanted })
            else {
                // The installation's own work, for whoever owns its folder.
                if wanted == Self.ownTenant { return .platform }
                throw PlatformError(.tenantUnknown, "there is no tenant “\(wanted)”")
            }
            return found.id
        }
        guard let only = tenants.first else {
            throw PlatformError(.notInitialised, "no tenant yet; run “longshore init” first")
        }
        guard tenants.count == 1 else {
            let names = tenants.map(\.name).joined(separator: ", ")
            throw PlatformError(.tenantAmbiguous, "say which tenant with --tenant: \(names)")
        }
        return only.id
    }
}
