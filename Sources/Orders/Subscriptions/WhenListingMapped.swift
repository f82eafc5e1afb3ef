import Contracts
import Events
import Jobs
import Kernel
import Storage

/// Remembers the mapping, then wakes every order that waits for it, in chunks.
///
/// The memory and the job commit together: an order received before is found by the job, one
/// received after finds the mapping.
struct WhenListingMapped: Reaction {
    static let name = "orders.whenListingMapped"

    func key(of event: ListingMapped, in envelope: Envelope) -> String {
        "\(event.connection)/\(event.channelSKU)"
    }

    func react(
        to event: ListingMapped, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        if var known = try transaction.find(
            KnownListing.byChannelSKU, event.connection, event.channelSKU.rawValue)
        {
            known.sku = event.sku
            try transaction.update(known)
        } else {
            try transaction.insert(
                KnownListing(
                    id: transaction.decision.newID(), connection: event.connection,
                    channelSKU: event.channelSKU, sku: event.sku))
        }
        try transaction.enqueue(
            RepairQuarantined(
                connection: event.connection, channelSKU: event.channelSKU, after: nil))
    }
}
