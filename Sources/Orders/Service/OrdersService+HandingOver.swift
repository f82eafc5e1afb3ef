package import Contracts
import Jobs
package import Kernel
import Storage

extension OrdersService: HandoverAuthority {
    /// One transaction decides: what was cancelled or held before it stays, what comes later is an
    /// observation. The parcels, the units and the news of them commit together.
    package func handOver(
        _ parcels: [LabelledParcel], of id: FulfilmentOrderID, call: Call
    ) async throws -> HandoverAnswer {
        try await store.write(call) { transaction in
            let work = try transaction.require(FulfilmentOrder.self, id)
            let order = try transaction.require(Order.self, work.order)
            if Self.hasLeft(parcels, work) { return .dispatched }
            if let reason = Self.obstacle(to: work, of: order) { return .blocked(reason: reason) }
            try transaction.execute(.handOver(parcels), on: FulfilmentOrder.self, id)
            let now = transaction.decision.now
            let facts = parcels.compactMap { label -> ParcelDispatched? in
                guard let parcel = work.parcels.first(where: { $0.id == label.parcel }) else {
                    return nil
                }
                return ParcelDispatched(
                    order: order.id, connection: order.connection, reference: order.reference,
                    fulfilmentOrder: id, parcel: label.parcel, facility: work.facility,
                    lines: parcel.lines, carrier: label.carrier,
                    trackingNumber: label.trackingNumber, shippedAt: now)
            }
            try transaction.execute(.dispatch(facts), on: Order.self, order.id)
            try transaction.enqueue(
                AssumeDelivered(order: order.id), JobOptions(delay: AssumeDelivered.after))
            return .dispatched
        }
    }

    /// Whether these very parcels left already: a repeated question gets the first answer.
    private static func hasLeft(_ parcels: [LabelledParcel], _ work: FulfilmentOrder) -> Bool {
        let gone = work.parcels.filter { $0.state == .handedOver }
        return !parcels.isEmpty
            && parcels.allSatisfy { label in
                gone.contains {
                    $0.id == label.parcel && $0.trackingNumber == label.trackingNumber
                }
            }
    }

    /// Why the parcels must stay; `nil` when they may leave.
    private static func obstacle(to work: FulfilmentOrder, of order: Order) -> String? {
        if let hold = order.holds.first {
            return "the order is held (\(hold.kind.rawValue)): \(hold.note)"
        }
        let open = Dictionary(grouping: work.openParcels.flatMap(\.lines), by: \.line)
            .mapValues { $0.map(\.quantity).total() }
        guard open == order.waiting(for: work.id) else {
            return "units were cancelled after they were packed"
        }
        return nil
    }
}
