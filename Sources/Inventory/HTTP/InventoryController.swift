import Contracts
import Foundation
import Hummingbird
import Kernel
import Storage
import Web

/// Stock over HTTP.
struct InventoryController: Sendable {
    let inventory: InventoryService
    let timekeeper: any Timekeeper

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.post(
            "stock/receipts", use: Endpoint.route(timekeeper, status: .created, receive))
        group.post(
            "stock/adjustments", use: Endpoint.route(timekeeper, status: .created, adjust))
        group.get(
            "stock",
            use: Endpoint.route(timekeeper, reads: ["prefix", "cursor", "limit"], list))
        group.get("stock/:sku", use: Endpoint.route(timekeeper, reads: ["limit"], explain))
    }

    /// `POST /stock/receipts` `{sku, facility, quantity, note?}` → 201 the level after it.
    @Sendable private func receive(_ call: Endpoint) async throws -> StockExplanation {
        let request: ReceiptRequest = try call.decode()
        return try await inventory.receive(
            request.quantity, of: request.sku, at: request.facility,
            note: request.note ?? "receipt", call: call.creatingCall())
    }

    /// `POST /stock/adjustments` `{sku, facility, change, reason}` → 201 the level after it; 409
    /// `inventory.wouldGoNegative`.
    @Sendable private func adjust(_ call: Endpoint) async throws -> StockExplanation {
        let request: AdjustmentRequest = try call.decode()
        return try await inventory.adjust(
            request.change, of: request.sku, at: request.facility, reason: request.reason,
            call: call.creatingCall())
    }

    /// `GET /stock?prefix=&cursor=&limit=` → levels with their sums.
    @Sendable private func list(_ call: Endpoint) async throws -> ListReply<StockExplanation> {
        let page = try await inventory.levels(
            prefix: call.query("prefix") ?? "", after: call.cursor(), limit: call.limit(),
            tenant: call.tenant)
        return ListReply(
            items: page.items.map(StockExplanation.init), next: page.next?.description)
    }

    /// `GET /stock/{sku}` → per facility the sum and the movements behind it.
    @Sendable private func explain(_ call: Endpoint) async throws -> ListReply<StockDetail> {
        let text = call.context.parameters.get("sku") ?? ""
        guard let sku = SKU(rawValue: text.removingPercentEncoding ?? text) else {
            throw WebError(.parameterMalformed, "is no SKU", field: "sku")
        }
        let found = try await inventory.explain(sku, limit: call.limit(), tenant: call.tenant)
        return ListReply(items: found.map { StockDetail(level: $0, movements: $1) }, next: nil)
    }
}

struct ReceiptRequest: Decodable, Sendable {
    let sku: SKU
    let facility: FacilityID
    let quantity: Quantity
    let note: String?
}

struct AdjustmentRequest: Decodable, Sendable {
    let sku: SKU
    let facility: FacilityID
    let change: Int
    let reason: String
}

struct StockDetail: Encodable, Sendable {
    let level: StockExplanation
    let movements: [StockMovement]
}
