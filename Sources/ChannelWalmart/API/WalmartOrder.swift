import FoundationEssentials

/// An order as Walmart sends it: every member may be missing, numbers may be texts.
struct WalmartOrder: Decodable, Sendable {
    struct Address: Decodable, Sendable {
        let name: LooseText?
        let address1: LooseText?
        let address2: LooseText?
        let city: LooseText?
        let state: LooseText?
        let postalCode: LooseText?
        let country: LooseText?
    }

    struct Shipping: Decodable, Sendable {
        let phone: LooseText?
        let estimatedDeliveryDate: LooseInteger?
        let estimatedShipDate: LooseInteger?
        let postalAddress: Address?
    }

    struct Amount: Decodable, Sendable {
        let currency: LooseText?
        let amount: LooseDecimal?
    }

    struct Tax: Decodable, Sendable {
        let taxAmount: Amount?
    }

    struct Charge: Decodable, Sendable {
        let chargeType: LooseText?
        let chargeAmount: Amount?
        let tax: Tax?
    }

    struct Charges: Decodable, Sendable {
        let charge: LooseList<Charge>?
    }

    struct Measure: Decodable, Sendable {
        let amount: LooseInteger?
    }

    struct Tracking: Decodable, Sendable {
        let trackingNumber: LooseText?
    }

    struct Status: Decodable, Sendable {
        let status: LooseText?
        let statusQuantity: Measure?
        let trackingInfo: Tracking?
    }

    struct Statuses: Decodable, Sendable {
        let orderLineStatus: LooseList<Status>?
    }

    struct Item: Decodable, Sendable {
        let productName: LooseText?
        let sku: LooseText?
    }

    struct Line: Decodable, Sendable {
        let lineNumber: LooseText?
        let item: Item?
        let charges: Charges?
        let orderLineQuantity: Measure?
        let statusDate: LooseInteger?
        let orderLineStatuses: Statuses?

        /// Units in a state, by Walmart's own word for it.
        func units(_ status: String) -> Int64 {
            (orderLineStatuses?.orderLineStatus?.elements ?? [])
                .filter { $0.status?.value?.lowercased() == status.lowercased() }
                .reduce(0) { sum, part in
                    sum.addingReportingOverflow(part.statusQuantity?.amount?.value ?? 0)
                        .partialValue
                }
        }
    }

    struct Lines: Decodable, Sendable {
        let orderLine: LooseList<Line>?
    }

    struct Node: Decodable, Sendable {
        let type: LooseText?
    }

    let purchaseOrderId: LooseText?
    let customerOrderId: LooseText?
    let customerEmailId: LooseText?
    let orderDate: LooseInteger?
    let shippingInfo: Shipping?
    let orderLines: Lines?
    let shipNode: Node?

    /// Reads an order, wrapped as `{"order": …}` or bare.
    init(json: [UInt8]) throws {
        struct Wrapped: Decodable {
            let order: WalmartOrder
        }
        let data = Data(json)
        if let wrapped = try? JSONDecoder().decode(Wrapped.self, from: data) {
            self = wrapped.order
        } else {
            self = try JSONDecoder().decode(WalmartOrder.self, from: data)
        }
    }
}
