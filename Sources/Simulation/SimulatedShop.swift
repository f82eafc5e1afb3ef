import ChannelWalmart
import Events
import Kernel
import Logging
import Platform
import Sandbox
import Security
import Storage
import StorageSQLite

/// The installation a simulation runs: one tenant, two facilities, some tea and one seller. It is
/// set up once; every run begins with a copy of its disk.
struct SimulatedShop: Sendable {
    static let baseURL = "http://marketplace"
    static let skus = (1...4).map { "TEA-0\($0)" }
    static let start = Instant(microseconds: 1_767_225_600_000_000)
    /// Calls a minute the marketplace allows of each kind.
    static let limit = 600

    let disk: SimulatedDisk
    let tenant: TenantID
    let connection: String
    let seller: SandboxSeller
    /// When it was ready.
    let ready: Instant

    static func logger() -> Logger { Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() } }

    static func vault() throws -> Vault { try Vault(masterKey: (0..<32).map { UInt8($0) }) }

    static func configuration(_ time: SimulatedTime) -> PlatformConfiguration {
        var configuration = PlatformConfiguration(dataPath: "simulation")
        configuration.isWarehouseAutomatic = true
        configuration.warehousePace = .milliseconds(50)
        configuration.polling = WalmartPacing(
            interval: .seconds(20), overlap: .seconds(600), firstReach: .seconds(3600))
        configuration.randomness = { time.draw() }
        configuration.jobCapacity = 8
        return configuration
    }

    /// - Throws: `SimulationError`.
    static func open() throws -> SimulatedShop {
        let time = SimulatedTime(seed: 1, from: start)
        let disk = try SimulatedDisk()
        return try time.complete(within: .seconds(3600)) { try await furnish(disk, time) }
    }

    private static func furnish(
        _ disk: SimulatedDisk, _ time: SimulatedTime
    ) async throws -> SimulatedShop {
        let engine = SimulatedEngine(
            disk: disk,
            around: .init(
                later: { run in time.after(.microseconds(200), run) }, fate: { .well },
                batchSize: { 64 }, died: {}))
        let network = SimulatedNetwork(
            time, Weather(WeatherPlan(seed: 0)), Trace(time, keepsAll: false))
        let platform = try await Platform(
            configuration(time), on: .init(vault: vault(), engine: engine, http: network),
            timekeeper: time, logger: logger())
        let furnishing = Furnishing(doors: PlatformDoors(platform), time: time)
        let tenant = try await furnishing.make("/admin/tenants", ["name": .string("t")])
        let facilities = try await furnishing.facilitiesAndProducts()
        try await hear(platform)
        try await furnishing.stock(facilities)
        let connection = try await furnishing.connection()
        try await hear(platform)
        guard let id = TenantID(tenant) else { throw SimulationError("no tenant was made") }
        return SimulatedShop(
            disk: disk, tenant: id, connection: connection,
            seller: SandboxSeller(
                clientID: "seller-1", clientSecret: "secret-1",
                webhook: .init(
                    url: "http://longshore/hooks/walmart/\(tenant)/\(connection)",
                    method: "signature", headerName: "x", user: "u", secret: "hook-secret-1")),
            ready: time.steady)
    }

    /// Lets every service hear what the others told.
    private static func hear(_ platform: Platform) async throws {
        let runners = platform.runners(isOneLane: true)
        for runner in runners { try await runner.load() }
        for _ in 0..<50 {
            var hasMoved = false
            for runner in runners where try await runner.step() { hasMoved = true }
            if !hasMoved { return }
        }
    }
}

/// Sets a shop up through the same doors as a person.
private struct Furnishing: Sendable {
    let doors: PlatformDoors
    let time: SimulatedTime

    /// - Returns: the new thing's identifier.
    @discardableResult
    func make(_ path: String, _ body: [String: JSONValue]) async throws -> String {
        let answer = try await doors.send(
            "POST", path,
            headers: [
                ("content-type", "application/json"), ("idempotency-key", "\(time.draw())"),
            ], body: BodyCoder.encode(JSONValue.object(body)), correlation: "setup")
        guard answer.status < 300 else {
            throw SimulationError("\(path): \(String(decoding: answer.body, as: UTF8.self))")
        }
        return try BodyCoder.decode(JSONValue.self, from: answer.body)["id"].text
    }

    func facilitiesAndProducts() async throws -> [String] {
        var facilities: [String] = []
        for (rank, name) in ["Joplin", "Reno"].enumerated() {
            facilities.append(
                try await make(
                    "/v1/facilities", ["name": .string(name), "rank": .integer(Int64(rank))]))
        }
        for sku in SimulatedShop.skus {
            try await make("/v1/products", ["sku": .string(sku), "title": .string(sku)])
        }
        return facilities
    }

    func stock(_ facilities: [String]) async throws {
        for (place, sku) in SimulatedShop.skus.enumerated() {
            // The last one runs short now and then.
            let quantity = place == SimulatedShop.skus.count - 1 ? 3 : 500
            try await make(
                "/v1/stock/receipts",
                [
                    "sku": .string(sku), "facility": .string(facilities[place % 2]),
                    "quantity": .integer(Int64(quantity)),
                ])
        }
    }

    func connection() async throws -> String {
        let names = ["listReleased", "listOrders", "getOrder", "acknowledge", "ship", "cancel"]
        let limit = JSONValue.integer(Int64(SimulatedShop.limit))
        let connection = try await make(
            "/v1/connections",
            [
                "name": .string("seller"), "channel": .string("walmart"),
                "baseURL": .string(SimulatedShop.baseURL), "clientID": .string("seller-1"),
                "clientSecret": .string("secret-1"),
                "limits": .object(
                    Dictionary(uniqueKeysWithValues: names.map { ($0, limit) })),
                "webhook": .object([
                    "method": .string("signature"), "secrets": .array([.string("hook-secret-1")]),
                ]),
            ])
        for sku in SimulatedShop.skus {
            try await make(
                "/v1/listings",
                [
                    "connection": .string(connection), "channelSKU": .string(sku),
                    "sku": .string(sku),
                ])
        }
        return connection
    }
}

/// The simulation itself went wrong, not what it simulates.
struct SimulationError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension JSONValue? {
    fileprivate var text: String {
        guard case .string(let text) = self else { return "" }
        return text
    }
}
