package import Kernel

/// Stock of one line held at one facility.
package struct Allocation: Codable, Hashable, Sendable {
    package let line: LineNumber
    package let sku: SKU
    package let facility: FacilityID
    package let quantity: Quantity

    package init(line: LineNumber, sku: SKU, facility: FacilityID, quantity: Quantity) {
        self.line = line
        self.sku = sku
        self.facility = facility
        self.quantity = quantity
    }
}

/// What is held for an order now, whole; several may follow each other as goods arrive.
package struct StockReserved: EventPayload {
    package static let type: EventType = "inventory.reserved.1"
    package let order: OrderID
    package let allocations: [Allocation]
    /// What is missing.
    package let short: [StockLine]
    /// Of the order, as Inventory knew it; see ``StockNeed``.
    package let revision: Int?

    package init(
        order: OrderID, allocations: [Allocation], short: [StockLine], revision: Int?
    ) {
        self.order = order
        self.allocations = allocations
        self.short = short
        self.revision = revision
    }
}

/// Goods came into a facility.
package struct StockReceived: EventPayload {
    package static let type: EventType = "inventory.received.1"
    package let facility: FacilityID
    package let sku: SKU
    package let quantity: Quantity

    package init(facility: FacilityID, sku: SKU, quantity: Quantity) {
        self.facility = facility
        self.sku = sku
        self.quantity = quantity
    }
}
