import AsyncHTTPClient
import ChannelWalmart
import Console
import Foundation
import Kernel
import Logging
import NIOCore
import NIOHTTP1
import Platform
import Sandbox
import ServiceLifecycle
import Storage
import Testing

struct StageError: Error, CustomStringConvertible {
    let description: String
}

/// The real platform and the real sandbox on this machine, with two facilities, some products and
/// one seller; everything goes over HTTP, as in production.
final class Stage: Sendable {
    let platform: Platform
    let client: AdminClient
    let folder: String
    let sandboxPort: Int
    let port: Int
    let connection: String
    let tenant: String
    let facilities: [String]
    private let groups: [ServiceGroup]
    private let running: Task<Void, any Error>

    /// Whole installations side by side; more would only wait for each other's turns on two cores,
    /// until somebody's patience ends.
    private static let turnstile = Turnstile(places: 4)

    struct Options {
        var isWarehouseAutomatic = true
        var isPolling = true
        var faultsPerMille = 0
        var webhookMethod = "signature"
    }

    static func with(
        _ options: Options = Options(), _ body: (Stage) async throws -> Void
    ) async throws {
        await turnstile.enter()
        defer { Task { await turnstile.leave() } }
        let stage = try await Stage(options)
        do { try await body(stage) } catch {
            await stage.end()
            throw error
        }
        await stage.end()
    }

    private init(_ options: Options) async throws {
        folder = "/var/tmp/longshore-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        _ = try SecretsFile.create(in: folder)
        var configuration = PlatformConfiguration(dataPath: folder)
        configuration.port = 0
        configuration.isWarehouseAutomatic = options.isWarehouseAutomatic
        configuration.warehousePace = .milliseconds(5)
        configuration.polling =
            options.isPolling
            ? WalmartPacing(
                interval: .milliseconds(300), overlap: .seconds(60), firstReach: .seconds(3600))
            : nil
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let clock = SystemTimekeeper()
        platform = try await Platform(configuration, timekeeper: clock, logger: logger)
        client = AdminClient(dataPath: folder, tenant: "t")
        var market = SandboxConfiguration()
        market.port = 0
        market.faultsPerMille = options.faultsPerMille
        let (sandboxReady, sandboxSignal) = AsyncStream.makeStream(of: Int.self)
        let (platformReady, platformSignal) = AsyncStream.makeStream(of: Int.self)
        let server = SandboxServer(market, timekeeper: clock, logger: logger) {
            sandboxSignal.yield($0)
        }
        let services = try await platform.services { platformSignal.yield($0) }
        groups = [
            Self.group(services.map { .init(service: $0) }, logger),
            Self.group([.init(service: server)], logger),
        ]
        let started = groups
        running = Task {
            // Who waits for a port of a server that could not start must not wait for ever.
            defer {
                sandboxSignal.finish()
                platformSignal.finish()
            }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for group in started { tasks.addTask { try await group.run() } }
                try await tasks.waitForAll()
            }
        }
        sandboxPort = try #require(await sandboxReady.first { _ in true })
        port = try #require(await platformReady.first { _ in true })
        let shop = try await Self.openShop(client, port, sandboxPort, options.webhookMethod)
        (tenant, connection, facilities) = (shop.tenant, shop.connection, shop.facilities)
    }

    private static func group(
        _ services: [ServiceGroupConfiguration.ServiceConfiguration], _ logger: Logger
    ) -> ServiceGroup {
        var settings = ServiceGroupConfiguration(services: services, logger: logger)
        // A connection that nobody ends may not hold up everything behind this test.
        settings.maximumGracefulShutdownDuration = .seconds(30)
        return ServiceGroup(configuration: settings)
    }

    private static func openShop(
        _ client: AdminClient, _ port: Int, _ sandboxPort: Int, _ method: String
    ) async throws -> (tenant: String, connection: String, facilities: [String]) {
        func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
            let answer = try await client.post(
                path, body: BodyCoder.encode(body), key: UUID().uuidString)
            let value = try BodyCoder.decode(JSONValue.self, from: answer.body)
            guard answer.status < 300 else { throw StageError(description: value.text) }
            return value
        }
        let tenant = try await post("/admin/tenants", .object(["name": .string("t")]))["id"].text
        var facilities: [String] = []
        for (rank, name) in ["Joplin", "Reno"].enumerated() {
            let made = try await post(
                "/v1/facilities", .object(["name": .string(name), "rank": .integer(Int64(rank))]))
            facilities.append(made["id"].text)
        }
        for sku in ["A", "B", "C"] {
            _ = try await post(
                "/v1/products", .object(["sku": .string(sku), "title": .string(sku)]))
        }
        let hook = JSONValue.object([
            "method": .string(method), "headerName": .string("x-hook"), "user": .string("u"),
            "secrets": .array([.string("hook-secret-1")]),
        ])
        let connection = try await post(
            "/v1/connections",
            .object([
                "name": .string("seller"), "channel": .string("walmart"),
                "baseURL": .string("http://127.0.0.1:\(sandboxPort)"),
                "clientID": .string("seller-1"), "clientSecret": .string("secret-1"),
                "webhook": hook,
            ]))["id"].text
        for sku in ["A", "B", "C"] {
            _ = try await post(
                "/v1/listings",
                .object([
                    "connection": .string(connection), "channelSKU": .string(sku),
                    "sku": .string(sku),
                ]))
        }
        let seller = JSONValue.object([
            "clientID": .string("seller-1"), "clientSecret": .string("secret-1"),
            "webhook": .object([
                "url": .string("http://127.0.0.1:\(port)/hooks/walmart/\(tenant)/\(connection)"),
                "method": .string(method), "headerName": .string("x-hook"), "user": .string("u"),
                "secret": .string("hook-secret-1"),
            ]),
        ])
        _ = try await send(
            .POST, "http://127.0.0.1:\(sandboxPort)/control/sellers", BodyCoder.encode(seller))
        return (tenant, connection, facilities)
    }

    func end() async {
        for group in groups { await group.triggerGracefulShutdown() }
        // The groups' own errors are not what a test is about.
        _ = await running.result
        await platform.close()
        try? FileManager.default.removeItem(atPath: folder)
    }
}

extension Stage {
    struct Answer: Sendable {
        let status: Int
        let body: JSONValue
        let type: String
        var text = ""
    }

    static func send(
        _ method: HTTPMethod, _ url: String, _ body: [UInt8] = [], headers: [(String, String)] = [],
        within limit: TimeAmount = .seconds(120)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: limit)
        let bytes = try await response.body.collect(upTo: 64 * 1_048_576)
        let value = (try? BodyCoder.decode(JSONValue.self, from: Array(bytes.readableBytesView)))
        return Answer(
            status: Int(response.status.code), body: value ?? .null,
            type: response.headers.first(name: "content-type") ?? "",
            text: String(decoding: bytes.readableBytesView, as: UTF8.self))
    }

    func get(_ path: String) async throws -> JSONValue {
        try BodyCoder.decode(JSONValue.self, from: try await client.get(path).body)
    }

    /// What a request under this key is answered, whatever it is.
    func answer(
        _ path: String, _ body: JSONValue, key: String
    ) async throws -> (status: Int, body: [UInt8]) {
        let answer = try await client.post(path, body: BodyCoder.encode(body), key: key)
        return (answer.status, answer.body)
    }

    @discardableResult
    func post(_ path: String, _ body: JSONValue = .object([:])) async throws -> JSONValue {
        let answer = try await client.post(
            path, body: BodyCoder.encode(body), key: UUID().uuidString)
        let value = try BodyCoder.decode(JSONValue.self, from: answer.body)
        guard answer.status < 300 else { throw StageError(description: value.text) }
        return value
    }

    func sandbox(_ path: String, _ body: JSONValue = .object([:])) async throws {
        let answer = try await Self.send(
            .POST, "http://127.0.0.1:\(sandboxPort)\(path)", BodyCoder.encode(body))
        guard answer.status < 300 else { throw StageError(description: "sandbox \(answer.status)") }
    }

    func ledger() async throws -> JSONValue {
        try await Self.send(.GET, "http://127.0.0.1:\(sandboxPort)/control/ledger").body
    }

    func effects(_ kind: String, of order: String? = nil) async throws -> [JSONValue] {
        try await ledger()["effects"].list.filter {
            $0["kind"].text == kind && (order == nil || $0["order"].text == order)
        }
    }

    func receive(_ sku: String, _ quantity: Int, at facility: Int = 0) async throws {
        let body = JSONValue.object([
            "sku": .string(sku), "facility": .string(facilities[facility]),
            "quantity": .integer(Int64(quantity)),
        ])
        // Inventory hears of a new facility by event.
        try await until("the facility is known") {
            (try? await self.post("/v1/stock/receipts", body)) != nil
        }
    }

    func order(
        _ number: String, _ lines: [(String, Int)], announce: Bool = true
    ) async throws {
        try await sandbox(
            "/control/orders",
            .object([
                "number": .string(number), "seller": .string("seller-1"),
                "announce": .bool(announce),
                "lines": .array(
                    lines.map {
                        .object(["sku": .string($0.0), "quantity": .integer(Int64($0.1))])
                    }),
            ]))
    }

    func find(_ number: String) async throws -> JSONValue? {
        try await get("/v1/orders?number=\(number)")["items"].list.first
    }

    /// Waits until an order is in a stage.
    func awaits(_ number: String, _ stage: String) async throws {
        try await until("order \(number) is \(stage)") {
            try await self.find(number)?["stage"].text == stage
        }
    }

    /// Looks again after every commit to the log, until it is so or half a minute has passed.
    func until(_ claim: String, _ isSo: @Sendable () async throws -> Bool) async throws {
        let clock = SystemTimekeeper()
        // All suites run side by side on two cores: a machine that is slow is not a claim that fails.
        let end = clock.now + .seconds(240)
        while clock.now < end {
            let generation = platform.store.signals.log.generation
            if try await isSo() { return }
            await platform.store.signals.log.wait(
                after: generation, until: min(end, clock.now + .milliseconds(200)), by: clock)
        }
        throw StageError(description: "never: \(claim)")
    }
}

extension JSONValue {
    var text: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .bool(let truth): truth ? "true" : "false"
        case .null: ""
        default: String(describing: self)
        }
    }

    var list: [JSONValue] {
        guard case .array(let items) = self else { return [] }
        return items
    }
}

extension JSONValue? {
    var text: String { self?.text ?? "" }
    var list: [JSONValue] { self?.list ?? [] }
    subscript(_ name: String) -> JSONValue? { self.flatMap { $0[name] } }
}
