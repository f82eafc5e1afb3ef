import Foundation
import Kernel
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
