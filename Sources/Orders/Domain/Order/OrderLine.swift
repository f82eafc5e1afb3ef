package import Contracts
package import Kernel

/// Units of one line that share a bucket, a place and a fulfilment order.
package struct UnitGroup: Codable, Hashable, Sendable {
    package let bucket: Bucket
    package let facility: FacilityID?
    package let fulfilmentOrder: FulfilmentOrderID?
    package var quantity: Quantity
}

/// One row of what the buyer bought.
package struct OrderLine: Codable, Hashable, Sendable {
    package let number: LineNumber
    package let channelSKU: ChannelSKU
    /// `nil` until the channel's SKU is mapped.
    package var sku: SKU?
    package let title: String
    package let ordered: Quantity
    package let total: Money
    /// Sums to `ordered`, always (invariant I1).
    package private(set) var units: [UnitGroup]

    package init(
        number: LineNumber, channelSKU: ChannelSKU, sku: SKU?, title: String, ordered: Quantity,
        total: Money
    ) {
        self.number = number
        self.channelSKU = channelSKU
        self.sku = sku
        self.title = title
        self.ordered = ordered
        self.total = total
        units = [
            UnitGroup(bucket: .pending, facility: nil, fulfilmentOrder: nil, quantity: ordered)
        ]
    }

    package func quantity(in bucket: Bucket) -> Quantity {
        units.lazy.filter { $0.bucket == bucket }.map(\.quantity).total()
    }

    package func quantity(where matches: (UnitGroup) -> Bool) -> Quantity {
        units.lazy.filter(matches).map(\.quantity).total()
    }

    /// Moves at most `quantity` units that match into another group; total stays as it was.
    /// - Returns: what was moved, by the group it came from.
    @discardableResult
    package mutating func move(
        _ quantity: Quantity, where matches: (UnitGroup) -> Bool,
        into target: (UnitGroup) -> UnitGroup
    ) -> [UnitGroup] {
        var left = quantity
        var moved: [UnitGroup] = []
        var arrivals: [UnitGroup] = []
        for index in units.indices where !left.isZero && matches(units[index]) {
            let part = min(units[index].quantity, left)
            var source = units[index]
            source.quantity = part
            var arrival = target(source)
            arrival.quantity = part
            units[index].quantity = units[index].quantity.without(part)
            left = left.without(part)
            moved.append(source)
            arrivals.append(arrival)
        }
        for arrival in arrivals { add(arrival) }
        units.removeAll { $0.quantity.isZero }
        return moved
    }

    private mutating func add(_ group: UnitGroup) {
        let twin = units.firstIndex {
            $0.bucket == group.bucket && $0.facility == group.facility
                && $0.fulfilmentOrder == group.fulfilmentOrder
        }
        if let twin {
            units[twin].quantity += group.quantity
        } else {
            units.append(group)
        }
    }
}

extension UnitGroup {
    func moved(to bucket: Bucket) -> UnitGroup {
        UnitGroup(
            bucket: bucket, facility: facility, fulfilmentOrder: fulfilmentOrder,
            quantity: quantity)
    }
}
