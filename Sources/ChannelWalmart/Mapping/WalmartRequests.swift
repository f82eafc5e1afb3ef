import Contracts
import FoundationEssentials
import Kernel
import Storage

/// What is told to Walmart, in its shape.
enum WalmartRequests {
    private static func object(_ members: [String: JSONValue]) -> JSONValue { .object(members) }

    /// Body of `POST /v3/orders/{id}/shipping` for one parcel.
    static func shipping(
        _ lines: [LineQuantity], carrier: String, trackingNumber: String, shippedAt: Instant
    ) throws -> [UInt8] {
        let tracking = object([
            "shipDateTime": .integer(shippedAt.microseconds / 1000),
            "carrierName": object(["carrier": .string(carrier)]),
            "methodCode": .string("Standard"), "trackingNumber": .string(trackingNumber),
        ])
        let rows = lines.map { line in
            object([
                "lineNumber": .string(line.line.rawValue),
                "intentToCancelOverride": .bool(true),
                "orderLineStatuses": object([
                    "orderLineStatus": .array([
                        object([
                            "status": .string("Shipped"), "statusQuantity": amount(line.quantity),
                            "trackingInfo": tracking,
                        ])
                    ])
                ]),
            ])
        }
        return try BodyCoder.encode(
            object(["orderShipment": object(["orderLines": object(["orderLine": .array(rows)])])]))
    }

    /// Body of `POST /v3/orders/{id}/cancel`.
    static func cancellation(
        _ lines: [LineQuantity], cause: OrderUnitsCancelled.Cause
    ) throws -> [UInt8] {
        let rows = lines.map { line in
            object([
                "lineNumber": .string(line.line.rawValue),
                "orderLineStatuses": object([
                    "orderLineStatus": .array([
                        object([
                            "status": .string("Cancelled"),
                            "cancellationReason": .string(reason(cause)),
                            "statusQuantity": amount(line.quantity),
                        ])
                    ])
                ]),
            ])
        }
        return try BodyCoder.encode(
            object([
                "orderCancellation": object(["orderLines": object(["orderLine": .array(rows)])])
            ]))
    }

    private static func amount(_ quantity: Quantity) -> JSONValue {
        object(["unitOfMeasurement": .string("EACH"), "amount": .string(quantity.description)])
    }

    private static func reason(_ cause: OrderUnitsCancelled.Cause) -> String {
        switch cause {
        case .customer, .channel: "CUSTOMER_REQUESTED_SELLER_TO_CANCEL"
        case .outOfStock, .operatorDecision: "SELLER_CANCEL_OUT_OF_STOCK"
        }
    }
}
