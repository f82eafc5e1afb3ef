import Jobs
import Kernel
import Orders
import Platform
import Sandbox
import Storage
import StorageSQLite
import Synchronization

/// One day of bad luck from one seed: the installation as `serve` runs it, with time, chance, disk
/// and network replaced.
package struct Simulation: Sendable {
    package struct Report: Sendable {
        package let seed: UInt64
        /// Equal for equal seeds, whatever machine runs it.
        package let traceHash: String
        /// What no run may show; empty when all laws hold.
        package let violations: [String]
        package let orders: Int
        package let calls: Int
        package let deaths: Int
        package let simulated: Duration
        /// Places this run came by.
        package let reached: Set<String>
        /// The last of what happened, or all of it.
        package let trace: [String]
    }

    /// A day lasts no longer than this.
    private static let limit = Duration.seconds(12 * 3600)

    private let shop: SimulatedShop

    /// - Throws: `SimulationError` when the installation cannot be set up.
    package init() throws { shop = try SimulatedShop.open() }

    /// Runs a seed to its end on the calling thread.
    /// - Parameters:
    ///   - fault: planted below or beside our own code, for the laws to find.
    ///   - keepsAll: the report holds every line of the trace.
    package func run(
        seed: UInt64, planting fault: PlantedFault? = nil, keepsAll: Bool = false
    ) throws -> Report {
        let disk = try SimulatedDisk(copyOf: shop.disk)
        if let planted = fault?.onDisk { try disk.plant(planted) }
        let time = SimulatedTime(seed: seed, from: shop.ready)
        let trace = Trace(time, keepsAll: keepsAll)
        let weather = Weather(WeatherPlan(seed: seed))
        let day = SimulatedDay(
            shop: shop, disk: disk, time: time, weather: weather, trace: trace, fault: fault)
        let violations: [String]
        FailurePoint.watch { trace.reach($0) }
        defer { FailurePoint.watch(nil) }
        do { violations = try time.complete(within: Self.limit) { try await day.live() } } catch {
            violations = ["the day did not end: \(error)"]
        }
        let facts = day.market.facts
        return Report(
            seed: seed, traceHash: trace.hash, violations: violations, orders: facts.orders.count,
            calls: facts.calls, deaths: weather.deaths,
            simulated: time.steady.duration(since: shop.ready), reached: trace.reached,
            trace: trace.lines)
    }
}
