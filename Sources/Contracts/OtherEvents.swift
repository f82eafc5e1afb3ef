package import Kernel

/// A channel's SKU was matched to one of ours.
package struct ListingMapped: EventPayload {
    package static let type: EventType = "catalogue.listingMapped.1"
    package let connection: ConnectionID
    package let channelSKU: ChannelSKU
    package let sku: SKU

    package init(connection: ConnectionID, channelSKU: ChannelSKU, sku: SKU) {
        self.connection = connection
        self.channelSKU = channelSKU
        self.sku = sku
    }
}

/// A product was added.
package struct ProductSaved: EventPayload {
    package static let type: EventType = "catalogue.productSaved.1"
    package let product: Identifier<ProductTag>
    package let sku: SKU

    package init(product: Identifier<ProductTag>, sku: SKU) {
        self.product = product
        self.sku = sku
    }
}

/// A facility was added or changed.
package struct FacilitySaved: EventPayload {
    package static let type: EventType = "settings.facilitySaved.1"
    package let facility: FacilityID
    package let name: String
    /// Lower is asked first.
    package let rank: Int

    package init(facility: FacilityID, name: String, rank: Int) {
        self.facility = facility
        self.name = name
        self.rank = rank
    }
}

/// A connection to a channel was added, changed or switched.
package struct ConnectionSaved: EventPayload {
    package static let type: EventType = "settings.connectionSaved.1"
    package let connection: ConnectionID
    package let channel: String
    package let name: String
    package let isEnabled: Bool

    package init(connection: ConnectionID, channel: String, name: String, isEnabled: Bool) {
        self.connection = connection
        self.channel = channel
        self.name = name
        self.isEnabled = isEnabled
    }
}

/// How far a facility is with a fulfilment order.
package struct WorkProgressed: EventPayload {
    package enum Step: String, Codable, Sendable, CaseIterable {
        case accepted, pickingStarted, picked, packed
    }

    package struct Box: Codable, Hashable, Sendable {
        package let parcel: ParcelID
        package let lines: [StockLine]

        package init(parcel: ParcelID, lines: [StockLine]) {
            self.parcel = parcel
            self.lines = lines
        }
    }

    package static let type: EventType = "warehouse.workProgressed.1"
    package let fulfilmentOrder: FulfilmentOrderID
    package let facility: FacilityID
    package let step: Step
    /// Only with `packed`.
    package let parcels: [Box]

    package init(
        fulfilmentOrder: FulfilmentOrderID, facility: FacilityID, step: Step, parcels: [Box]
    ) {
        self.fulfilmentOrder = fulfilmentOrder
        self.facility = facility
        self.step = step
        self.parcels = parcels
    }
}

/// A picker could not find some of the units a facility was asked for: a fact of the shelf, whatever
/// became of the order meanwhile.
package struct WorkFellShort: EventPayload {
    package static let type: EventType = "warehouse.workFellShort.1"
    package let fulfilmentOrder: FulfilmentOrderID
    package let order: OrderID
    package let facility: FacilityID
    package let missing: [StockLine]
    /// What can still be packed: a reduction on its way here may want no more than that.
    package let left: [StockLine]
    package let reason: String

    package init(
        fulfilmentOrder: FulfilmentOrderID, order: OrderID, facility: FacilityID,
        missing: [StockLine], left: [StockLine], reason: String
    ) {
        self.fulfilmentOrder = fulfilmentOrder
        self.order = order
        self.facility = facility
        self.missing = missing
        self.left = left
        self.reason = reason
    }
}

/// A person's data was erased; whoever holds a copy erases it too.
package struct ContactErased: EventPayload {
    package static let type: EventType = "orders.contactErased.1"
    package let contact: ContactID
    /// What the connector registered the contact under.
    package let key: String
    package let reason: ErasureReason

    package init(contact: ContactID, key: String, reason: ErasureReason) {
        self.contact = contact
        self.key = key
        self.reason = reason
    }
}

/// Why a person's data was erased: a closed list, since free words could name the person.
package enum ErasureReason: String, Choice {
    case request, retention, other
}
