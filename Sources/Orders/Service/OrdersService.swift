package import Contracts
import Jobs
package import Kernel
package import Storage

/// What people and other programs ask of orders.
package struct OrdersService: Sendable {
    package let store: Store

    package init(store: Store) { self.store = store }

    /// - Throws: `OrdersError.unknownOrder`.
    package func order(_ id: OrderID, tenant: TenantID) async throws -> OrderView {
        try await store.read(tenant) { reader in
            guard let order = try reader.get(Order.self, id) else {
                throw OrdersError(.unknownOrder, "there is no order \(id)")
            }
            let work = try reader.page(
                FulfilmentOrder.byOrder, equals: [id], limit: 200)
            return OrderView(order: order, fulfilmentOrders: work.items)
        }
    }

    /// Newest first. - Parameter status: `nil` for all.
    package func page(
        status: OrderStatus?, stage: OrderStage?, after cursor: PageCursor?, limit: Int,
        tenant: TenantID
    ) async throws -> Page<Order> {
        try await store.read(tenant) { reader in
            if let status {
                return try reader.page(
                    Order.byStatus, equals: [status], order: .descending, after: cursor,
                    limit: limit)
            }
            if let stage {
                return try reader.page(
                    Order.byStage, equals: [stage.rawValue], order: .descending, after: cursor,
                    limit: limit)
            }
            return try reader.page(
                Order.byPlacement, order: .descending, after: cursor, limit: limit)
        }
    }

    /// Orders whose own, channel's or customer's number begins so; at most `limit`.
    package func search(number: String, limit: Int, tenant: TenantID) async throws -> [Order] {
        try await store.read(tenant) {
            try $0.search(Order.self, prefix: "n:" + number, limit: limit)
        }
    }

    /// The order's own events and those of its fulfilment orders, in log order.
    package func timeline(_ id: OrderID, tenant: TenantID) async throws -> [Envelope] {
        try await store.read(tenant) { reader in
            guard try reader.get(Order.self, id) != nil else {
                throw OrdersError(.unknownOrder, "there is no order \(id)")
            }
            var events = try reader.timeline(Order.self, id)
            for work in try reader.page(FulfilmentOrder.byOrder, equals: [id], limit: 200).items {
                events += try reader.timeline(FulfilmentOrder.self, work.id)
            }
            return events.sorted { ($0.at, $0.stream, $0.version) < ($1.at, $1.stream, $1.version) }
        }
    }

    /// The order as it was at a moment; `nil` before it was received.
    package func order(_ id: OrderID, asOf instant: Instant, tenant: TenantID) async throws
        -> Order?
    {
        try await store.read(tenant) { try $0.state(Order.self, id, asOf: instant) }
    }

    /// How many orders are in each stage; counting stops at `limit` each.
    package func stageCounts(tenant: TenantID, limit: Int) async throws -> [OrderStage: Int] {
        try await store.read(tenant) { reader in
            var counts: [OrderStage: Int] = [:]
            for stage in OrderStage.allCases {
                counts[stage] = try reader.count(
                    Order.byStage, equals: [stage.rawValue], limit: limit)
            }
            return counts
        }
    }

    /// What the buyers are charged for orders; unknown orders, and those with several currencies,
    /// are left out. At most 1,000.
    package func values(
        of orders: [OrderID], tenant: TenantID
    ) async throws -> [OrderID: Money] {
        try await store.read(tenant) { reader in
            var values: [OrderID: Money] = [:]
            for id in orders.prefix(1000) {
                guard let lines = try reader.get(Order.self, id)?.lines.map(\.total),
                    let first = lines.first
                else { continue }
                values[id] = try? lines.dropFirst().reduce(first) { try $0.adding($1) }
            }
            return values
        }
    }

    /// Those of the oldest 500 orders in a stage whose status began before a time.
    package func standing(
        in stage: OrderStage, since before: Instant, tenant: TenantID
    ) async throws -> [Order] {
        try await store.read(tenant) {
            try $0.page(Order.byStage, equals: [stage.rawValue], limit: 500).items
                .filter { $0.statusSince < before }
        }
    }

    package func cancel(
        _ id: OrderID, lines: [LineQuantity], cause: OrderUnitsCancelled.Cause, note: String,
        call: Call
    ) async throws -> Order {
        try await execute(.cancel(lines, cause, note: note), on: id, call)
    }

    package func answerCancellation(
        _ cancellation: Identifier<CancellationTag>, of id: OrderID, isAccepted: Bool,
        note: String, call: Call
    ) async throws -> Order {
        try await execute(
            .answerCancellation(cancellation, isAccepted: isAccepted, note: note), on: id, call)
    }

    package func hold(
        _ id: OrderID, kind: Hold.Kind, note: String, until: Instant?,
        atDeadline: Hold.AtDeadline, call: Call
    ) async throws -> Order {
        try await store.write(call) { transaction in
            let (order, _) = try transaction.execute(
                .placeHold(kind, note: note, until: until, atDeadline), on: Order.self, id)
            guard let order, let hold = order.holds.last else {
                throw OrdersError(.unknownOrder, "there is no order \(id)")
            }
            if let until {
                let wait = until.duration(since: transaction.decision.now)
                try transaction.enqueue(
                    ExpireHold(order: id, hold: hold.id),
                    JobOptions(delay: max(wait, .milliseconds(1))))
            }
            return order
        }
    }

    package func lift(
        _ hold: Identifier<HoldTag>, of id: OrderID, note: String, call: Call
    ) async throws -> Order {
        try await execute(.liftHold(hold, note: note), on: id, call)
    }

    package func abandon(_ id: OrderID, note: String, call: Call) async throws -> Order {
        try await execute(.abandon(note: note), on: id, call)
    }

    /// A person has dealt with all that was noted as trouble.
    package func resolve(_ id: OrderID, note: String, call: Call) async throws -> Order {
        try await execute(.resolve(note: note), on: id, call)
    }

    private func execute(
        _ command: OrderCommand, on id: OrderID, _ call: Call
    ) async throws -> Order {
        try await store.write(call) { transaction in
            let (order, _) = try transaction.execute(command, on: Order.self, id)
            guard let order else {
                throw OrdersError(.unknownOrder, "there is no order \(id)")
            }
            return order
        }
    }
}

/// An order with the work it became.
package struct OrderView: Sendable {
    package let order: Order
    package let fulfilmentOrders: [FulfilmentOrder]
}
