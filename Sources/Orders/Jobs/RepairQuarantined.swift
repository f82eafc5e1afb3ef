package import Contracts
package import Jobs
import Kernel
import Storage

/// Wakes the orders that waited for one mapping: each in its own transaction, a chunk per job.
package struct RepairQuarantined: Job {
    package static let kind: JobKind = "orders.repairQuarantined"
    package let connection: ConnectionID
    package let channelSKU: ChannelSKU
    package let after: OrderID?
}

struct RepairQuarantinedWorker: JobWorker {
    private static let chunk = 100

    func work(_ job: RepairQuarantined, in context: JobContext) async throws -> JobOutcome {
        let token = Order.unmappedToken(job.connection, job.channelSKU)
        let waiting = try await context.store.read(context.call.tenant) {
            try $0.search(
                Order.self, prefix: token, after: job.after?.rawValue, limit: Self.chunk)
        }
        for order in waiting {
            try await context.store.writeUnrepeated(context.call) { transaction in
                var mappings: [ChannelSKU: SKU] = [:]
                for line in order.lines where line.sku == nil {
                    mappings[line.channelSKU] = try transaction.find(
                        KnownListing.byChannelSKU, job.connection, line.channelSKU.rawValue)?.sku
                }
                try transaction.execute(.repair(mappings), on: Order.self, order.id)
            }
        }
        guard waiting.count == Self.chunk, let last = waiting.last else { return .completed }
        return .commit { transaction in
            try transaction.enqueue(
                RepairQuarantined(
                    connection: job.connection, channelSKU: job.channelSKU, after: last.id))
        }
    }
}
