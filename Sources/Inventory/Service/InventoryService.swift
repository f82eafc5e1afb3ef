package import Contracts
package import Kernel
package import Storage

/// Stock as people and other programs see and change it.
package struct InventoryService: Sendable {
    private let store: Store

    package init(store: Store) { self.store = store }

    /// Books goods in. - Throws: `InventoryError.unknownFacility`, `.quantityZero`.
    package func receive(
        _ quantity: Quantity, of sku: SKU, at facility: FacilityID, note: String, call: Call
    ) async throws -> StockExplanation {
        guard !quantity.isZero else {
            throw InventoryError(.quantityZero, "must be at least 1", field: "quantity")
        }
        return try await store.write(call) { transaction in
            guard try transaction.get(KnownFacility.self, facility) != nil else {
                throw InventoryError(
                    .unknownFacility, "there is no facility \(facility)", field: "facility")
            }
            let ledger = StockLedger(transaction: transaction)
            try ledger.move(.received, quantity, of: sku, at: facility, cause: note)
            try transaction.emit(
                StockReceived(facility: facility, sku: sku, quantity: quantity),
                to: "stock/\(facility)/\(sku)")
            return StockExplanation(try ledger.level(of: sku, at: facility))
        }
    }

    /// Levels in order of SKU. - Parameter prefix: what the SKU begins with; empty for all.
    package func levels(
        prefix: String, after cursor: PageCursor?, limit: Int, tenant: TenantID
    ) async throws -> Page<StockLevel> {
        try await store.read(tenant) {
            try $0.page(
                StockLevel.bySKU, prefix: prefix.isEmpty ? nil : prefix, after: cursor,
                limit: limit)
        }
    }

    /// The figures of one SKU, each with the movements behind it, newest first.
    package func explain(
        _ sku: SKU, limit: Int, tenant: TenantID
    ) async throws -> [(StockExplanation, [StockMovement])] {
        try await store.read(tenant) { reader in
            try reader.page(StockLevel.bySKU, equals: [sku.rawValue], limit: 1000).items.map {
                level in
                let movements = try reader.page(
                    StockMovement.bySKU, equals: [sku.rawValue, level.facility],
                    order: .descending, limit: limit)
                return (StockExplanation(level), movements.items)
            }
        }
    }
}

/// Available stock as the sum it is.
package struct StockExplanation: Codable, Sendable, Hashable {
    package let sku: SKU
    package let facility: FacilityID
    package let onHand: Quantity
    package let reserved: Quantity
    package let unavailable: Quantity
    package let safety: Quantity
    package let available: Quantity
    /// Such as `available 7 = on hand 10 − reserved 3 − unavailable 0 − safety 0`.
    package let explanation: String

    init(_ level: StockLevel) {
        sku = level.sku
        facility = level.facility
        onHand = level.onHand
        reserved = level.reserved
        unavailable = level.unavailable
        safety = level.safety
        available = level.available
        explanation =
            "available \(level.available) = on hand \(level.onHand) − reserved \(level.reserved)"
            + " − unavailable \(level.unavailable) − safety \(level.safety)"
    }
}
