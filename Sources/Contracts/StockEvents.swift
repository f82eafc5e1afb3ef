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

/// Stock was held for an order; several may follow each other as goods arrive.
package struct StockReserved: EventPayload {
    package static let type: EventType = "inventory.reserved.1"
    package let order: OrderID
    package let allocations: [Allocation]
    /// What is still missing after this.
    package let short: [StockLine]

    package init(order: OrderID, allocations: [Allocation], short: [StockLine]) {
        self.order = order
        self.allocations = allocations
        self.short = short
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
