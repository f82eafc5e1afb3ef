import AsyncHTTPClient
import Foundation
import Kernel
import NIOCore
import NIOHTTP1
import Storage

/// One product in one facility: the least that can be written and counted.
extension ProcessSession {
    /// - Returns: the facility.
    func openStore() async throws -> String {
        try await post("/admin/tenants", .object(["name": .string("t")]))
        try await post("/v1/facilities", .object(["name": .string("Joplin")]))
        try await post(
            "/v1/products", .object(["sku": .string("TEA-01"), "title": .string("Tea")]))
        let facility = try await facility()
        try await until("inventory knows of both") {
            try await self.receipt("first", at: facility).status < 300
        }
        return facility
    }

    /// The first facility there is.
    func facility() async throws -> String {
        try await get("/v1/facilities")["items"].list.first?["id"].text ?? ""
    }

    /// Books one unit in, under a key.
    func receipt(
        _ key: String, at facility: String
    ) async throws -> (status: Int, body: JSONValue) {
        try await answer(
            "/v1/stock/receipts",
            .object([
                "sku": .string("TEA-01"), "facility": .string(facility), "quantity": .integer(1),
            ]), key: key)
    }

    /// Units of it that are there.
    func available() async throws -> Int {
        let level = try await get("/v1/stock/TEA-01")["items"].list.first
        return Int(level?["level"]["available"].text ?? "") ?? 0
    }
}

/// Books one unit after the other as a customer's program does: over the public address, with a key,
/// each request once, whatever becomes of its connection.
struct Booker: Sendable {
    private let client: HTTPClient
    private let url: String
    private let key: String
    private let facility: String

    /// - Parameter connections: open at most at once.
    static func with<T: Sendable>(
        _ session: ProcessSession, at facility: String, connections: Int = 8,
        _ body: (Booker) async throws -> T
    ) async throws -> T {
        let key = try await session.post("/v1/api-keys", .object(["name": .string("booker")]))[
            "text"
        ].text
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
        let booker = Booker(
            client: client, url: "http://127.0.0.1:\(session.port)/v1/stock/receipts", key: key,
            facility: facility)
        do {
            let result = try await body(booker)
            try await client.shutdown()
            return result
        } catch {
            // A client that is not shut down ends the process, and with it every other test.
            try? await client.shutdown()
            throw error
        }
    }

    /// - Returns: the status, and when to come back.
    func book(_ name: String) async throws -> (status: Int, retryAfter: String?) {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "authorization", value: "Bearer " + key)
        request.headers.add(name: "idempotency-key", value: name)
        request.body = .bytes(
            ByteBuffer(
                string: #"{"sku":"TEA-01","facility":"\#(facility)","quantity":1}"#))
        let response = try await client.execute(request, timeout: .seconds(60))
        _ = try await response.body.collect(upTo: 65_536)
        return (Int(response.status.code), response.headers.first(name: "retry-after"))
    }
}
