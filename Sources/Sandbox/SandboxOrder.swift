import Kernel

/// An order as the pretended marketplace keeps it.
struct SandboxOrder: Sendable {
    struct Shipment: Sendable {
        let quantity: Int
        let carrier: String
        let trackingNumber: String
        let shippedAt: Int64
    }

    struct Line: Sendable {
        let number: String
        let sku: String
        let name: String
        let quantity: Int
        let cents: Int
        let taxCents: Int
        var created: Int
        var acknowledged = 0
        var cancelled = 0
        var shipments: [Shipment] = []
        var changedAt: Int64

        var shipped: Int { shipments.map(\.quantity).reduce(0, +) }
        var open: Int { created + acknowledged }
    }

    let number: String
    let customerOrder: String
    let seller: String
    let createdAt: Int64
    var changedAt: Int64
    /// Lists show it only from then on; a look by its number finds it at once.
    let listedFrom: Int64
    let buyer: Int
    var lines: [Line]

    var isReleased: Bool { lines.contains { $0.created > 0 } }

    /// Made-up people: no name, street or number is anyone's.
    var address: [(String, SandboxJSON)] {
        [
            ("name", .text("Avery Quillfeather \(buyer)")),
            ("address1", .text("\(buyer) Heronsgate Lane")),
            ("address2", .text("Unit \(buyer % 90)")),
            ("city", .text("Cedar Hollow")), ("state", .text("MO")),
            ("postalCode", .text("630\(10 + buyer % 90)")), ("country", .text("USA")),
            ("addressType", .text("RESIDENTIAL")),
        ]
    }

    var json: SandboxJSON {
        .object([
            ("purchaseOrderId", .text(number)), ("customerOrderId", .text(customerOrder)),
            ("customerEmailId", .text("quillfeather.\(buyer)@relay.example")),
            ("orderDate", .integer(createdAt)),
            (
                "shippingInfo",
                .object([
                    ("phone", .text("555019\(1000 + buyer % 9000)")),
                    ("estimatedDeliveryDate", .integer(createdAt + 5 * 86_400_000)),
                    ("estimatedShipDate", .integer(createdAt + 2 * 86_400_000)),
                    ("methodCode", .text("Standard")), ("postalAddress", .object(address)),
                ])
            ),
            ("orderLines", .object([("orderLine", .list(lines.map(\.json)))])),
            ("shipNode", .object([("type", .text("SellerFulfilled"))])),
        ])
    }
}

extension SandboxOrder.Line {
    private static func amount(_ cents: Int) -> SandboxJSON {
        let digits = String(cents % 100)
        let number = "\(cents / 100)." + (digits.count < 2 ? "0" : "") + digits
        return .object([("currency", .text("USD")), ("amount", .number(number))])
    }

    private func status(
        _ name: String, _ quantity: Int, tracking: SandboxJSON? = nil
    ) -> SandboxJSON {
        var members: [(String, SandboxJSON)] = [
            ("status", .text(name)),
            (
                "statusQuantity",
                .object([("unitOfMeasurement", .text("EACH")), ("amount", .text(String(quantity)))])
            ),
        ]
        if let tracking { members.append(("trackingInfo", tracking)) }
        return .object(members)
    }

    private var statuses: [SandboxJSON] {
        var all: [SandboxJSON] = []
        if created > 0 { all.append(status("Created", created)) }
        if acknowledged > 0 { all.append(status("Acknowledged", acknowledged)) }
        for part in shipments {
            let tracking = SandboxJSON.object([
                ("shipDateTime", .integer(part.shippedAt)),
                ("carrierName", .object([("carrier", .text(part.carrier))])),
                ("methodCode", .text("Standard")), ("trackingNumber", .text(part.trackingNumber)),
            ])
            all.append(status("Shipped", part.quantity, tracking: tracking))
        }
        if cancelled > 0 { all.append(status("Cancelled", cancelled)) }
        return all
    }

    var json: SandboxJSON {
        .object([
            ("lineNumber", .text(number)),
            ("item", .object([("productName", .text(name)), ("sku", .text(sku))])),
            (
                "charges",
                .object([
                    (
                        "charge",
                        .list([
                            .object([
                                ("chargeType", .text("PRODUCT")),
                                ("chargeName", .text("ItemPrice")),
                                ("chargeAmount", Self.amount(cents)),
                                (
                                    "tax",
                                    .object([
                                        ("taxName", .text("Tax1")),
                                        ("taxAmount", Self.amount(taxCents)),
                                    ])
                                ),
                            ])
                        ])
                    )
                ])
            ),
            (
                "orderLineQuantity",
                .object([("unitOfMeasurement", .text("EACH")), ("amount", .text(String(quantity)))])
            ),
            ("statusDate", .integer(changedAt)),
            ("orderLineStatuses", .object([("orderLineStatus", .list(statuses))])),
        ])
    }
}
