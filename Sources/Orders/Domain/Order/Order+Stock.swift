import Contracts
import Kernel
import Storage

extension Order {
    var nextRevision: Int { (stockRevision ?? 0) + 1 }

    /// What it needs of Inventory, line by line.
    var stockNeeds: [StockNeed] {
        lines.compactMap { line in
            guard let sku = line.sku else { return nil }
            var placed: [FacilityID: Quantity] = [:]
            for group in line.units where group.bucket.isAtFacility {
                if let facility = group.facility {
                    placed[facility, default: .zero] += group.quantity
                }
            }
            return StockNeed(
                line: line.number, sku: sku,
                waiting: line.quantity {
                    [.pending, .scheduled, .backordered].contains($0.bucket)
                },
                placed: placed.sorted { $0.key < $1.key }.map {
                    Allocation(
                        line: line.number, sku: sku, facility: $0.key, quantity: $0.value)
                })
        }
    }

    /// Inventory says what it holds: what is more than the order has there is reserved and sourced,
    /// what is short is backordered.
    ///
    /// An answer that does not know of the order's last change is dropped: Inventory answers that
    /// change too.
    func reserving(_ stock: StockReserved, _ decision: Decision) -> [OrderEvent] {
        guard [.accepted, .open, .quarantined].contains(status),
            stock.revision ?? 0 == stockRevision ?? 0
        else { return [] }
        var events: [OrderEvent] = []
        let fresh = unplaced(stock.allocations)
        if !fresh.isEmpty { events.append(.unitsReserved(UnitsReserved(allocations: fresh))) }
        let next = after(events, decision)
        let missing = stock.short.compactMap { part -> LineQuantity? in
            let pending = next.line(part.line)?.quantity(in: .pending) ?? .zero
            let quantity = min(pending, part.quantity)
            return quantity.isZero ? nil : LineQuantity(line: part.line, quantity: quantity)
        }
        if !missing.isEmpty { events.append(.unitsBackordered(UnitsBackordered(lines: missing))) }
        guard status != .quarantined else { return events }
        if status == .accepted { events.append(.opened(OrderOpened(promisedBy: deliverBy))) }
        return events + after(events, decision).sourcing(decision)
    }

    /// What Inventory holds beyond the units the order has at each facility, as far as units wait.
    private func unplaced(_ held: [Allocation]) -> [Allocation] {
        let needs = Dictionary(stockNeeds.map { ($0.line, $0) }) { first, _ in first }
        var placed: [LineNumber: [FacilityID: Quantity]] = [:]
        var waiting: [LineNumber: Quantity] = [:]
        for need in needs.values {
            waiting[need.line] = need.waiting
            for part in need.placed {
                placed[need.line, default: [:]][part.facility] = part.quantity
            }
        }
        return held.compactMap { part in
            let known = placed[part.line]?[part.facility] ?? .zero
            let here = min(known, part.quantity)
            placed[part.line]?[part.facility] = known.without(here)
            let quantity = min(part.quantity.without(here), waiting[part.line] ?? .zero)
            guard !quantity.isZero else { return nil }
            waiting[part.line] = waiting[part.line]?.without(quantity)
            return Allocation(
                line: part.line, sku: part.sku, facility: part.facility, quantity: quantity)
        }
    }
}

extension Bucket {
    /// Whether a unit here is kept for the order at a facility.
    fileprivate var isAtFacility: Bool {
        [.reserved, .sourced, .released, .picked, .packed].contains(self)
    }
}
