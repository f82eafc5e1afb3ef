import Foundation
import Storage

/// What the demonstration sells, from where, and for whom.
struct DemoShop: Sendable {
    static let sellers = 10
    static let skus = (1...20).map { "TEA-\($0 < 10 ? "0" : "")\($0)" }
    private static let methods = ["signature", "hmac", "basic", "oauth"]

    let session: CommandSession
    let sandbox: SandboxProcess
    let platformPort: Int

    /// Sets up facilities, products, stock, ten connections and their webhooks.
    func open() async throws {
        let tenant = try await tenantID()
        var facilities: [String] = []
        for (rank, name) in ["Joplin", "Reno"].enumerated() {
            let made = try await session.post(
                "/v1/facilities",
                .object(["name": .string(name), "rank": .integer(Int64(rank))]))
            facilities.append(made["id"]?.plain ?? "")
        }
        for sku in Self.skus {
            _ = try await session.post(
                "/v1/products",
                .object(["sku": .string(sku), "title": .string("Loose leaf tea \(sku)")]))
        }
        try await stock(facilities)
        for number in 1...Self.sellers { try await connect(number, tenant) }
    }

    /// Plenty of all but three: two run short, one is out.
    private func stock(_ facilities: [String]) async throws {
        for (index, sku) in Self.skus.enumerated() {
            let quantities =
                switch index {
                case 17: [3, 2]
                case 18: [1, 0]
                case 19: [0, 0]
                default: [4000, 1500]
                }
            for (facility, quantity) in zip(facilities, quantities) where quantity > 0 {
                // Inventory learns of a facility by event: moments after it was added.
                try await retrying {
                    _ = try await session.post(
                        "/v1/stock/receipts",
                        .object([
                            "sku": .string(sku), "facility": .string(facility),
                            "quantity": .integer(Int64(quantity)), "note": .string("opening stock"),
                        ]))
                }
            }
        }
    }

    private func retrying(_ body: () async throws -> Void) async throws {
        for _ in 0..<20 {
            do { return try await body() } catch {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        try await body()
    }

    private func tenantID() async throws -> String {
        let made = try await session.post("/admin/tenants", .object(["name": .string("demo")]))
        return made["id"]?.plain ?? ""
    }

    private func connect(_ number: Int, _ tenant: String) async throws {
        let method = Self.methods[number % Self.methods.count]
        let header = method == "signature" ? "WM_SEC.SIGNATURE" : "authorization"
        let secret = "hook-secret-\(number)"
        let made = try await session.post(
            "/v1/connections",
            .object([
                "name": .string("seller-\(number)"), "channel": .string("walmart"),
                "baseURL": .string(sandbox.baseURL), "clientID": .string("seller-\(number)"),
                "clientSecret": .string("secret-\(number)"),
                "webhook": .object([
                    "method": .string(method), "headerName": .string(header),
                    "user": .string("hook-\(number)"), "secrets": .array([.string(secret)]),
                ]), "limits": .object([:]),
            ]))
        let connection = made["id"]?.plain ?? ""
        for sku in Self.skus {
            _ = try await session.post(
                "/v1/listings",
                .object([
                    "connection": .string(connection), "channelSKU": .string(sku),
                    "sku": .string(sku),
                ]))
        }
        try await sandbox.post(
            "/control/sellers",
            .object([
                "clientID": .string("seller-\(number)"),
                "clientSecret": .string("secret-\(number)"),
                "webhook": .object([
                    "url": .string(
                        "http://127.0.0.1:\(platformPort)/hooks/walmart/\(tenant)/\(connection)"),
                    "method": .string(method), "headerName": .string(header),
                    "user": .string("hook-\(number)"), "secret": .string(secret),
                ]),
            ]))
    }
}
