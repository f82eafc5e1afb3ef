import Contracts
import Kernel
import Storage

/// Changes stock figures: every change is a movement, and figure and movement commit together.
struct StockLedger {
    let transaction: Transaction

    func level(of sku: SKU, at facility: FacilityID) throws -> StockLevel {
        if let known = try transaction.find(StockLevel.bySKU, sku.rawValue, facility) {
            // The cache may hold what an earlier step of this transaction wrote.
            return try transaction.get(StockLevel.self, known.id) ?? known
        }
        return StockLevel(
            id: transaction.decision.newID(), sku: sku, facility: facility, onHand: .zero,
            reserved: .zero, unavailable: .zero, safety: .zero)
    }

    func move(
        _ kind: StockMovement.Kind, _ quantity: Quantity, of sku: SKU, at facility: FacilityID,
        cause: String
    ) throws {
        var level = try level(of: sku, at: facility)
        if kind == .shipped, quantity > level.onHand {
            // More left than was thought to be there: the figure was wrong, not the parcel.
            let found = quantity.without(level.onHand)
            try Self.apply(.adjustedUp, found, to: &level)
            try record(.adjustedUp, found, level, "found when it was shipped, \(cause)")
        }
        try Self.apply(kind, quantity, to: &level)
        try record(kind, quantity, level, cause)
    }

    /// Goods are not where they should be: at most what is on hand is written off. More may be
    /// reserved than is left, until Orders has taken back what it wanted of them.
    func writeOff(_ missing: [StockLine], at facility: FacilityID, cause: String) throws {
        for lost in missing {
            var level = try level(of: lost.sku, at: facility)
            let gone = min(lost.quantity, level.onHand)
            guard !gone.isZero else { continue }
            level.onHand = level.onHand.without(gone)
            try record(.adjustedDown, gone, level, cause)
        }
    }

    private func record(
        _ kind: StockMovement.Kind, _ quantity: Quantity, _ level: StockLevel, _ cause: String
    ) throws {
        try transaction.upsert(level)
        try transaction.insert(
            StockMovement(
                id: transaction.decision.newID(), sku: level.sku, facility: level.facility,
                kind: kind, quantity: quantity, cause: cause, at: transaction.decision.now))
    }

    /// - Throws: `InventoryError.wouldGoNegative`: a figure below zero would be a lie.
    static func apply(
        _ kind: StockMovement.Kind, _ quantity: Quantity, to level: inout StockLevel
    ) throws {
        switch kind {
        case .received, .adjustedUp:
            guard level.onHand.units + quantity.units <= Quantity.limit else {
                throw InventoryError(
                    .wouldGoNegative,
                    "\(level.onHand) and \(quantity) more of \(level.sku) are past all counting",
                    field: "quantity")
            }
            level.onHand += quantity
        case .adjustedDown:
            // What orders hold cannot be written off over their heads.
            let free = level.onHand.without(level.reserved)
            guard quantity <= free else {
                throw InventoryError(
                    .wouldGoNegative,
                    "only \(free) of \(level.sku) are free there, \(level.reserved) are held for "
                        + "orders: report those that are missing as a short pick of their work",
                    field: "change")
            }
            level.onHand = level.onHand.without(quantity)
        case .reserved:
            guard quantity <= level.available else { throw shortage(level, quantity) }
            level.reserved += quantity
        case .unreserved:
            guard quantity <= level.reserved else { throw shortage(level, quantity) }
            level.reserved = level.reserved.without(quantity)
        case .shipped:
            guard quantity <= level.reserved, quantity <= level.onHand else {
                throw shortage(level, quantity)
            }
            level.reserved = level.reserved.without(quantity)
            level.onHand = level.onHand.without(quantity)
        }
    }

    private static func shortage(_ level: StockLevel, _ quantity: Quantity) -> InventoryError {
        InventoryError(
            .wouldGoNegative,
            "\(quantity) of \(level.sku) at \(level.facility) is more than there is: on hand "
                + "\(level.onHand), reserved \(level.reserved)")
    }

    /// Facilities with what they have of each SKU, in order of rank.
    func sources(for skus: Set<SKU>) throws -> [SKU: [AllocationPlan.Source]] {
        let facilities = try transaction.page(KnownFacility.byRank, limit: 1000).items
        var sources: [SKU: [AllocationPlan.Source]] = [:]
        for sku in skus.sorted(by: { $0.rawValue < $1.rawValue }) {
            sources[sku] = try facilities.map {
                AllocationPlan.Source(
                    facility: $0.id, available: try level(of: sku, at: $0.id).available)
            }
        }
        return sources
    }
}
