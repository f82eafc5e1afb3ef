import AsyncHTTPClient
import Console
import Foundation
import Glibc
import Kernel
import NIOHTTP1
import Platform
import Processes
import Storage

/// Platform and sandbox as processes of their own, so that one can be killed.
final class ProcessSession: Sendable {
    static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("longshore")

    let folder: String
    let port: Int
    let sandboxPort: Int
    let arguments: [String]
    /// The database that several processes share; `nil` for one in the folder.
    private let database: String?
    private let client: AdminClient
    private let market: ChildProcess

    /// - Parameters:
    ///   - sandboxArguments: such as faults and limits.
    ///   - arguments: further ones for `serve`.
    ///   - database: a PostgreSQL address; then ``servePeer()`` starts one more process on it.
    init(
        _ sandboxArguments: [String], arguments: [String], database: String? = nil
    ) async throws {
        self.database = database
        folder = "/var/tmp/longshore-crash-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        _ = try SecretsFile.create(in: folder)
        // Below what the system gives to outgoing connections: those would take it meanwhile.
        port = Int.random(in: 20_000...32_000)
        self.arguments = arguments
        client = AdminClient(dataPath: folder, tenant: "t")
        await Turnstile.processes.enter()
        do {
            market = try await ChildProcess.start(
                [
                    Self.program.path, "sandbox", "walmart", "--port", "0", "--until-input-ends",
                    "--sellers", "2",
                ] + sandboxArguments)
        } catch {
            await Turnstile.processes.leave()
            throw error
        }
        let text = await market.firstLine()
        sandboxPort = text?.split(separator: ":").last.flatMap { Int($0) } ?? 0
    }

    func end() {
        market.signal(SIGTERM)
        Task { await Turnstile.processes.leave() }
        if ProcessInfo.processInfo.environment["LONGSHORE_KEEP"] == nil {
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Starts the platform.
    /// - Parameters:
    ///   - environment: crash points and planted faults.
    ///   - starter: a program that starts it in its own place.
    func serve(
        _ environment: [String: String] = [:], by starter: [String] = []
    ) async throws -> ChildProcess {
        try await serve(folder, port, environment, by: starter)
    }

    /// Starts a second process of the same installation, with a folder and a port of its own.
    func servePeer() async throws -> ChildProcess {
        let folder = folder + "/peer"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        if !FileManager.default.fileExists(atPath: folder + "/secrets") {
            try FileManager.default.copyItem(
                atPath: self.folder + "/secrets", toPath: folder + "/secrets")
        }
        return try await serve(folder, port + 1, [:])
    }

    private func serve(
        _ folder: String, _ port: Int, _ environment: [String: String], by starter: [String] = []
    ) async throws -> ChildProcess {
        var environment = environment
        environment["LONGSHORE_POSTGRES"] = database ?? ""
        return try await ChildProcess.start(
            starter + [
                Self.program.path, "serve", "--data", folder, "--port", "\(port)",
                "--auto-warehouse", "--log-level", "error",
            ] + arguments, environment: environment, log: folder + "/serve.log")
    }

    func ready() async throws {
        do {
            try await until("the platform answers") {
                let isOpen =
                    (try? await Stage.send(.GET, "http://127.0.0.1:\(self.port)/readyz"))?.status
                    == 200
                return isOpen ? (try? await self.client.get("/admin/facts"))?.status == 200 : false
            }
        } catch let error as StageError {
            let log = (try? String(contentsOfFile: folder + "/serve.log", encoding: .utf8)) ?? ""
            throw StageError(description: "\(error); its log ends: \(log.suffix(2000))")
        }
    }

    func until(
        _ claim: String, within limit: Duration = .seconds(180),
        _ isSo: @Sendable () async throws -> Bool
    ) async throws {
        let clock = SystemTimekeeper()
        let end = clock.now + limit
        while clock.now < end {
            if try await isSo() { return }
            // Another process cannot be waited for by a signal of ours: ask again shortly.
            try await clock.sleep(for: .milliseconds(100))
        }
        throw StageError(description: "never: \(claim)")
    }

    /// Waits until so many orders are through.
    func untilConfirmed(_ count: Int) async throws {
        try await until("\(count) orders are through") {
            let counts = try await self.get("/v1/orders/counts")
            return (Int(counts["confirmed"].text) ?? 0) >= count
        }
    }

    /// Connects the shop and has it sell, until so many orders are through.
    func sell(untilConfirmed count: Int) async throws {
        try await ready()
        try await openShop(limitPerMinute: 3000)
        try await tellRate(600, orders: 40 + count)
        try await untilConfirmed(count)
    }

    func get(_ path: String) async throws -> JSONValue {
        try BodyCoder.decode(JSONValue.self, from: try await client.get(path).body)
    }

    @discardableResult
    func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        let answer = try await client.post(
            path, body: BodyCoder.encode(body), key: UUID().uuidString)
        return try BodyCoder.decode(JSONValue.self, from: answer.body)
    }

    /// What a request under this key is answered, whatever it is.
    func answer(
        _ path: String, _ body: JSONValue, key: String
    ) async throws -> (status: Int, body: JSONValue) {
        let answer = try await client.post(path, body: BodyCoder.encode(body), key: key)
        return (answer.status, try BodyCoder.decode(JSONValue.self, from: answer.body))
    }

    func sandbox(_ path: String) async throws -> JSONValue {
        try await Stage.send(.GET, "http://127.0.0.1:\(sandboxPort)\(path)").body
    }

    func tell(_ path: String, _ body: JSONValue = .object([:])) async throws {
        _ = try await Stage.send(
            .POST, "http://127.0.0.1:\(sandboxPort)\(path)", BodyCoder.encode(body))
    }

    /// Has orders come, so many at most: a slow machine gets no more work than a fast one.
    func tellRate(_ perMinute: Int, orders: Int) async throws {
        try await tell(
            "/control/rate",
            .object([
                "perMinute": .integer(Int64(perMinute)), "orders": .integer(Int64(orders)),
            ]))
    }

    /// Facilities, products, stock, two sellers with webhooks.
    func openShop(limitPerMinute: Int) async throws {
        let tenant = try await post("/admin/tenants", .object(["name": .string("t")]))["id"].text
        let facility = try await post("/v1/facilities", .object(["name": .string("Joplin")]))["id"]
            .text
        for number in 1...20 {
            let sku = "TEA-\(number < 10 ? "0" : "")\(number)"
            try await post("/v1/products", .object(["sku": .string(sku), "title": .string(sku)]))
            try await until("stock is booked in") {
                try await self.post(
                    "/v1/stock/receipts",
                    .object([
                        "sku": .string(sku), "facility": .string(facility),
                        "quantity": .integer(number == 20 ? 3 : 5000),
                    ]))["available"] != nil
            }
        }
        for number in 1...2 { try await connect(number, tenant, limitPerMinute) }
    }

    private func connect(_ number: Int, _ tenant: String, _ limit: Int) async throws {
        let names = ["listReleased", "listOrders", "getOrder", "acknowledge", "ship", "cancel"]
        let made = try await post(
            "/v1/connections",
            .object([
                "name": .string("s\(number)"), "channel": .string("walmart"),
                "baseURL": .string("http://127.0.0.1:\(sandboxPort)"),
                "clientID": .string("seller-\(number)"),
                "clientSecret": .string("secret-\(number)"),
                "limits": .object(
                    Dictionary(uniqueKeysWithValues: names.map { ($0, .integer(Int64(limit))) })),
                "webhook": .object([
                    "method": .string("signature"), "secrets": .array([.string("hook-secret-1")]),
                ]),
            ]))
        let connection = made["id"].text
        for number in 1...20 {
            let sku = "TEA-\(number < 10 ? "0" : "")\(number)"
            try await post(
                "/v1/listings",
                .object([
                    "connection": .string(connection), "channelSKU": .string(sku),
                    "sku": .string(sku),
                ]))
        }
        try await tell(
            "/control/sellers",
            .object([
                "clientID": .string("seller-\(number)"),
                "clientSecret": .string("secret-\(number)"),
                "webhook": .object([
                    "url": .string(
                        "http://127.0.0.1:\(port)/hooks/walmart/\(tenant)/\(connection)"),
                    "method": .string("signature"), "headerName": .string("x"),
                    "user": .string("u"), "secret": .string("hook-secret-1"),
                ]),
            ]))
    }

    /// Jobs that come again for ever; what becomes of them says nothing of what is left to do.
    private static let forever: Set<String> = ["walmart.pollOrders", "platform.prune"]

    /// Waits until nothing moves by itself any more: twice in a row, since an event is between jobs.
    /// - Parameter isMending: tries again at once what repeated kills had set aside.
    func drain(isMending: Bool = false) async throws {
        try await tell("/control/stop")
        for _ in 0..<3 {
            // On a slow machine the cycles take longer, and so more orders flow: what may not
            // happen is that nothing moves and it is not at rest.
            let clock = SystemTimekeeper()
            let end = clock.now + .seconds(900)
            var seen = try await progress()
            var isResting = false
            while !isResting {
                do {
                    try await until("everything has come to rest", within: .seconds(60)) {
                        if isMending { try await self.retryQuarantined() }
                        return try await self.isAtRest()
                    }
                    isResting = true
                } catch let error as StageError {
                    let next = try await progress()
                    guard next != seen, clock.now < end else {
                        throw StageError(description: "\(error); \(try await unrest())")
                    }
                    seen = next
                }
            }
        }
    }

    /// Changes whenever an order or a job moves.
    private func progress() async throws -> String {
        var words = ["\(try await get("/v1/orders/counts"))"]
        for state in ["available", "running", "retryable"] {
            words += try await get("/v1/jobs?limit=500&state=\(state)")["items"].list
                .filter { !Self.forever.contains($0["kind"].text) }
                .map { "\($0["number"].text) \(state) \($0["attempt"].text)" }
        }
        return words.joined(separator: "\n")
    }

    private func retryQuarantined() async throws {
        let jobs = try await get("/v1/jobs?limit=500&state=discarded")["items"].list
        for job in jobs where job["fault"]["code"].text == "jobs.quarantined" {
            let path = "/v1/jobs/\(job["number"].text)"
            let answer = try await post(path + "/retry", .object([:]))
            // Another does its work.
            guard answer["code"].text == "jobs.superseded" else { continue }
            try await post(path + "/dismissal", .object([:]))
        }
    }

    /// What still moves, for whoever has to find out why.
    private func unrest() async throws -> String {
        var words: [String] = []
        for state in ["available", "running", "retryable", "scheduled"] {
            let jobs = try await get("/v1/jobs?limit=20&state=\(state)")["items"].list
            words += jobs.map {
                "\(state) \($0["number"].text) \($0["kind"].text) \($0["attempt"].text) "
                    + $0["due"].text
            }
        }
        let given = try await get("/v1/jobs?limit=40&state=discarded")["items"].list
        words += given.map {
            "discarded \($0["number"].text) \($0["kind"].text) \($0["fault"]["code"].text)"
        }
        for stage in ["received", "released", "dispatched"] {
            let orders = try await get("/v1/orders?limit=5&stage=\(stage)")["items"].list
            for order in orders {
                words.append("\(stage) \(try await get("/v1/orders/\(order["id"].text)"))")
            }
        }
        let counts = try await get("/v1/orders/counts")
        return (words + ["\(counts)"]).joined(separator: "\n")
    }

    /// An order that waits for stock may have other units on their way: work counts, not stages.
    private func isAtRest() async throws -> Bool {
        for state in ["available", "running", "retryable"] {
            let jobs = try await get("/v1/jobs?limit=500&state=\(state)")["items"].list
            if jobs.contains(where: { !Self.forever.contains($0["kind"].text) }) { return false }
        }
        let pending = ["warehouse.doWork", "walmart.settleObligation", "walmart.fetchOrder"]
        let scheduled = try await get("/v1/jobs?limit=500&state=scheduled")["items"].list
        if scheduled.contains(where: { pending.contains($0["kind"].text) }) { return false }
        let counts = try await get("/v1/orders/counts")
        let moving = ["received", "released", "dispatched"].map { counts[$0].text }
        let here = ["confirmed", "waiting", "failed"].compactMap { Int(counts[$0].text) }
        // What kills had set aside twice is at rest as well, until a person has it done.
        let discarded = try await get("/v1/jobs?limit=500&state=discarded")["items"].list
        let aside = discarded.filter {
            $0["kind"].text == "walmart.importOrder"
                && $0["fault"]["code"].text == "jobs.quarantined"
        }
        let shown = try await sandbox("/control/summary")["orders"].text
        return moving == ["0", "0", "0"]
            && here.reduce(0, +) + aside.count >= (Int(shown) ?? 0)
    }
}
