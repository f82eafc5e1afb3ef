import Authentication
import ChannelWalmart
import Contracts
import Events
import Inventory
import Issues
import Jobs
import Kernel
import Orders
import Settings
import Storage
import Warehouse

extension Platform {
    struct JobParts {
        let store: Store
        let budgets: Budgets
        let timekeeper: any Timekeeper
        let configuration: PlatformConfiguration
        let authentication: AuthenticationModule
        let orders: OrdersModule
        let issues: IssuesModule
        let parking: Parking
    }

    static func makeJobs(
        _ parts: JobParts, _ modules: [any WorkerSource]
    ) throws -> JobsModule {
        var registry = JobRegistry()
        for module in modules { module.addWorkers(to: &registry) }
        let authentication = parts.authentication
        let configuration = parts.configuration
        registry.add(
            PruneWorker(
                timekeeper: parts.timekeeper,
                personalData: PersonalDataRetention(
                    store: parts.store, contacts: parts.orders.contacts,
                    rawKept: .seconds(86_400 * Int64(configuration.rawKeptDays)),
                    contactsKept: .seconds(86_400 * Int64(configuration.contactsKeptDays))),
                tenants: { [.platform] + (try await authentication.service.tenantIDs()) }))
        let (ledger, parking) = (parts.issues.ledger, parts.parking)
        return JobsModule(
            store: parts.store, budgets: parts.budgets, registry: registry,
            schedules: [try Prune.hourly()] + (try parts.issues.schedules()),
            observers: [ledger],
            operations: { [RemedyOperation(ledger: ledger, jobs: $0, parking: parking)] },
            timekeeper: parts.timekeeper, randomness: configuration.randomness)
    }

    static func makeIssues(
        _ store: Store, _ authentication: AuthenticationModule, _ settings: SettingsModule,
        _ orders: OrdersModule, _ walmart: WalmartModule
    ) -> IssuesModule {
        let service = orders.service
        return IssuesModule(
            finders: [walmart.orderOfTask],
            detectors: [
                OrdersStandStill(orders: service),
                ChannelsUnread(settings: settings.service, walmart: walmart),
                ChannelsSilent(orders: service, settings: settings.service),
                QueuesStandStill(store: store),
            ],
            tenants: { [.platform] + (try await authentication.service.tenantIDs()) },
            appraise: { texts, tenant in
                let ids = texts.compactMap { OrderID($0) }
                let values = try await service.values(of: ids, tenant: tenant)
                return Dictionary(
                    uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
            })
    }
}

/// A module with workers for the queue.
protocol WorkerSource {
    func addWorkers(to registry: inout JobRegistry)
}

extension OrdersModule: WorkerSource {}
extension InventoryModule: WorkerSource {}
extension WarehouseModule: WorkerSource {}
extension WalmartModule: WorkerSource {}
extension IssuesModule: WorkerSource {}
