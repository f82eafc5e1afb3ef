import Contracts
import Kernel
import Storage

enum KnownListingTag: IdentifierTag { static let prefix = "knl" }

/// What Orders keeps of Catalogue's mappings: which SKU a channel's SKU stands for.
struct KnownListing: Record {
    static let collection = "orders_known_listings"
    static let leavesEvents = false
    static let byChannelSKU = Index<KnownListing>.unique(
        "by_channel_sku", Column("connection", \.connection),
        Column("channel_sku", by: { $0.channelSKU.rawValue }))
    static let indexes = [byChannelSKU]

    let id: Identifier<KnownListingTag>
    let connection: ConnectionID
    let channelSKU: ChannelSKU
    var sku: SKU
}
