import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Storage
import Testing

/// Holds the sandbox's answers against the marketplace's own documents, where they are at hand.
@Suite struct SandboxContractTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("shared/specs/walmart/openapi").path

    @Test func `every answer fits its schema`() async throws {
        guard let orders = FileManager.default.contents(atPath: Self.folder + "/orders.json"),
            let auth = FileManager.default.contents(atPath: Self.folder + "/auth.json")
        else {
            print("SKIPPED: the OpenAPI documents are not beside this checkout")
            return
        }
        let orderRules = SchemaCheck(try BodyCoder.decode(JSONValue.self, from: Array(orders)))
        let tokenRules = SchemaCheck(try BodyCoder.decode(JSONValue.self, from: Array(auth)))
        try await Stage.with(.init(isPolling: false)) { stage in
            let base = "http://127.0.0.1:\(stage.sandboxPort)"
            try await stage.order("8001", [("A", 2), ("B", 3)], announce: false)
            let basic = Data("seller-1:secret-1".utf8).base64EncodedString()
            let token = try await Stage.send(
                .POST, base + "/v3/token", headers: [("authorization", "Basic \(basic)")])
            #expect(tokenRules.troubles(token.body, "/v3/token", "post").isEmpty)
            let key = [("WM_SEC.ACCESS_TOKEN", token.body["access_token"].text)]

            let calls: [(HTTPMethod, String, String, String)] = [
                (.GET, "/v3/orders/released", "/v3/orders/released", ""),
                (.GET, "/v3/orders?limit=1", "/v3/orders", ""),
                (
                    .POST, "/v3/orders/8001/acknowledge",
                    "/v3/orders/{purchaseOrderId}/acknowledge", ""
                ),
                (
                    .POST, "/v3/orders/8001/shipping", "/v3/orders/{purchaseOrderId}/shipping",
                    Self.ship
                ),
                (
                    .POST, "/v3/orders/8001/cancel", "/v3/orders/{purchaseOrderId}/cancel",
                    Self.cancel
                ),
            ]
            for (method, path, rule, body) in calls {
                let answer = try await Stage.send(
                    method, base + path, Array(body.utf8), headers: key)
                #expect(answer.status == 200, "\(path): \(answer.body.text)")
                let found = orderRules.troubles(answer.body, rule, method.rawValue.lowercased())
                #expect(found.isEmpty, "\(path): \(found)")
            }
        }
    }

    @Test func `the check notices an answer that does not fit`() throws {
        let rules = SchemaCheck(
            try BodyCoder.decode(
                JSONValue.self,
                from: Array(
                    """
                    {"paths":{"/x":{"get":{"responses":{"200":{"content":{"application/json":{"schema":
                    {"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}}}}}}}}}
                    """.utf8)))

        #expect(rules.troubles(.object([:]), "/x", "get") == [".a is missing"])
        #expect(rules.troubles(.object(["a": .integer(1)]), "/x", "get") == [".a is no string"])
    }

    private static let ship = """
        {"orderShipment":{"orderLines":{"orderLine":[{"lineNumber":"1","orderLineStatuses":{"orderLineStatus":
        [{"status":"Shipped","statusQuantity":{"unitOfMeasurement":"EACH","amount":"2"},"trackingInfo":
        {"shipDateTime":1795000000000,"carrierName":{"carrier":"FedEx"},"methodCode":"Standard",
        "trackingNumber":"T1"}}]}}]}}}
        """
    private static let cancel = """
        {"orderCancellation":{"orderLines":{"orderLine":[{"lineNumber":"2","orderLineStatuses":{"orderLineStatus":
        [{"status":"Cancelled","cancellationReason":"CUSTOMER_REQUESTED_SELLER_TO_CANCEL","statusQuantity":
        {"unitOfMeasurement":"EACH","amount":"1"}}]}}]}}}
        """
}

/// The part of JSON Schema that the documents use: types, required members, references. Members
/// that the marketplace itself leaves out in its examples are not asked for.
struct SchemaCheck: Sendable {
    /// Documented as required, absent in practice.
    private static let excused: Set = ["refunds", "addressType", "buyerId", "causes"]
    private let document: JSONValue

    init(_ document: JSONValue) { self.document = document }

    func troubles(_ value: JSONValue, _ path: String, _ method: String) -> [String] {
        let answer = document["paths"][path][method]["responses"]["200"]["content"]
        guard case .object(let contents) = answer ?? .null,
            let schema = contents.values.first?["schema"]
        else { return ["no schema for \(method) \(path)"] }
        return check(value, schema, "", 0)
    }

    private func check(_ value: JSONValue, _ schema: JSONValue, _ path: String, _ depth: Int)
        -> [String]
    {
        guard depth < 30 else { return [] }
        if case .string(let reference) = schema["$ref"] ?? .null {
            var target: JSONValue? = document
            for name in reference.split(separator: "/").dropFirst() {
                target = target[String(name)]
            }
            return check(value, target ?? .null, path, depth + 1)
        }
        if value == .null { return [] }
        switch schema["type"].text {
        case "string":
            if case .string = value { return [] } else { return [path + " is no string"] }
        case "integer":
            if case .integer = value { return [] } else { return [path + " is no integer"] }
        case "number":
            switch value {
            case .integer, .number: return []
            default: return [path + " is no number"]
            }
        case "array":
            guard case .array(let items) = value else { return [path + " is no list"] }
            return items.enumerated().flatMap {
                check($1, schema["items"] ?? .null, "\(path)[\($0)]", depth + 1)
            }
        default: return members(value, schema, path, depth)
        }
    }

    private func members(_ value: JSONValue, _ schema: JSONValue, _ path: String, _ depth: Int)
        -> [String]
    {
        guard case .object(let members) = value else { return [] }
        var found = schema["required"].list.map(\.text)
            .filter { members[$0] == nil && !Self.excused.contains($0) }
            .map { "\(path).\($0) is missing" }
        guard case .object(let properties) = schema["properties"] ?? .null else { return found }
        for (name, member) in members {
            if let rule = properties[name] {
                found += check(member, rule, "\(path).\(name)", depth + 1)
            }
        }
        return found
    }
}
