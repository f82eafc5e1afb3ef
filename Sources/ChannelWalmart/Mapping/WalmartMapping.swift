import Connectors
package import Contracts
package import Kernel

/// Walmart's shape to ours: pure, so that fixtures can exercise it without a network.
package enum WalmartMapping {
    /// What one order of Walmart's says.
    package struct Reading: Sendable {
        package let order: ObservedOrder
        /// `nil` where the address is missing or incomplete.
        package let contact: ContactDetails?
        package let version: Instant
    }

    /// - Throws: `ChannelError.contentMalformed` with the path of what is wrong.
    package static func read(_ json: [UInt8]) throws -> Reading {
        let order: WalmartOrder
        do { order = try WalmartOrder(json: json) } catch {
            throw ChannelError(.contentMalformed, "the order is not readable JSON")
        }
        let reference = try code(order.purchaseOrderId, ChannelReference.self, "purchaseOrderId")
        guard let placedAt = order.orderDate?.value.flatMap(Instant.init(milliseconds:)) else {
            throw malformed("orderDate")
        }
        let list = order.orderLines?.orderLine
        if let list, list.skipped > 0 { throw malformed("orderLines.orderLine") }
        let lines = try (list?.elements ?? []).enumerated().map { try line($1, at: $0) }
        guard !lines.isEmpty else { throw malformed("orderLines.orderLine") }
        guard Set(lines.map(\.number)).count == lines.count,
            Set(lines.map(\.total.currency)).count == 1
        else { throw malformed("orderLines.orderLine") }
        let changed = (list?.elements ?? []).compactMap {
            $0.statusDate?.value.flatMap(Instant.init(milliseconds:))
        }
        let shipping = order.shippingInfo
        let shipBy = moment(shipping?.estimatedShipDate)
        let observed = ObservedOrder(
            reference: reference, customerReference: order.customerOrderId?.value ?? "",
            placedAt: placedAt, shipBy: shipBy,
            deliverBy: moment(shipping?.estimatedDeliveryDate),
            autoCancelAt: shipBy.map { $0 + autoCancelTime },
            isFulfilledByChannel: isFulfilledByChannel(order),
            destination: destination(shipping?.postalAddress), lines: lines)
        return Reading(
            order: observed, contact: contact(order),
            version: changed.max().map { max($0, placedAt) } ?? placedAt)
    }

    /// Walmart cancels what has no valid tracking number by then, counted from the estimated ship
    /// date.
    /// - Source: Walmart's published order deadlines; older pages say eight days.
    private static let autoCancelTime = Duration.seconds(4 * 86_400)

    /// The order's number alone, for telling orders apart before they are read whole.
    package static func reference(of json: [UInt8]) -> ChannelReference? {
        guard let order = try? WalmartOrder(json: json) else { return nil }
        return order.purchaseOrderId?.value.flatMap(ChannelReference.init(rawValue:))
    }

    private static func line(
        _ line: WalmartOrder.Line, at index: Int
    ) throws -> ObservedOrder.Line {
        let path = "orderLines.orderLine[\(index)]"
        let ordered = try quantity(
            line.orderLineQuantity?.amount?.value, path + ".orderLineQuantity")
        guard !ordered.isZero else { throw malformed(path + ".orderLineQuantity") }
        let shipped = line.units("Shipped") &+ line.units("Delivered")
        let charges = line.charges?.charge?.elements ?? []
        let total = try total(of: charges, path + ".charges")
        let product = try charges.first { $0.chargeType?.value?.uppercased() == "PRODUCT" }
            .flatMap { try money($0.chargeAmount, path + ".charges") }
        return ObservedOrder.Line(
            number: try code(line.lineNumber, LineNumber.self, path + ".lineNumber"),
            channelSKU: try code(line.item?.sku, ChannelSKU.self, path + ".item.sku"),
            title: String((line.item?.productName?.value ?? "").prefix(300)), ordered: ordered,
            unitPrice: product ?? total, total: total,
            cancelled: min(
                ordered, try quantity(line.units("Cancelled"), path + ".orderLineStatuses")),
            shipped: min(ordered, try quantity(shipped, path + ".orderLineStatuses")))
    }

    private static func total(of charges: [WalmartOrder.Charge], _ path: String) throws -> Money {
        var sum: Money?
        for charge in charges {
            for amount in [charge.chargeAmount, charge.tax?.taxAmount] {
                guard let part = try money(amount, path) else { continue }
                sum = try sum?.adding(part) ?? part
            }
        }
        guard let sum else { throw malformed(path) }
        return sum
    }

    private static func money(_ amount: WalmartOrder.Amount?, _ path: String) throws -> Money? {
        guard let amount, let text = amount.amount?.text else { return nil }
        let code = amount.currency?.value ?? ""
        guard let currency = Currency(code) else {
            throw ChannelError(
                .contentMalformed, "“\(code.prefix(10))” is no currency of ISO 4217",
                field: path + ".currency")
        }
        do { return try Money(decimal: text, currency: currency) } catch {
            throw ChannelError(.contentMalformed, error.detail, field: path + ".amount")
        }
    }

    private static func quantity(_ value: Int64?, _ path: String) throws -> Quantity {
        guard let value, let units = Int(exactly: value), let quantity = try? Quantity(units)
        else { throw malformed(path) }
        return quantity
    }

    private static func code<C: CodeText>(
        _ text: LooseText?, _ type: C.Type, _ path: String
    ) throws -> C {
        guard let code = text?.value.flatMap(C.init(rawValue:)) else { throw malformed(path) }
        return code
    }

    private static func moment(_ value: LooseInteger?) -> Instant? {
        value?.value.flatMap(Instant.init(milliseconds:))
    }

    private static func isFulfilledByChannel(_ order: WalmartOrder) -> Bool {
        order.shipNode?.type?.value?.lowercased().hasPrefix("wfs") ?? false
    }

    /// Country, region and the first three signs of the postal code: enough to choose a facility.
    private static func destination(_ address: WalmartOrder.Address?) -> ObservedOrder.Destination {
        ObservedOrder.Destination(
            country: address?.country?.value ?? "", region: address?.state?.value ?? "",
            postalArea: String((address?.postalCode?.value ?? "").prefix(3)))
    }

    private static func contact(_ order: WalmartOrder) -> ContactDetails? {
        guard let address = order.shippingInfo?.postalAddress,
            let first = address.address1?.value, !first.isEmpty,
            let city = address.city?.value, !city.isEmpty,
            let postalCode = address.postalCode?.value, !postalCode.isEmpty
        else { return nil }
        return ContactDetails(
            name: address.name?.value ?? "", phone: order.shippingInfo?.phone?.value ?? "",
            email: order.customerEmailId?.value ?? "",
            addressLines: [first, address.address2?.value].compactMap { $0 }.filter { !$0.isEmpty },
            city: city, region: address.state?.value ?? "", postalCode: postalCode,
            country: address.country?.value ?? "")
    }

    private static func malformed(_ path: String) -> ChannelError {
        ChannelError(.contentMalformed, "\(path) is missing or not understood", field: path)
    }
}
