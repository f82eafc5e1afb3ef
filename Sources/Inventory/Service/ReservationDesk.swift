import Contracts
import Jobs
import Kernel
import Storage

/// Holds, fills, frees and consumes what orders reserve; each inside one transaction.
struct ReservationDesk {
    /// A quarantined order's goods are given back after this.
    static let softTime = Duration.seconds(600)

    let transaction: Transaction
    private var ledger: StockLedger { StockLedger(transaction: transaction) }

    func reservation(of order: OrderID) throws -> Reservation? {
        guard let found = try transaction.find(Reservation.byOrder, order) else { return nil }
        return try transaction.get(Reservation.self, found.id) ?? found
    }

    /// Holds what an accepted order wants. A soft reservation of it becomes a hard one.
    func reserve(_ lines: [StockLine], for order: OrderID) throws {
        guard try reservation(of: order)?.softUntil != nil || reservation(of: order) == nil else {
            return
        }
        var reservation =
            try reservation(of: order)
            ?? Reservation(
                id: transaction.decision.newID(), order: order, since: transaction.decision.now,
                lines: [])
        let known = Set(reservation.lines.map(\.line))
        for line in lines where !known.contains(line.line) {
            reservation.lines.append(
                Reservation.Line(line: line.line, sku: line.sku, wanted: line.quantity, held: []))
        }
        reservation.softUntil = nil
        let earlier = reservation.lines.flatMap(\.held)
        let made = try hold(&reservation)
        try transaction.upsert(reservation)
        try announce(reservation, earlier + made)
    }

    /// Holds for a while what a quarantined order will probably want.
    func reserveSoftly(_ lines: [StockLine], for order: OrderID) throws {
        guard !lines.isEmpty, try reservation(of: order) == nil else { return }
        var reservation = Reservation(
            id: transaction.decision.newID(), order: order, since: transaction.decision.now,
            lines: lines.map {
                Reservation.Line(line: $0.line, sku: $0.sku, wanted: $0.quantity, held: [])
            }, softUntil: transaction.decision.now + Self.softTime)
        _ = try hold(&reservation)
        try transaction.insert(reservation)
        try transaction.enqueue(
            ExpireSoftReservation(reservation: reservation.id),
            JobOptions(delay: Self.softTime))
    }

    /// Gives back what was held softly and never claimed.
    func expire(_ id: Identifier<ReservationTag>) throws {
        guard let reservation = try transaction.get(Reservation.self, id),
            let until = reservation.softUntil, until <= transaction.decision.now
        else { return }
        let held = reservation.lines.flatMap(\.held)
        for part in held { try free(part, reservation.order) }
        try transaction.delete(Reservation.self, id)
        for sku in Set(held.map(\.sku)) { try Self.fillBackorders(of: sku, transaction) }
    }

    /// Sees to it that goods of this SKU go to those who wait for them.
    static func fillBackorders(of sku: SKU, _ transaction: Transaction) throws {
        try transaction.enqueue(
            FillBackorders(sku: sku), JobOptions(uniqueness: .untilStarted(sku.rawValue)))
    }

    /// Tries to hold what a reservation still lacks.
    /// - Returns: whether it lacks this SKU and there was none of it: nobody behind gets any.
    func isEmptyHanded(_ id: Identifier<ReservationTag>, after sku: SKU) throws -> Bool {
        guard var reservation = try transaction.get(Reservation.self, id), reservation.isShort
        else { return false }
        let made = try hold(&reservation)
        let lacks = reservation.lines.contains { $0.sku == sku && !$0.short.isZero }
        guard !made.isEmpty else { return lacks }
        try transaction.update(reservation)
        try announce(reservation, made)
        return lacks
    }

    /// Frees what was cancelled. Where Orders does not say where it was held, the last held goes
    /// first, as Orders drops the last.
    func release(_ units: [CancelledUnits], for order: OrderID) throws -> Set<SKU> {
        guard var reservation = try reservation(of: order) else { return [] }
        var freed: Set<SKU> = []
        for unit in units {
            guard let index = reservation.lines.firstIndex(where: { $0.line == unit.line }) else {
                continue
            }
            var line = reservation.lines[index]
            var left = unit.quantity
            if unit.facility == nil { left = left.without(min(left, line.short)) }
            line.wanted = line.wanted.without(unit.quantity)
            for part in line.held.indices.reversed() where !left.isZero {
                let held = line.held[part]
                guard unit.facility == nil || held.facility == unit.facility else { continue }
                let quantity = min(held.quantity, left)
                left = left.without(quantity)
                try ledger.move(
                    .unreserved, quantity, of: held.sku, at: held.facility,
                    cause: order.rawValue)
                freed.insert(held.sku)
                line.held[part] = held.reduced(by: quantity)
            }
            line.held.removeAll { $0.quantity.isZero }
            reservation.lines[index] = line
        }
        reservation.lines.removeAll { $0.wanted.isZero }
        try transaction.update(reservation)
        return freed
    }

    /// A picker did not find what was held: it is written off there, and held anew where there is
    /// some.
    func replace(
        _ missing: [StockLine], missingAt facility: FacilityID, for order: OrderID
    ) throws {
        guard var reservation = try reservation(of: order) else { return }
        for lost in missing {
            guard let index = reservation.lines.firstIndex(where: { $0.line == lost.line }) else {
                continue
            }
            let gone = try writeOff(
                lost, at: facility, of: order, from: &reservation.lines[index].held)
            guard !gone.isZero else { continue }
            try ledger.move(
                .adjustedDown, gone, of: lost.sku, at: facility,
                cause: "short pick, \(order.rawValue)")
        }
        let made = try hold(&reservation)
        try transaction.update(reservation)
        try announce(reservation, made)
    }

    private func writeOff(
        _ lost: StockLine, at facility: FacilityID, of order: OrderID,
        from held: inout [Allocation]
    ) throws -> Quantity {
        var left = lost.quantity
        for index in held.indices.reversed() where held[index].facility == facility {
            let part = min(held[index].quantity, left)
            guard !part.isZero else { continue }
            try ledger.move(
                .unreserved, part, of: lost.sku, at: facility, cause: order.rawValue)
            held[index] = held[index].reduced(by: part)
            left = left.without(part)
        }
        held.removeAll { $0.quantity.isZero }
        return lost.quantity.without(left)
    }

    /// Goods left with a parcel: they are neither on hand nor reserved any more.
    func ship(_ lines: [StockLine], from facility: FacilityID, for order: OrderID) throws {
        guard var reservation = try reservation(of: order) else { return }
        for shipped in lines {
            try ledger.move(
                .shipped, shipped.quantity, of: shipped.sku, at: facility, cause: order.rawValue)
            guard let index = reservation.lines.firstIndex(where: { $0.line == shipped.line })
            else { continue }
            var left = shipped.quantity
            reservation.lines[index].wanted = reservation.lines[index].wanted.without(left)
            reservation.lines[index].held = reservation.lines[index].held.map { held in
                guard held.facility == facility else { return held }
                let part = min(held.quantity, left)
                left = left.without(part)
                return held.reduced(by: part)
            }
            reservation.lines[index].held.removeAll { $0.quantity.isZero }
        }
        reservation.lines.removeAll { $0.wanted.isZero }
        try transaction.update(reservation)
    }

    private func hold(_ reservation: inout Reservation) throws -> [Allocation] {
        let wanted = reservation.lines.compactMap { line in
            line.short.isZero
                ? nil : StockLine(line: line.line, sku: line.sku, quantity: line.short)
        }
        let sources = try ledger.sources(for: Set(wanted.map(\.sku)))
        let made = AllocationPlan.allocations(for: wanted, from: sources)
        for part in made {
            try ledger.move(
                .reserved, part.quantity, of: part.sku, at: part.facility,
                cause: reservation.order.rawValue)
            for index in reservation.lines.indices where reservation.lines[index].line == part.line
            {
                reservation.lines[index].held.append(part)
            }
        }
        return made
    }

    private func free(_ part: Allocation, _ order: OrderID) throws {
        try ledger.move(
            .unreserved, part.quantity, of: part.sku, at: part.facility, cause: order.rawValue)
    }

    private func announce(_ reservation: Reservation, _ made: [Allocation]) throws {
        let short = reservation.lines.compactMap { line in
            line.short.isZero
                ? nil : StockLine(line: line.line, sku: line.sku, quantity: line.short)
        }
        try transaction.emit(
            StockReserved(order: reservation.order, allocations: made, short: short),
            to: Reservation.stream(reservation.id))
    }
}

extension Allocation {
    func reduced(by part: Quantity) -> Allocation {
        Allocation(line: line, sku: sku, facility: facility, quantity: quantity.without(part))
    }
}
