package import Contracts
package import Kernel
package import Storage

package enum CatalogueFaultCode: String, FaultCode {
    case skuTaken, unknownSKU, listingTaken

    package static let service = "catalogue"

    package var kind: FaultKind {
        switch self {
        case .skuTaken, .listingTaken: .refused
        case .unknownSKU: .invalid
        }
    }
}

package typealias CatalogueError = CodedFault<CatalogueFaultCode>

/// A thing sold, with its sellable form.
package struct Product: Record {
    package static let collection = "products"
    package static let bySKU = Index<Product>.unique(
        "by_sku", Column("sku", by: { $0.sku.rawValue }))
    package static let indexes = [bySKU]

    package let id: Identifier<ProductTag>
    package let sku: SKU
    package let title: String
}

/// Our SKU's offer on a channel.
package struct Listing: Record {
    package static let collection = "listings"
    package static let byChannelSKU = Index<Listing>.unique(
        "by_channel_sku", Column("connection", \.connection),
        Column("channel_sku", by: { $0.channelSKU.rawValue }))
    package static let indexes = [byChannelSKU]

    package let id: Identifier<ListingTag>
    package let connection: ConnectionID
    package let channelSKU: ChannelSKU
    package var sku: SKU
}

package enum UnmappedTag: IdentifierTag { package static let prefix = "unm" }

/// One entry of the work list: a channel's SKU nobody has matched, with the orders that wait.
package struct UnmappedSKU: Record {
    package static let collection = "unmapped_skus"
    package static let leavesEvents = false
    package static let projection: String? = UnmappedWorkList.name
    package static let byChannelSKU = Index<UnmappedSKU>.unique(
        "by_channel_sku", Column("connection", \.connection),
        Column("channel_sku", by: { $0.channelSKU.rawValue }))
    package static let bySince = Index<UnmappedSKU>("by_since", Column("since", \.since))
    package static let indexes = [byChannelSKU, bySince]

    package let id: Identifier<UnmappedTag>
    package let connection: ConnectionID
    package let channelSKU: ChannelSKU
    package let since: Instant
    package var waitingOrders: Int
    package let firstOrder: OrderID
}
