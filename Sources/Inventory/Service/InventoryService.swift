package import Contracts
package import Kernel
package import Storage

/// Stock as people and other programs see and change it.
package struct InventoryService: Sendable {
    private let store: Store

    package init(store: Store) { self.store = store }

    /// Books goods in.
    /// - Throws: `InventoryError.unknownFacility`, `.unknownSKU`, `.quantityZero`.
    package func receive(
        _ quantity: Quantity, of sku: SKU, at facility: FacilityID, note: String, call: Call
    ) async throws -> StockExplanation {
        guard !quantity.isZero else {
            throw InventoryError(.quantityZero, "must be at least 1", field: "quantity")
        }
        return try await store.write(call) { transaction in
            try Self.requireKnown(sku, facility, transaction)
            let ledger = StockLedger(transaction: transaction)
            try ledger.move(.received, quantity, of: sku, at: facility, cause: note)
            try transaction.emit(
                StockReceived(facility: facility, sku: sku, quantity: quantity),
                to: "stock/\(facility)/\(sku)")
            return StockExplanation(try ledger.level(of: sku, at: facility))
        }
    }

    /// Puts the figure on hand right after a count, upwards or downwards.
    /// - Parameter change: units found too many (above zero) or too few (below).
    /// - Throws: `InventoryError.wouldGoNegative` where orders hold what is written off.
    package func adjust(
        _ change: Int, of sku: SKU, at facility: FacilityID, reason: String, call: Call
    ) async throws -> StockExplanation {
        let quantity: Quantity
        do { quantity = try Quantity(Int(clamping: change.magnitude)) } catch {
            throw InventoryError(.quantityZero, "is too large", field: "change")
        }
        guard !quantity.isZero else {
            throw InventoryError(.quantityZero, "must not be 0", field: "change")
        }
        guard !reason.isEmpty else {
            throw InventoryError(.reasonMissing, "say why", field: "reason")
        }
        return try await store.write(call) { transaction in
            try Self.requireKnown(sku, facility, transaction)
            let ledger = StockLedger(transaction: transaction)
            try ledger.move(
                change > 0 ? .adjustedUp : .adjustedDown, quantity, of: sku, at: facility,
                cause: reason)
            if change > 0 { try ReservationDesk.fillBackorders(of: sku, transaction) }
            return StockExplanation(try ledger.level(of: sku, at: facility))
        }
    }

    private static func requireKnown(
        _ sku: SKU, _ facility: FacilityID, _ transaction: Transaction
    ) throws {
        guard try transaction.get(KnownFacility.self, facility) != nil else {
            throw InventoryError(
                .unknownFacility, "there is no facility \(facility)", field: "facility")
        }
        guard try transaction.find(KnownProduct.bySKU, sku.rawValue) != nil else {
            throw InventoryError(
                .unknownSKU, "there is no product with SKU \(sku); add it first", field: "sku")
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

    /// The figures of one SKU, each with the movements behind it, newest first; nothing where none
    /// was ever here. - Throws: `InventoryError.unknownSKU`.
    package func explain(
        _ sku: SKU, limit: Int, tenant: TenantID
    ) async throws -> [(StockExplanation, [StockMovement])] {
        try await store.read(tenant) { reader in
            guard try reader.find(KnownProduct.bySKU, sku.rawValue) != nil else {
                throw InventoryError(.unknownSKU, "there is no product with SKU \(sku)")
            }
            return try reader.page(StockLevel.bySKU, equals: [sku.rawValue], limit: 1000).items.map
            {
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
