import ChannelWalmart
import Connectors
import Contracts
import Foundation
import Kernel
import Storage
import Testing

/// The marketplace's own documents, where this machine has them; never part of the project.
enum Reference {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("shared/specs/walmart")

    static func read(_ name: String) -> JSONValue? {
        guard let data = FileManager.default.contents(atPath: folder.path + "/" + name) else {
            print("SKIPPED: \(name) is not beside this checkout; its cases were not run")
            return nil
        }
        return try? BodyCoder.decode(JSONValue.self, from: Array(data))
    }
}

@Suite struct WalmartMappingTests {
    static let order = """
        {"order":{"purchaseOrderId":"180001","customerOrderId":5200001,"customerEmailId":"a@relay.example",
        "orderDate":"1795000000000","shippingInfo":{"phone":"5550100000","estimatedShipDate":1795100000000,
        "methodCode":"Unheard","postalAddress":{"name":"Robin Example","address1":"1 Example Road",
        "city":"Cedar Hollow","state":"MO","postalCode":63016,"country":"USA"}},
        "orderLines":{"orderLine":[{"lineNumber":1,"item":{"productName":"Tea","sku":"TEA-01"},
        "charges":{"charge":[{"chargeType":"PRODUCT","chargeAmount":{"currency":"USD","amount":"19.90"},
        "tax":{"taxAmount":{"currency":"USD","amount":1.64}}},{"chargeType":"SHIPPING","chargeAmount":
        {"currency":"USD","amount":0}}]},"orderLineQuantity":{"amount":"3"},"statusDate":1795000005000,
        "orderLineStatuses":{"orderLineStatus":[{"status":"Created","statusQuantity":{"amount":"1"}},
        {"status":"Cancelled","statusQuantity":{"amount":2}},{"status":"Levitating","statusQuantity":
        {"amount":"9"}}]},"surprise":{"deep":[1]}}]}}}
        """

    @Test func `reads texts for numbers, unknown values and missing members`() throws {
        let reading = try WalmartMapping.read(Array(Self.order.utf8))

        let line = try #require(reading.order.lines.first)
        #expect(reading.order.reference.rawValue == "180001")
        #expect(reading.order.customerReference == "5200001")
        #expect(line.ordered.units == 3 && line.cancelled.units == 2 && line.shipped.isZero)
        #expect(line.total == Money(minorUnits: 2154, currency: .usd))
        #expect(reading.order.destination.postalArea == "630")
        #expect(reading.contact?.postalCode == "63016")
        #expect(reading.version == Instant(microseconds: 1_795_000_005_000_000))
        #expect(reading.order.deliverBy == nil)
    }

    @Test(arguments: [
        ("\"USD\"", "\"XXX\"", "orderLines.orderLine[0].charges.currency"),
        (
            "\"orderLineQuantity\":{\"amount\":\"3\"}", "\"orderLineQuantity\":{\"amount\":\"-3\"}",
            "orderLines.orderLine[0].orderLineQuantity"
        ),
        ("\"180001\"", "\"\"", "purchaseOrderId"),
        ("\"19.90\"", "\"19.901\"", "orderLines.orderLine[0].charges.amount"),
        ("\"TEA-01\"", "null", "orderLines.orderLine[0].item.sku"),
        ("\"1795000000000\"", "\"soon\"", "orderDate"),
        ("\"3\"}", "\"99999999999999999999\"}", "orderLines.orderLine[0].orderLineQuantity"),
    ])
    func `names the member that cannot be understood`(
        _ text: String, _ wrong: String, _ field: String
    ) throws {
        let broken = Self.order.replacing(text, with: wrong)

        let fault = #expect(throws: ChannelError.self) {
            try WalmartMapping.read(Array(broken.utf8))
        }
        #expect(fault?.field == field)
        #expect(fault?.kind == .invalid)
    }

    @Test(arguments: 0..<400)
    func `no damaged bytes bring it down`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var bytes = Array(Self.order.utf8)
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: place)
            default: bytes.insert(bytes[place], at: place)
            }
        }
        // Either a reading or a fault that says where: never a trap.
        do { _ = try WalmartMapping.read(bytes) } catch { #expect(error is ChannelError) }
        _ = JSONSlices.value(of: ["order", "orderLines", "orderLine"], in: bytes)
        _ = JSONSlices.elements(of: ["order", "orderLines", "orderLine"], in: bytes)
    }

    @Test func `reads every documented example of an order`() throws {
        guard let examples = Reference.read("examples.json") else { return }
        let operations = [
            "getAllOrders", "getAllReleasedOrders", "getAnOrder", "shippingUpdates",
            "cancelOrderLines", "acknowledgeOrders",
        ]
        var count = 0
        for example in Self.list(examples["examples"]) {
            guard case .string(let operation) = example["operation"] ?? .null,
                operations.contains(operation), example["status"] == .integer(200),
                let body = example["body"]
            else { continue }
            let bytes = try BodyCoder.encode(body)
            let many = JSONSlices.elements(of: ["list", "elements", "order"], in: bytes)
            for order in many ?? [bytes] {
                let reading = try WalmartMapping.read(order)
                #expect(!reading.order.lines.isEmpty)
                count += 1
            }
        }
        #expect(count >= 4)
    }

    private static func list(_ value: JSONValue?) -> [JSONValue] {
        guard case .array(let items) = value else { return [] }
        return items
    }
}

@Suite struct WebhookVerifierTests {
    @Test func `agrees with every documented vector`() throws {
        guard let file = Reference.read("webhooks/signatures.json") else { return }
        guard case .array(let vectors) = file["vectors"] ?? .null else { return }
        for vector in vectors {
            guard case .string(let secret) = vector["secret"],
                case .string(let body) = vector["body"],
                case .string(let path) = vector["pathAndQuery"],
                case .integer(let now) = vector["now"],
                case .object(let headers) = vector["headers"],
                case .bool(let valid) = vector["valid"]
            else { continue }
            let verifier = WebhookVerifier(
                WebhookAccess(
                    method: .signature, headerName: "WM_SEC.SIGNATURE", user: "",
                    secrets: ["old-secret", secret]))
            let delivery = WebhookVerifier.Delivery(
                method: "POST", pathAndQuery: path,
                header: { name in
                    guard case .string(let value) = headers[name] else { return nil }
                    return value
                }, body: Array(body.utf8))

            let isGood =
                (try? verifier.verify(delivery, at: Instant(microseconds: now * 1_000_000))) != nil

            #expect(isGood == valid)
        }
    }

    @Test(arguments: ["base64", "hex"])
    func `takes a plain HMAC in either form`(_ form: String) throws {
        guard let file = Reference.read("webhooks/signatures.json"),
            case .array(let plain) = file["plainHmac"] ?? .null
        else { return }
        for vector in plain {
            guard case .string(let secret) = vector["secret"],
                case .string(let body) = vector["body"],
                case .string(let code) = vector[form]
            else { continue }
            let verifier = WebhookVerifier(
                WebhookAccess(method: .hmac, headerName: "x", user: "", secrets: [secret]))
            try verifier.verify(
                .init(
                    method: "POST", pathAndQuery: "/", header: { _ in code }, body: Array(body.utf8)
                ),
                at: Instant(microseconds: 0))
        }
    }
}

@Suite struct JSONSlicesTests {
    @Test func `cuts elements out byte for byte`() throws {
        let text = #"{"a":{"b":[ {"x":1.50,"s":"],}\""} , 2e3,"z" ]},"c":1}"#

        let parts = try #require(JSONSlices.elements(of: ["a", "b"], in: Array(text.utf8)))

        #expect(
            parts.map { String(decoding: $0, as: UTF8.self) } == [
                #"{"x":1.50,"s":"],}\""}"#, "2e3", "\"z\"",
            ])
        #expect(JSONSlices.value(of: ["c"], in: Array(text.utf8)) == Array("1".utf8))
        #expect(JSONSlices.value(of: ["d"], in: Array(text.utf8)) == nil)
    }

    @Test func `nesting without end is refused, not followed`() {
        let deep = Array(String(repeating: "[", count: 100_000).utf8)

        #expect(JSONSlices.elements(of: [], in: deep) == nil)
    }
}

@Suite struct HTTPDateTests {
    @Test func `a server's time is read, and nothing else passes for it`() {
        #expect(
            HTTPDate.instant("Sun, 06 Nov 1994 08:49:37 GMT") == Instant("1994-11-06T08:49:37Z"))
        for text in ["", "Sun, 6 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "x"] {
            #expect(HTTPDate.instant(text) == nil)
        }
    }
}
