import Hummingbird
package import Kernel
package import Logging
import ServiceLifecycle

/// How a sandbox is set up.
package struct SandboxConfiguration: Sendable {
    package var port = 8090
    package var sellers: [SandboxSeller] = []
    /// Orders a minute over all sellers; none where zero.
    package var ordersPerMinute = 0
    /// The generator stops by itself after so many orders.
    package var orderLimit = Int.max
    package var generator = GeneratorPlan()
    package var faultsPerMille = 0
    package var webhookFaultsPerMille = 0
    package var limits: [String: Int] = [:]
    package var tokenSeconds = 900

    package init() {}

    var world: SandboxWorld {
        var world = SandboxWorld(
            faults: SandboxFaults(
                seed: generator.seed &+ 7, perMille: faultsPerMille,
                webhookPerMille: webhookFaultsPerMille), limits: limits,
            tokenSeconds: tokenSeconds)
        for seller in sellers { world.sellers[seller.clientID] = seller }
        return world
    }
}

/// A pretended Walmart: the marketplace's own contract, a generator of orders, trouble on demand
/// and a ledger of what was really done.
package struct SandboxServer: Service {
    private let configuration: SandboxConfiguration
    private let logger: Logger
    private let timekeeper: any Timekeeper
    private let onReady: @Sendable (Int) async -> Void

    /// - Parameter onReady: told the port once it listens.
    package init(
        _ configuration: SandboxConfiguration, timekeeper: any Timekeeper, logger: Logger,
        onReady: @escaping @Sendable (Int) async -> Void
    ) {
        self.configuration = configuration
        self.timekeeper = timekeeper
        self.logger = logger
        self.onReady = onReady
    }

    package func run() async throws {
        let shared = SharedWorld(configuration.world)
        let sender = WebhookSender(timekeeper: timekeeper, deliver: WebhookSender.overHTTP)
        let market = OrderMarket(
            world: shared, sender: sender, configuration: configuration, timekeeper: timekeeper)
        let router = Router(context: SandboxContext.self)
        MarketplaceRoutes(world: shared, timekeeper: timekeeper).add(to: router)
        ControlRoutes(world: shared, market: market).add(to: router)
        let onReady = onReady
        let application = Application(
            router: router,
            configuration: .init(
                address: .hostname("127.0.0.1", port: configuration.port),
                serverName: "sandbox"),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) },
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { await market.run() }
            try await group.next()
            group.cancelAll()
        }
    }
}

/// Makes orders at a rate and lets things happen to them.
actor OrderMarket {
    private let world: SharedWorld
    private let sender: WebhookSender
    private let configuration: SandboxConfiguration
    private let timekeeper: any Timekeeper
    private var generator: OrderGenerator
    private(set) var isStopped = false
    private var made = 0
    private var nextEvent = 0
    private var perMinute: Int
    /// Orders that may still be made at this rate; `nil` for any number.
    private var remaining: Int?

    init(
        world: SharedWorld, sender: WebhookSender, configuration: SandboxConfiguration,
        timekeeper: any Timekeeper
    ) {
        self.world = world
        self.sender = sender
        self.configuration = configuration
        self.timekeeper = timekeeper
        generator = OrderGenerator(configuration.generator)
        perMinute = configuration.ordersPerMinute
    }

    func stop() { isStopped = true }

    /// - Parameter count: then none are made until the next rate; `nil` for as many as come.
    func setRate(perMinute: Int, upTo count: Int?) {
        self.perMinute = min(max(perMinute, 0), 60_000)
        remaining = count.map { max($0, 0) }
    }

    /// Runs as long as the server: a fate decided earlier may still come to pass after `stop`.
    func run() async {
        await withDiscardingTaskGroup { group in
            var due = timekeeper.now
            while !Task.isCancelled {
                if perMinute > 0, !isStopped, remaining != 0,
                    made < configuration.orderLimit, let seller = nextSeller()
                {
                    remaining = remaining.map { $0 - 1 }
                    make(for: seller, &group)
                }
                // With nothing to make, look every second whether that changed.
                due = due + .microseconds(perMinute > 0 ? 60_000_000 / Int64(perMinute) : 1_000_000)
                do { try await timekeeper.sleep(until: due) } catch { return }
            }
        }
    }

    private func nextSeller() -> SandboxSeller? {
        let sellers = world.with { $0.sellers.values.sorted { $0.clientID < $1.clientID } }
        return sellers.isEmpty ? nil : sellers[made % sellers.count]
    }

    private func make(for seller: SandboxSeller, _ group: inout DiscardingTaskGroup) {
        let now = timekeeper.now.microseconds / 1000
        let (order, fate) = generator.next(seller: seller.clientID, at: now)
        made += 1
        world.with { $0.add(order) }
        if !fate.webhookIsLost {
            group.addTask { await self.announce("PO_CREATED", order.number) }
        }
        if let wait = fate.cancelAfter {
            group.addTask { await self.cancel(order.number, after: wait) }
        }
        if let wait = fate.askAfter {
            group.addTask {
                do { try await self.timekeeper.sleep(for: wait) } catch { return }
                await self.announce("INTENT_TO_CANCEL", order.number)
            }
        }
    }

    /// The buyer cancels what has not left; the channel tells.
    func cancel(_ number: String, after wait: Duration) async {
        do { try await timekeeper.sleep(for: wait) } catch { return }
        let now = timekeeper.now.microseconds / 1000
        let didCancel = world.with { world -> Bool in
            guard let order = world.orders[number] else { return false }
            let open = order.lines.filter { $0.open > 0 }.map { ($0.number, $0.open) }
            guard !open.isEmpty else { return false }
            return world.cancel(
                number, by: "buyer", open.map { (line: $0.0, quantity: $0.1) }, at: now)
                == nil
        }
        if didCancel { await announce("PO_LINE_AUTOCANCELLED", number) }
    }

    func announce(_ type: String, _ number: String) async {
        nextEvent += 1
        let id = "evt-\(configuration.generator.seed)-\(nextEvent)"
        let now = timekeeper.now.microseconds / 1000
        let (order, webhook, trouble) = world.with { world in
            let order = world.orders[number]
            let webhook = order.flatMap { world.sellers[$0.seller]?.webhook }
            return (order, webhook, world.faults.nextForWebhook())
        }
        guard let order, let webhook else { return }
        let lines = order.lines.map { ($0.number, $0.quantity) }
        let body = WebhookSender.body(type, id: id, order: order, lines: lines, at: now)
        switch trouble {
        case .none: await sender.send(body, to: webhook)
        case .twice:
            await sender.send(body, to: webhook)
            await sender.send(body, to: webhook)
        case .late:
            do { try await timekeeper.sleep(for: .seconds(2)) } catch { return }
            await sender.send(body, to: webhook)
        }
    }
}
