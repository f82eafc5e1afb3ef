package import Contracts
package import Kernel
package import Storage

package enum InventoryFaultCode: String, FaultCode {
    case unknownFacility, unknownSKU, quantityZero, reasonMissing, wouldGoNegative

    package static let service = "inventory"

    package var kind: FaultKind {
        switch self {
        case .unknownFacility, .unknownSKU: .notFound
        case .quantityZero, .reasonMissing: .invalid
        case .wouldGoNegative: .refused
        }
    }
}

package typealias InventoryError = CodedFault<InventoryFaultCode>

package enum StockLevelTag: IdentifierTag { package static let prefix = "stk" }
package enum MovementTag: IdentifierTag { package static let prefix = "mov" }

/// Figures of one SKU at one facility. They change only together with a movement.
package struct StockLevel: Record {
    package static let collection = "stock_levels"
    /// Movements tell what changed.
    package static let leavesEvents = false
    package static let bySKU = Index<StockLevel>.unique(
        "by_sku", Column("sku", by: { $0.sku.rawValue }), Column("facility", \.facility))
    package static let indexes = [bySKU]

    package let id: Identifier<StockLevelTag>
    package let sku: SKU
    package let facility: FacilityID
    package var onHand: Quantity
    /// Equals the open reservations here (invariant I2), verified, never trusted.
    package var reserved: Quantity
    package var unavailable: Quantity
    package var safety: Quantity

    /// Derived and never stored (invariant I4).
    package var available: Quantity {
        onHand.without(reserved).without(unavailable).without(safety)
    }
}

/// One change of stock: typed, with its cause, for ever.
package struct StockMovement: Record {
    package enum Kind: String, Codable, Sendable {
        case received, reserved, unreserved, shipped
        /// Found at a count, or put right by a person.
        case adjustedUp
        /// Not found at a count or by a picker, broken, lost.
        case adjustedDown
    }

    package static let collection = "stock_movements"
    package static let leavesEvents = false
    package static let bySKU = Index<StockMovement>(
        "by_sku", Column("sku", by: { $0.sku.rawValue }), Column("facility", \.facility),
        Column("at", \.at))
    package static let indexes = [bySKU]

    package let id: Identifier<MovementTag>
    package let sku: SKU
    package let facility: FacilityID
    package let kind: Kind
    package let quantity: Quantity
    /// The order or receipt that caused it.
    package let cause: String
    package let at: Instant
}

/// What an order wants of Inventory, and what it holds.
package struct Reservation: Record {
    package struct Line: Codable, Hashable, Sendable {
        package let line: LineNumber
        package let sku: SKU
        package var wanted: Quantity
        package var held: [Allocation]
        /// Facilities that could not find its goods.
        package var excluded: [Exclusion]?

        package var short: Quantity { wanted.without(held.map(\.quantity).total()) }
    }

    package struct Exclusion: Codable, Hashable, Sendable {
        package let facility: FacilityID
        package let since: Instant
    }

    package static let collection = "reservations"
    package static let leavesEvents = false
    package static let isSearchable = true
    package static let byOrder = Index<Reservation>.unique(
        "by_order", Column("order_id", \.order))
    package static let byShortage = Index<Reservation>(
        "by_shortage", Column("is_short", \.isShort), Column("since", \.since))
    package static let indexes = [byOrder, byShortage]

    package let id: Identifier<ReservationTag>
    package let order: OrderID
    package let since: Instant
    package var lines: [Line]
    /// A quarantined order's goods are held until then; `nil` once it is accepted.
    package var softUntil: Instant?
    /// The order's, as last heard; see ``StockNeed``.
    package var revision: Int?

    package var isShort: Bool { lines.contains { !$0.short.isZero } && softUntil == nil }

    /// SKUs it lacks, so that arriving goods find it, oldest first.
    package var searchTokens: Set<String> {
        guard softUntil == nil else { return [] }
        return Set(lines.filter { !$0.short.isZero }.map { Self.shortToken($0.sku) })
    }

    package static func shortToken(_ sku: SKU) -> String { "s:\(sku.rawValue)/" }
}

/// What Inventory keeps of Settings' facilities: which are asked first.
struct KnownFacility: Record {
    static let collection = "inventory_facilities"
    static let leavesEvents = false
    static let byRank = Index<KnownFacility>("by_rank", Column("rank", \.rank))
    static let indexes = [byRank]

    let id: FacilityID
    let name: String
    let rank: Int
}

/// What Inventory keeps of Catalogue's products: which SKUs there are.
struct KnownProduct: Record {
    static let collection = "inventory_products"
    static let leavesEvents = false
    static let bySKU = Index<KnownProduct>.unique("by_sku", Column("sku", by: { $0.sku.rawValue }))
    static let indexes = [bySKU]

    let id: Identifier<ProductTag>
    let sku: SKU
}
