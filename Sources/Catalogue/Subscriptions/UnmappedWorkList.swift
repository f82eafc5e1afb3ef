import Contracts
import Events
import Kernel
import Storage

/// The work list of unmapped SKUs: a projection of quarantined orders and new mappings.
struct UnmappedWorkList: Projection {
    static let name = "catalogue.unmappedWorkList"
    static let types: Set<EventType> = [OrderQuarantined.type, ListingMapped.type]

    /// One key for a connection: an order may name several SKUs of it.
    func key(of envelope: Envelope) -> String { "all" }

    func project(_ envelope: Envelope, in transaction: Transaction) throws {
        if envelope.type == ListingMapped.type {
            let fact = try envelope.decode(ListingMapped.self)
            let entry = try transaction.find(
                UnmappedSKU.byChannelSKU, fact.connection, fact.channelSKU.rawValue)
            if let entry { try transaction.delete(UnmappedSKU.self, entry.id) }
            return
        }
        let fact = try envelope.decode(OrderQuarantined.self)
        for sku in fact.unmapped {
            // A mapping that came in between has its own event, before or after this one.
            let listing = try transaction.find(
                Listing.byChannelSKU, fact.connection, sku.rawValue)
            guard listing == nil else { continue }
            if var entry = try transaction.find(
                UnmappedSKU.byChannelSKU, fact.connection, sku.rawValue)
            {
                entry.waitingOrders += 1
                try transaction.update(entry)
            } else {
                try transaction.insert(
                    UnmappedSKU(
                        id: transaction.decision.newID(), connection: fact.connection,
                        channelSKU: sku, since: envelope.at, waitingOrders: 1,
                        firstOrder: fact.order))
            }
        }
    }
}
