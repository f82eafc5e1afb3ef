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
    func reserve(_ lines: [StockLine], for order: OrderID, revision: Int?) throws {
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
        reservation.revision = revision
        try hold(&reservation)
        try transaction.upsert(reservation)
        try announce(reservation)
    }

    /// Holds for a while what a quarantined order will probably want.
    func reserveSoftly(_ lines: [StockLine], for order: OrderID) throws {
        guard !lines.isEmpty, try reservation(of: order) == nil else { return }
        var reservation = Reservation(
            id: transaction.decision.newID(), order: order, since: transaction.decision.now,
            lines: lines.map {
                Reservation.Line(line: $0.line, sku: $0.sku, wanted: $0.quantity, held: [])
            }, softUntil: transaction.decision.now + Self.softTime)
        try hold(&reservation)
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
        let hasMore = try hold(&reservation)
        var lacks = reservation.lines.contains { $0.sku == sku && !$0.short.isZero }
        if lacks, reservation.lines.contains(where: { $0.excluded != nil }) {
            // One who may not take from a facility does not stand in the way of those behind.
            let sources = try ledger.sources(for: [sku])[sku] ?? []
            lacks = sources.allSatisfy(\.available.isZero)
        }
        guard hasMore else { return lacks }
        try transaction.update(reservation)
        try announce(reservation)
        return lacks
    }

    /// Holds what an order needs after a change, no more and no less, and says so.
    /// - Returns: SKUs of which something is free again.
    func meet(_ needs: [StockNeed], of order: OrderID, revision: Int?) throws -> Set<SKU> {
        guard var reservation = try reservation(of: order) else { return [] }
        var freed: Set<SKU> = []
        for need in needs {
            guard let index = reservation.lines.firstIndex(where: { $0.line == need.line }) else {
                continue
            }
            var line = reservation.lines[index]
            if try trim(&line, to: need, order) { freed.insert(line.sku) }
            line.wanted = need.waiting + need.placed.map(\.quantity).total()
            reservation.lines[index] = line
        }
        reservation.revision = revision
        try hold(&reservation)
        try save(&reservation)
        return freed
    }

    /// A facility could not find units: it is not asked for them again until its figure is put
    /// right.
    func exclude(_ facility: FacilityID, _ lines: [StockLine], for order: OrderID) throws {
        guard var reservation = try reservation(of: order) else { return }
        let mark = Reservation.Exclusion(facility: facility, since: transaction.decision.now)
        for part in lines {
            guard let index = reservation.lines.firstIndex(where: { $0.line == part.line }) else {
                continue
            }
            let others = (reservation.lines[index].excluded ?? []).filter {
                $0.facility != facility
            }
            reservation.lines[index].excluded = others + [mark]
        }
        try transaction.update(reservation)
    }

    /// Frees what is held beyond the need: first where goods were not found, then the last held.
    private func trim(
        _ line: inout Reservation.Line, to need: StockNeed, _ order: OrderID
    ) throws -> Bool {
        let placed = Dictionary(need.placed.map { ($0.facility, $0.quantity) }) { $0 + $1 }
        let barred = try excluded(from: line)
        var room = need.waiting
        var spare: [FacilityID: Quantity] = [:]
        for part in line.held { spare[part.facility, default: .zero] += part.quantity }
        for (facility, held) in spare {
            spare[facility] = held.without(placed[facility] ?? .zero)
        }
        var hasFreed = false
        // What the order has no unit for yet may stay as far as units wait for a place.
        for facility in line.held.map(\.facility) {
            guard let extra = spare.removeValue(forKey: facility), !extra.isZero else { continue }
            let kept = barred.contains(facility) ? .zero : min(extra, room)
            room = room.without(kept)
            let gone = extra.without(kept)
            guard !gone.isZero else { continue }
            try unhold(gone, at: facility, in: &line, order)
            hasFreed = true
        }
        return hasFreed
    }

    private func unhold(
        _ quantity: Quantity, at facility: FacilityID, in line: inout Reservation.Line,
        _ order: OrderID
    ) throws {
        try ledger.move(
            .unreserved, quantity, of: line.sku, at: facility, cause: order.rawValue)
        var left = quantity
        line.held = line.held.reversed().map { held in
            guard held.facility == facility else { return held }
            let part = min(held.quantity, left)
            left = left.without(part)
            return held.reduced(by: part)
        }.reversed().filter { !$0.quantity.isZero }
    }

    /// Goods left with a parcel: they are neither on hand nor reserved any more.
    func ship(_ fact: ParcelDispatched) throws {
        guard var reservation = try reservation(of: fact.order) else { return }
        for shipped in fact.lines {
            try ledger.move(
                .shipped, shipped.quantity, of: shipped.sku, at: fact.facility,
                cause: fact.order.rawValue)
            guard let index = reservation.lines.firstIndex(where: { $0.line == shipped.line })
            else { continue }
            var left = shipped.quantity
            reservation.lines[index].wanted = reservation.lines[index].wanted.without(left)
            reservation.lines[index].held = reservation.lines[index].held.map { held in
                guard held.facility == fact.facility else { return held }
                let part = min(held.quantity, left)
                left = left.without(part)
                return held.reduced(by: part)
            }
            reservation.lines[index].held.removeAll { $0.quantity.isZero }
        }
        reservation.revision = fact.revision ?? reservation.revision
        try save(&reservation)
    }

    /// Answers the order's change; one that wants nothing any more waits for no answer.
    private func save(_ reservation: inout Reservation) throws {
        reservation.lines.removeAll { $0.wanted.isZero }
        try transaction.update(reservation)
        if !reservation.lines.isEmpty, reservation.softUntil == nil { try announce(reservation) }
    }

    /// - Returns: whether anything more is held.
    @discardableResult
    private func hold(_ reservation: inout Reservation) throws -> Bool {
        let wanted = reservation.lines.compactMap { line in
            line.short.isZero
                ? nil : StockLine(line: line.line, sku: line.sku, quantity: line.short)
        }
        guard !wanted.isEmpty else { return false }
        let sources = try ledger.sources(for: Set(wanted.map(\.sku)))
        var closed: [LineNumber: Set<FacilityID>] = [:]
        for line in reservation.lines { closed[line.line] = try excluded(from: line) }
        let made = AllocationPlan.allocations(for: wanted, from: sources, except: closed)
        for part in made {
            try ledger.move(
                .reserved, part.quantity, of: part.sku, at: part.facility,
                cause: reservation.order.rawValue)
            for index in reservation.lines.indices where reservation.lines[index].line == part.line
            {
                reservation.lines[index].held.append(part)
            }
        }
        return !made.isEmpty
    }

    /// Facilities that could not find this line's goods, and have not counted or received any since.
    private func excluded(from line: Reservation.Line) throws -> Set<FacilityID> {
        Set(
            try (line.excluded ?? []).filter { mark in
                let latest = try transaction.page(
                    StockMovement.bySKU, equals: [line.sku.rawValue, mark.facility],
                    order: .descending, limit: 50
                ).items
                return !latest.contains { movement in
                    movement.at > mark.since
                        && (movement.kind == .received || movement.kind == .adjustedUp)
                }
            }.map(\.facility))
    }

    private func free(_ part: Allocation, _ order: OrderID) throws {
        try ledger.move(
            .unreserved, part.quantity, of: part.sku, at: part.facility, cause: order.rawValue)
    }

    private func announce(_ reservation: Reservation) throws {
        let short = reservation.lines.compactMap { line in
            line.short.isZero
                ? nil : StockLine(line: line.line, sku: line.sku, quantity: line.short)
        }
        try transaction.emit(
            StockReserved(
                order: reservation.order, allocations: reservation.lines.flatMap(\.held),
                short: short, revision: reservation.revision),
            to: Reservation.stream(reservation.id))
    }
}

extension Allocation {
    func reduced(by part: Quantity) -> Allocation {
        Allocation(line: line, sku: sku, facility: facility, quantity: quantity.without(part))
    }
}
