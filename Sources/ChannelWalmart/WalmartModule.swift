package import Connectors
package import Contracts
package import Events
package import Hummingbird
package import Jobs
package import Kernel
package import Logging
package import Security
package import Storage
package import Web

/// The connector to Walmart US.
package struct WalmartModule: Sendable {
    package static let channel = "walmart"
    /// Calls whose limit a connection may set.
    package static let operations = Set(WalmartOperation.allCases.map(\.rawValue))
    package static let collections: [any Record.Type] = [
        InboxItem.self, InboxErasure.self, PollStream.self, WalmartTask.self, KnownConnection.self,
        Effect.self,
    ]

    /// What the connector works with.
    package struct Parts: Sendable {
        let store: Store
        let vault: Vault
        let directory: any ConnectionDirectory
        let contacts: any ContactDirectory
        let http: any HTTPExchange
        let budgets: Budgets
        let timekeeper: any Timekeeper
        let logger: Logger

        package init(
            store: Store, vault: Vault, directory: any ConnectionDirectory,
            contacts: any ContactDirectory, http: any HTTPExchange, budgets: Budgets,
            timekeeper: any Timekeeper, logger: Logger
        ) {
            self.logger = logger
            self.store = store
            self.vault = vault
            self.directory = directory
            self.contacts = contacts
            self.http = http
            self.budgets = budgets
            self.timekeeper = timekeeper
        }
    }

    private let parts: Parts
    private let access: WalmartAccess
    private let inbox: Inbox
    /// `nil` reads no lists: what comes by webhook alone.
    private let pacing: WalmartPacing?

    package init(_ parts: Parts, pacing: WalmartPacing?) {
        self.parts = parts
        self.pacing = pacing
        inbox = Inbox(vault: parts.vault)
        access = WalmartAccess(
            directory: parts.directory, http: parts.http,
            tokens: WalmartTokens(http: parts.http, timekeeper: parts.timekeeper),
            budgets: parts.budgets)
        PlantedFaults.use(parts.store)
    }

    package var subscriptions: [Subscription] {
        [
            WalmartObligations().subscription,
            Subscription(
                WhenConnectionSaved(budgets: parts.budgets, isPolling: pacing != nil)),
            Subscription(WhenContactErased(inbox: inbox)),
        ]
    }

    package func addWorkers(to registry: inout JobRegistry) {
        let intake = WalmartIntake(inbox: inbox)
        registry.add(
            SettleObligationWorker(walmart: access, ledger: EffectLedger()))
        registry.add(FetchOrderWorker(walmart: access, intake: intake))
        registry.add(ImportOrderWorker(inbox: inbox, contacts: parts.contacts))
        registry.add(ConfigureConnectionWorker(walmart: access))
        registry.add(
            PollOrdersWorker(
                walmart: access, intake: intake, pacing: pacing ?? .standard,
                logger: parts.logger))
    }

    /// Outside the key's reach: a webhook proves itself by its signature.
    package func addHooks(to group: RouterGroup<APIContext>) {
        WebhookController(
            store: parts.store, inbox: inbox, directory: parts.directory,
            timekeeper: parts.timekeeper
        ).addRoutes(to: group)
    }

    /// Puts every connection's limits in force before the first job runs.
    package func start(tenants: [TenantID]) async throws {
        try await learnLimits(tenants: tenants)
        for tenant in tenants {
            let known = try await connections(of: tenant)
            guard pacing != nil else { continue }
            let call = Call(
                tenant: tenant, actor: .platform, at: parts.timekeeper.now, correlation: "start")
            // A list whose job was lost to quarantine is read again; one that has a job keeps it.
            try await parts.store.writeUnrepeated(call) { transaction in
                for connection in known {
                    try WhenConnectionSaved.poll(connection.id, in: transaction)
                }
            }
        }
    }

    /// Puts every connection's limits in force as they are stored now, whoever stored them.
    package func learnLimits(tenants: [TenantID]) async throws {
        for tenant in tenants {
            for connection in try await connections(of: tenant) {
                do { try await access.configure(connection.id, tenant: tenant) } catch let fault
                    as any Fault
                    where fault.kind != .unavailable
                {
                    // Switched off or taken away in between: nothing of it runs, the others go on.
                }
            }
        }
    }

    private func connections(of tenant: TenantID) async throws -> [KnownConnection] {
        try await parts.store.read(tenant) {
            try $0.page(KnownConnection.byEnabled, equals: [true], limit: 1000).items
        }
    }

    /// Takes orders from a file as if they had been read from the channel.
    /// - Returns: how many orders the file has, and how many were new.
    package func importOrders(
        _ file: [UInt8], into connection: ConnectionID, call: Call
    ) async throws -> (found: Int, fresh: Int) {
        guard try await parts.directory.access(to: connection, tenant: call.tenant) != nil else {
            throw ChannelError(.connectionUnknown, "there is no connection \(connection)")
        }
        let list = JSONSlices.elements(of: ["list", "elements", "order"], in: file, limit: 20_000)
        let one = JSONSlices.value(of: ["order"], in: file).map { [$0] }
        let several = JSONSlices.elements(of: ["order"], in: file, limit: 20_000)
        guard let orders = list ?? several ?? one else {
            throw ChannelError(
                .contentMalformed, "expected an orders answer: list.elements.order or order",
                field: "(body)")
        }
        let intake = WalmartIntake(inbox: inbox)
        var fresh = 0
        for start in stride(from: 0, to: orders.count, by: 100) {
            let part = Array(orders[start..<min(start + 100, orders.count)])
            fresh += try await parts.store.writeUnrepeated(call, lane: .bulk) {
                try intake.keepOrders(part, of: connection, in: $0)
            }
        }
        return (orders.count, fresh)
    }

    /// Where reading of each connection's lists stands; at most 1,000.
    /// The order that a failed task is about: the payload alone does not say.
    package func orderOfTask(
        _ kind: String, _ body: JSONValue, _ reader: ReadTransaction
    ) throws -> String? {
        guard kind == SettleObligation.kind.rawValue, case .string(let text) = body["task"],
            let id = Identifier<WalmartTaskTag>(text)
        else { return nil }
        return try reader.get(WalmartTask.self, id)?.order.rawValue
    }

    package func polls(tenant: TenantID) async throws -> [PollStream] {
        try await parts.store.read(tenant) { try $0.page(PollStream.byKind, limit: 1000).items }
    }

    /// One arrival as it came. - Throws: `StorageError.unknownRecord`.
    package func raw(
        _ id: Identifier<InboxTag>, tenant: TenantID
    ) async throws -> (item: InboxItem, body: [UInt8]) {
        let item = try await parts.store.read(tenant) { try $0.require(InboxItem.self, id) }
        return (item, try inbox.open(item, tenant: tenant))
    }

    /// Raw orders and events about one order, newest first.
    package func raw(
        connection: ConnectionID, reference: ChannelReference, tenant: TenantID, limit: Int
    ) async throws -> [(item: InboxItem, body: [UInt8])] {
        let items = try await parts.store.read(tenant) {
            try $0.page(
                InboxItem.bySubject, equals: [connection, reference.rawValue],
                order: .descending, limit: limit
            ).items
        }
        return try items.map { ($0, try inbox.open($0, tenant: tenant)) }
    }
}
