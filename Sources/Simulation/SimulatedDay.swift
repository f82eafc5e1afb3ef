import Events
import Jobs
import Kernel
import Platform
import Sandbox
import Storage
import StorageSQLite
import Synchronization

/// One run: the marketplace sells, the installation lives and dies, the weather clears, and
/// everything has to come to rest.
final class SimulatedDay: Sendable {
    /// So long everything may take to come to rest after the weather cleared: waits grow to five
    /// minutes.
    private static let patience = Duration.seconds(2400)

    let shop: SimulatedShop
    let disk: SimulatedDisk
    let time: SimulatedTime
    let weather: Weather
    let trace: Trace
    let fault: PlantedFault?
    let network: SimulatedNetwork
    let market: SandboxMarket
    private let current = Mutex<Platform?>(nil)

    init(
        shop: SimulatedShop, disk: SimulatedDisk, time: SimulatedTime, weather: Weather,
        trace: Trace, fault: PlantedFault?
    ) {
        (self.shop, self.disk, self.time) = (shop, disk, time)
        (self.weather, self.trace, self.fault) = (weather, trace, fault)
        let network = SimulatedNetwork(time, weather, trace)
        self.network = network
        var configuration = SandboxConfiguration()
        configuration.sellers = [shop.seller]
        configuration.ordersPerMinute = 60
        configuration.orderLimit = weather.plan.orders
        configuration.faultsPerMille = weather.plan.marketPerMille
        configuration.webhookFaultsPerMille = weather.plan.webhookPerMille
        configuration.generator.seed = time.draw() % 1_000_000
        configuration.generator.skus = SimulatedShop.skus
        configuration.generator.unmappedPerMille = 0
        configuration.generator.lostPerMille = 200
        configuration.generator.cancelPerMille = 100
        market = SandboxMarket(configuration, timekeeper: TrueClock(time: time)) { _, message in
            try await network.deliver(message)
        }
        network.connect(market)
    }

    /// - Returns: what no run may show.
    func live() async throws -> [String] {
        try await withThrowingTaskGroup(of: [String]?.self) { group in
            group.addTask {
                await self.market.run()
                return nil
            }
            group.addTask {
                try await self.run()
                return nil
            }
            group.addTask { try await self.direct() }
            defer { group.cancelAll() }
            while let found = try await group.next() {
                if let found {
                    // The installation ends in peace before the run does.
                    group.cancelAll()
                    return found
                }
            }
            return ["the installation ended by itself"]
        }
    }

    /// Lets the day pass, then looks whether all is well.
    private func direct() async throws -> [String] {
        if weather.plan.clockSteps {
            for _ in 0..<3 {
                try await time.sleep(for: .milliseconds(time.pick(10...3000)))
                let step = [-86_400, -3600, -60, 60, 3600, 86_400][time.pick(0...5)]
                time.setClock(by: .seconds(Int64(step)))
                trace.note("the clock is set by \(step) s")
                trace.reach("clock.step")
            }
        }
        try await time.sleep(for: .seconds(Int64(weather.plan.orders)))
        try await time.sleep(for: .seconds(20))
        await market.heal()
        weather.clear()
        trace.note("the weather clears")
        let laws = Laws(day: self)
        let end = time.steady + Self.patience
        var quiet = 0
        while quiet < 2 {
            try await time.sleep(for: .seconds(30))
            guard time.steady < end else {
                return await laws.violations() + [
                    "it does not come to rest: \(await laws.unrest())"
                ]
            }
            quiet = await laws.unrest().isEmpty ? quiet + 1 : 0
        }
        return await laws.violations()
    }

    /// The installation that lives now; `nil` between two lives.
    var platform: Platform? { current.withLock { $0 } }

    /// One life after the other.
    private func run() async throws {
        while !Task.isCancelled {
            do { try await life() } catch is CancellationError {
                return
            } catch {
                trace.note("the process ended: \(RecordedFault(error).code)")
            }
            network.cut()
            current.withLock { $0 = nil }
            guard !Task.isCancelled else { return }
            do { try await time.sleep(for: .milliseconds(time.pick(100...3000))) } catch { return }
        }
    }

    private func life() async throws {
        let (time, network) = (time, network)
        let engine = SimulatedEngine(
            disk: disk,
            around: .init(
                later: { run in time.after(.microseconds(Int64(time.pick(100...3000))), run) },
                fate: { self.fate() }, batchSize: { time.pick(1...16) },
                wrote: { self.trace.fold("\($0) \($1) \($2)") },
                died: {
                    self.weather.die()
                    network.cut()
                    self.trace.note("the process dies")
                }))
        let platform = try await Platform(
            SimulatedShop.configuration(time),
            on: .init(vault: SimulatedShop.vault(), engine: engine, http: network),
            timekeeper: time, logger: SimulatedShop.logger())
        try await platform.begin()
        network.open(PlatformDoors(platform))
        current.withLock { $0 = platform }
        trace.note("the process lives")
        let dispatcher = platform.dispatcher()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            for runner in platform.runners(isOneLane: true) {
                group.addTask { try await runner.run() }
            }
            defer { group.cancelAll() }
            // The first to end ends the life.
            try await group.next()
        }
    }

    private func fate() -> SimulatedEngine.Fate {
        guard weather.isOn else { return .well }
        if weather.mayDie(), Int(time.draw() % 10_000) < weather.plan.deathsPerTenThousand {
            let isLate = time.chance(500)
            trace.reach(isLate ? "disk.diedAfterCommit" : "disk.diedBeforeCommit")
            return isLate ? .diesAfter : .diesBefore
        }
        if time.chance(weather.plan.fullPerMille) {
            trace.reach("disk.full")
            return .full
        }
        if fault == .answersBeforeTheDisk, time.chance(20) { return .answersEarly }
        return .well
    }
}
