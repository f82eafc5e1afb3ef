package import Contracts
import Jobs
package import Kernel
package import Storage

/// Picks, packs and dispatches. Each step is one transaction with the news of it.
package struct WarehouseService: Sendable {
    package static let boxCapacity = 4
    private static let carrier = "FedEx"

    private let store: Store
    private let authority: any HandoverAuthority

    package init(store: Store, authority: any HandoverAuthority) {
        self.store = store
        self.authority = authority
    }

    /// Longest waiting first. - Parameter state: `nil` for all that is still to do.
    package func page(
        state: WorkState?, after cursor: PageCursor?, limit: Int, tenant: TenantID
    ) async throws -> Page<WorkOrder> {
        try await store.read(tenant) {
            guard let state else {
                return try $0.page(
                    WorkOrder.byOpenness, equals: [true], after: cursor, limit: limit)
            }
            return try $0.page(WorkOrder.byState, equals: [state], after: cursor, limit: limit)
        }
    }

    /// Sees that all that was released before this process began is done by itself too.
    package func takeUp(tenants: [TenantID], at now: Instant) async throws {
        for tenant in tenants {
            var cursor: PageCursor?
            repeat {
                let place = cursor
                let call = Call(tenant: tenant, actor: .platform, at: now, correlation: "start")
                cursor = try await store.writeUnrepeated(call, lane: .bulk) { transaction in
                    let page = try transaction.page(
                        WorkOrder.byOpenness, equals: [true], after: place, limit: 200)
                    for work in page.items where work.state != .accepted {
                        try transaction.enqueue(
                            DoWork(work: work.id), DoWork.options(work.id))
                    }
                    return page.next
                }
            } while cursor != nil
        }
    }

    /// - Throws: `WarehouseError.unknownWork`.
    package func work(_ id: FulfilmentOrderID, tenant: TenantID) async throws -> WorkOrder {
        let found = try await store.read(tenant) { try $0.get(WorkOrder.self, id) }
        guard let found else { throw Self.unknown(id) }
        return found
    }

    package func pick(_ id: FulfilmentOrderID, call: Call) async throws -> WorkOrder {
        try await change(id, call) { work, transaction in
            try work.enter(.picking, .pick, at: transaction.decision.now)
            try Self.tell(work, .pickingStarted, transaction)
            try work.enter(.picked, .finishPicking, at: transaction.decision.now)
            try Self.tell(work, .picked, transaction)
        }
    }

    /// Reports units that are not to be found: they are not packed, and Orders sources them again.
    /// - Throws: `WarehouseError.illegalTransition` once packed, `.quantityTooLarge`,
    ///   `.reasonMissing`.
    package func fallShort(
        _ id: FulfilmentOrderID, by missing: [LineQuantity], reason: String, call: Call
    ) async throws -> WorkOrder {
        guard !reason.isEmpty else {
            throw WarehouseError(.reasonMissing, "say why they are missing", field: "reason")
        }
        guard !missing.isEmpty, Set(missing.map(\.line)).count == missing.count else {
            throw WarehouseError(
                .quantityTooLarge, "name each line that is short, once", field: "lines")
        }
        // A repeat must not write off twice: the step leaves the state as it is.
        return try await store.write(call) { transaction in
            guard var work = try transaction.get(WorkOrder.self, id) else {
                throw Self.unknown(id)
            }
            try Self.shorten(&work, by: missing, reason, transaction)
            try transaction.update(work)
            return work
        }
    }

    private static func shorten(
        _ work: inout WorkOrder, by missing: [LineQuantity], _ reason: String,
        _ transaction: Transaction
    ) throws {
        try work.enter(work.state, .fallShort, at: transaction.decision.now)
        var short: [StockLine] = []
        for (index, part) in missing.enumerated() {
            guard let line = work.lines.firstIndex(where: { $0.line == part.line }),
                !part.quantity.isZero, part.quantity <= work.lines[line].quantity
            else {
                throw WarehouseError(
                    .quantityTooLarge, "is not among the units of this work",
                    field: "lines[\(index)]")
            }
            let wanted = work.lines[line]
            short.append(
                StockLine(line: wanted.line, sku: wanted.sku, quantity: part.quantity))
            work.lines[line] = StockLine(
                line: wanted.line, sku: wanted.sku,
                quantity: wanted.quantity.without(part.quantity))
        }
        work.lines.removeAll { $0.quantity.isZero }
        try transaction.emit(
            WorkFellShort(
                fulfilmentOrder: work.id, order: work.order, facility: work.facility,
                missing: short, left: work.lines, reason: reason), to: "work/\(work.id)")
    }

    /// A carrier's labels, one for each box in order.
    package struct Labels: Sendable {
        package let carrier: String
        package let trackingNumbers: [String]

        package init(carrier: String, trackingNumbers: [String]) {
            self.carrier = carrier
            self.trackingNumbers = trackingNumbers
        }
    }

    /// Boxes what was picked and labels the boxes.
    /// - Parameter labels: the carrier's; without any the boxes get made-up ones, for trying out.
    /// - Throws: `WarehouseError.illegalTransition`, `.labelsDiffer`.
    package func pack(
        _ id: FulfilmentOrderID, labels: Labels? = nil, call: Call
    ) async throws -> WorkOrder {
        if let labels {
            let isWhole = labels.trackingNumbers.allSatisfy { (1...60).contains($0.utf8.count) }
            guard isWhole, (1...60).contains(labels.carrier.utf8.count) else {
                throw WarehouseError(
                    .labelsDiffer,
                    "a carrier and tracking numbers of 1 to 60 characters are needed",
                    field: labels.carrier.isEmpty ? "carrier" : "trackingNumbers")
            }
        }
        return try await change(id, call) { work, transaction in
            guard !work.lines.isEmpty else {
                throw WarehouseError(.illegalTransition, "nothing of it was found: no box to pack")
            }
            try work.enter(.packed, .pack, at: transaction.decision.now)
            let contents = BoxPlan.boxes(work.lines, capacity: Self.boxCapacity)
            if let labels, labels.trackingNumbers.count != contents.count {
                throw WarehouseError(
                    .labelsDiffer,
                    "there are \(contents.count) boxes of at most \(Self.boxCapacity) units, and "
                        + "\(labels.trackingNumbers.count) tracking numbers",
                    field: "trackingNumbers")
            }
            work.boxes = contents.enumerated().map { index, lines in
                let parcel: ParcelID = transaction.decision.newID()
                return WorkOrder.Box(
                    parcel: parcel, lines: lines, carrier: labels?.carrier ?? Self.carrier,
                    trackingNumber: labels?.trackingNumbers[index]
                        ?? "LS" + parcel.rawValue.dropFirst(4).uppercased())
            }
            try Self.tell(work, .packed, transaction)
        }
    }

    /// Asks at the dock, then lets the boxes go or keeps them.
    ///
    /// Orders answers in its own transaction, under an operation that names these very boxes: a
    /// repeat gets the first answer.
    /// - Throws: `WarehouseError.blocked` with the reason; the boxes stay.
    package func dispatch(_ id: FulfilmentOrderID, call: Call) async throws -> WorkOrder {
        let work = try await work(id, tenant: call.tenant)
        if work.state == .dispatched { return work }
        guard work.state == .packed else {
            throw WarehouseError(
                .illegalTransition, "only packed work is dispatched; this is \(work.state.rawValue)"
            )
        }
        let parcels = work.boxes.map {
            LabelledParcel(
                parcel: $0.parcel, carrier: $0.carrier, trackingNumber: $0.trackingNumber)
        }
        let answer = try await authority.handOver(parcels, of: id, call: call)
        return try await record(answer, on: id, call)
    }

    private func record(
        _ answer: HandoverAnswer, on id: FulfilmentOrderID, _ call: Call
    ) async throws -> WorkOrder {
        let recorded = try await change(id, call) { work, transaction in
            switch answer {
            case .dispatched:
                guard work.state == .packed else { return }
                try work.enter(.dispatched, .dispatch, at: transaction.decision.now)
                work.blockedBy = nil
            case .blocked(let reason): work.blockedBy = reason
            }
        }
        guard case .blocked(let reason) = answer else { return recorded }
        throw WarehouseError(.blocked, reason)
    }

    private func change(
        _ id: FulfilmentOrderID, _ call: Call,
        _ body: @escaping @Sendable (inout WorkOrder, Transaction) throws -> Void
    ) async throws -> WorkOrder {
        try await store.writeUnrepeated(
            Call(
                tenant: call.tenant, actor: call.actor, at: call.at,
                correlation: call.correlation, cause: call.cause)
        ) { transaction in
            guard var work = try transaction.get(WorkOrder.self, id) else {
                throw Self.unknown(id)
            }
            try body(&work, transaction)
            try transaction.update(work)
            return work
        }
    }

    static func tell(
        _ work: WorkOrder, _ step: WorkProgressed.Step, _ transaction: Transaction
    ) throws {
        let boxes =
            step == .packed
            ? work.boxes.map { WorkProgressed.Box(parcel: $0.parcel, lines: $0.lines) } : []
        try transaction.emit(
            WorkProgressed(
                fulfilmentOrder: work.id, facility: work.facility, step: step, parcels: boxes),
            to: "work/\(work.id)")
    }

    private static func unknown(_ id: FulfilmentOrderID) -> WarehouseError {
        WarehouseError(.unknownWork, "there is no work under \(id)")
    }
}
