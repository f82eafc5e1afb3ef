import Contracts
import Events
import Jobs
import Kernel
import Storage

/// Keeps the warehouse's work in step with what Orders asks. One subscription of several types,
/// keyed by the fulfilment order, since asking, releasing and reducing must stay in order.
struct FollowFulfilment: Sendable {
    /// Whether the warehouse works by itself, as in a demonstration.
    let isAutomatic: Bool

    var subscription: Subscription {
        Subscription(
            name: "warehouse.followFulfilment", kind: .reaction,
            types: [FulfilmentRequested.type, FulfilmentReleased.type, FulfilmentReduced.type],
            key: { envelope in
                switch envelope.type {
                case FulfilmentRequested.type:
                    try envelope.decode(FulfilmentRequested.self).fulfilmentOrder.rawValue
                case FulfilmentReleased.type:
                    try envelope.decode(FulfilmentReleased.self).fulfilmentOrder.rawValue
                default: try envelope.decode(FulfilmentReduced.self).fulfilmentOrder.rawValue
                }
            }, handle: handle)
    }

    @Sendable private func handle(_ envelope: Envelope, _ transaction: Transaction) throws {
        switch envelope.type {
        case FulfilmentRequested.type:
            try ask(try envelope.decode(FulfilmentRequested.self), transaction)
        case FulfilmentReleased.type:
            try release(try envelope.decode(FulfilmentReleased.self), transaction)
        default: try reduce(try envelope.decode(FulfilmentReduced.self), transaction)
        }
    }

    private func ask(_ fact: FulfilmentRequested, _ transaction: Transaction) throws {
        let now = transaction.decision.now
        let work = WorkOrder(
            id: fact.fulfilmentOrder, order: fact.order, facility: fact.facility,
            state: .accepted, since: now, lines: fact.lines, boxes: [])
        guard try transaction.insertIfAbsent(work) else { return }
        try WarehouseService.tell(work, .accepted, transaction)
    }

    private func release(_ fact: FulfilmentReleased, _ transaction: Transaction) throws {
        guard var work = try transaction.get(WorkOrder.self, fact.fulfilmentOrder),
            work.state == .accepted
        else { return }
        try work.enter(.released, .release, at: transaction.decision.now)
        try transaction.update(work)
        guard isAutomatic else { return }
        try transaction.enqueue(DoWork(work: work.id), DoWork.options(work.id))
    }

    /// What is not wanted any more is put back; boxes that no longer fit are opened.
    private func reduce(_ fact: FulfilmentReduced, _ transaction: Transaction) throws {
        guard var work = try transaction.get(WorkOrder.self, fact.fulfilmentOrder),
            work.state != .dispatched, work.state != .cancelled
        else { return }
        // What was not found since is not wanted either: word of it may still be on its way to Orders.
        let left = work.lines.without(more: fact.lines)
        // An answer to our own shortage, which is packed without it already: nothing to undo.
        if !fact.isCancelled, left == work.lines { return }
        work.lines = left
        work.boxes = []
        work.blockedBy = nil
        if fact.isCancelled {
            try work.enter(.cancelled, .cancel, at: transaction.decision.now)
        } else if work.state == .packed {
            try work.enter(.picked, .unpack, at: transaction.decision.now)
        }
        try transaction.update(work)
        guard isAutomatic, !fact.isCancelled else { return }
        try transaction.enqueue(DoWork(work: work.id), DoWork.options(work.id))
    }
}

extension [StockLine] {
    /// These lines, and of each no more than is wanted.
    fileprivate func without(more wanted: [StockLine]) -> [StockLine] {
        compactMap { part in
            let most = wanted.first { $0.line == part.line }?.quantity ?? .zero
            let quantity = Swift.min(part.quantity, most)
            return quantity.isZero
                ? nil : StockLine(line: part.line, sku: part.sku, quantity: quantity)
        }
    }
}
