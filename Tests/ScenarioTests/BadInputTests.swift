import Console
import Crypto
import Foundation
import Kernel
import NIOHTTP1
import Platform
import Storage
import Testing

@Suite struct BadInputTests {
    @Test func `each gets a clear problem with the right status, and nothing is written`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            let key = try await stage.post("/v1/api-keys", .object(["name": .string("k")]))
            let other = try await Self.otherTenant(stage)
            try await stage.receive("A", 5)
            try await stage.order("9001", [("A", 1)])
            try await stage.awaits("9001", "confirmed")
            let order = try await stage.find("9001")?["id"].text ?? ""
            let before = try await Self.logHead(stage)

            for attack in Self.attacks(stage, key: key["text"].text, order: order, other: other) {
                let answer = try await Stage.send(
                    attack.method, "http://127.0.0.1:\(stage.port)\(attack.path)", attack.body,
                    headers: attack.headers)
                #expect(answer.status == attack.status, "\(attack.name): \(answer.body.text)")
                #expect(answer.type.hasPrefix("application/problem+json"), "\(attack.name)")
                #expect(
                    answer.body["field"].text == attack.field, "\(attack.name): \(answer.body.text)"
                )
                #expect(!answer.body["detail"].text.isEmpty, "\(attack.name)")
            }

            #expect(try await Self.logHead(stage) == before)
        }
    }

    struct Attack {
        let name: String
        let method: HTTPMethod
        let path: String
        var body: [UInt8] = []
        var headers: [(String, String)] = []
        let status: Int
        var field = ""
    }

    private static func attacks(
        _ stage: Stage, key: String, order: String, other: String
    ) -> [Attack] {
        let mine = [("authorization", "Bearer \(key)"), ("idempotency-key", "i-1")]
        let theirs = [("authorization", "Bearer \(other)"), ("idempotency-key", "i-2")]
        let facility = stage.facilities[0]
        func receipt(_ quantity: String, _ sku: String = "\"A\"") -> [UInt8] {
            Array("{\"sku\":\(sku),\"facility\":\"\(facility)\",\"quantity\":\(quantity)}".utf8)
        }
        let receipts = "/v1/stock/receipts"
        return [
            .init(name: "no key", method: .GET, path: "/v1/orders", status: 401),
            .init(
                name: "unknown key", method: .GET, path: "/v1/orders",
                headers: [
                    ("authorization", "Bearer lsh_live_\(String(repeating: "a", count: 36))")
                ],
                status: 401),
            .init(
                name: "malformed JSON", method: .POST, path: receipts,
                body: Array("{\"sku\":".utf8),
                headers: mine, status: 400),
            .init(
                name: "wrong type", method: .POST, path: receipts, body: receipt("\"many\""),
                headers: mine, status: 422, field: "quantity"),
            .init(
                name: "negative quantity", method: .POST, path: receipts, body: receipt("-3"),
                headers: mine, status: 422, field: "quantity"),
            .init(
                name: "zero quantity", method: .POST, path: receipts, body: receipt("0"),
                headers: mine, status: 422, field: "quantity"),
            .init(
                name: "quantity past all goods", method: .POST, path: receipts,
                body: receipt("99999999999999999999"), headers: mine, status: 422,
                field: "quantity"),
            .init(
                name: "empty SKU", method: .POST, path: receipts, body: receipt("1", "\" \""),
                headers: mine, status: 422, field: "sku"),
            .init(
                name: "missing member", method: .POST, path: receipts, body: Array("{}".utf8),
                headers: mine, status: 422, field: "sku"),
            .init(
                name: "no idempotency key", method: .POST, path: receipts, body: receipt("1"),
                headers: [mine[0]], status: 422, field: "Idempotency-Key"),
            .init(
                name: "10 MB", method: .POST, path: receipts,
                body: Array(repeating: 32, count: 10_485_760), headers: mine, status: 413),
            .init(
                name: "another tenant's order", method: .GET, path: "/v1/orders/\(order)",
                headers: theirs, status: 404),
            .init(
                name: "another tenant's order, cancelled", method: .POST,
                path: "/v1/orders/\(order)/cancellation",
                body: Array("{\"reason\":\"other\"}".utf8),
                headers: theirs, status: 404),
            .init(
                name: "another tenant's facility", method: .POST, path: receipts,
                body: receipt("1"), headers: theirs, status: 404, field: "facility"),
            .init(
                name: "no identifier at all", method: .GET, path: "/v1/orders/../../etc/passwd",
                headers: mine, status: 404),
            .init(
                name: "unknown filter", method: .GET, path: "/v1/orders?status=lost", headers: mine,
                status: 422, field: "status"),
            .init(
                name: "a filter misspelt", method: .GET, path: "/v1/orders?stat=open",
                headers: mine,
                status: 422, field: "stat"),
            .init(
                name: "a filter where nothing is asked", method: .GET,
                path: "/v1/orders/\(order)?asOff=2026-01-01T00:00:00Z", headers: mine, status: 422,
                field: "asOff"),
            .init(
                name: "a filter given twice", method: .GET,
                path: "/v1/orders?status=open&status=closed", headers: mine, status: 422,
                field: "status"),
            .init(
                name: "neither true nor false", method: .GET,
                path: "/v1/orders?number=9&exact=yes", headers: mine, status: 422, field: "exact"),
            .init(
                name: "a place that is no number", method: .GET, path: "/v1/jobs?before=abc",
                headers: mine, status: 422, field: "before"),
            .init(
                name: "words in the address of what changes something", method: .POST,
                path: receipts + "?dryRun=true", body: receipt("1"), headers: mine, status: 422,
                field: "dryRun"),
            .init(
                name: "endless page", method: .GET, path: "/v1/orders?limit=1000000000",
                headers: mine, status: 422, field: "limit"),
            .init(
                name: "a cursor of nobody's", method: .GET, path: "/v1/orders?cursor=zzzz",
                headers: mine, status: 422, field: "cursor"),
            .init(
                name: "a member nobody knows", method: .POST, path: receipts,
                body: Array(
                    "{\"sku\":\"A\",\"facility\":\"\(facility)\",\"quantity\":1,\"qty\":2}".utf8),
                headers: mine, status: 422, field: "qty"),
            .init(
                name: "a nested member nobody knows", method: .POST,
                path: "/v1/orders/\(order)/cancellation",
                body: Array(
                    "{\"reason\":\"other\",\"lines\":[{\"line\":\"1\",\"quantity\":1,\"x\":1}]}"
                        .utf8),
                headers: mine, status: 422, field: "lines[0].x"),
            .init(
                name: "no line named to cancel", method: .POST,
                path: "/v1/orders/\(order)/cancellation",
                body: Array("{\"reason\":\"other\",\"lines\":[]}".utf8), headers: mine,
                status: 422, field: "lines"),
            .init(
                name: "a hold without a reason", method: .POST, path: "/v1/orders/\(order)/holds",
                body: Array("{\"kind\":\"manual\",\"note\":\" \"}".utf8), headers: mine,
                status: 422, field: "note"),
            .init(
                name: "a hold that ends at no time", method: .POST,
                path: "/v1/orders/\(order)/holds",
                body: Array(
                    "{\"kind\":\"manual\",\"note\":\"n\",\"atDeadline\":\"lift\"}".utf8),
                headers: mine, status: 422, field: "atDeadline"),
            .init(
                name: "an account connected twice", method: .POST, path: "/v1/connections",
                body: Array(
                    """
                    {"name":"again","channel":"walmart","clientID":"seller-1","clientSecret":"s",
                    "baseURL":"http://127.0.0.1:\(stage.sandboxPort)"}
                    """.utf8), headers: mine, status: 409, field: "clientID"),
            .init(
                name: "no such reason", method: .POST, path: "/v1/orders/\(order)/cancellation",
                body: Array("{\"reason\":\"bored\"}".utf8), headers: mine, status: 422,
                field: "reason"),
            .init(
                name: "a limit of no operation", method: .POST, path: "/v1/connections",
                body: Array(
                    """
                    {"name":"x","channel":"walmart","baseURL":"https://h","clientID":"c",
                    "clientSecret":"s","limits":{"shipp":10}}
                    """.utf8), headers: mine, status: 422, field: "limits.shipp"),
            .init(
                name: "an SKU that means something else already", method: .POST,
                path: "/v1/listings",
                body: Array(
                    "{\"connection\":\"\(stage.connection)\",\"channelSKU\":\"A\",\"sku\":\"B\"}"
                        .utf8), headers: mine, status: 409, field: "channelSKU"),
            .init(
                name: "unknown channel", method: .POST, path: "/v1/connections",
                body: Array(
                    """
                    {"name":"x","channel":"bazaar","baseURL":"https://h","clientID":"c","clientSecret":"s"}
                    """.utf8), headers: mine, status: 422, field: "channel"),
            .init(
                name: "an address that is none", method: .POST, path: "/v1/connections",
                body: Array(
                    """
                    {"name":"x","channel":"walmart","baseURL":"ftp:h","clientID":"c","clientSecret":"s"}
                    """.utf8), headers: mine, status: 422, field: "baseURL"),
        ]
    }

    @Test func `a forged, altered, stale or unreadable webhook is refused, and nothing is written`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            let path = "/hooks/walmart/\(stage.tenant)/\(stage.connection)"
            let body = Self.event("e-1", "7001")
            let now = Int64(Date().timeIntervalSince1970)
            let before = try await Self.logHead(stage)
            let cases: [(String, [(String, String)], [UInt8], Int)] = [
                ("no signature", [], body, 401),
                ("another secret", Self.signed(body, path, now, "wrong-secret"), body, 401),
                ("altered body", Self.signed(body, path, now), Self.event("e-2", "7002"), 401),
                ("too old", Self.signed(body, path, now - 301), body, 401),
                ("too far ahead", Self.signed(body, path, now + 200), body, 401),
                ("another path", Self.signed(body, "/else", now), body, 401),
                ("not JSON", Self.signed(Array("x".utf8), path, now), Array("x".utf8), 422),
                (
                    "no event id",
                    Self.signed(
                        Array("{\"source\":{\"eventType\":\"PO_CREATED\"}}".utf8), path, now),
                    Array("{\"source\":{\"eventType\":\"PO_CREATED\"}}".utf8), 422
                ),
            ]
            for (name, headers, body, status) in cases {
                let answer = try await Stage.send(
                    .POST, "http://127.0.0.1:\(stage.port)\(path)", body, headers: headers)
                #expect(answer.status == status, "\(name): \(answer.body.text)")
            }
            let unknown = path.replacing(stage.connection, with: "cnn_01jd8n3k2v9x0c4m7q5r6s8t1w")
            let answer = try await Stage.send(
                .POST, "http://127.0.0.1:\(stage.port)\(unknown)", body,
                headers: Self.signed(body, unknown, now))
            #expect(answer.status == 404)
            #expect(try await Self.logHead(stage) == before)
            #expect(try await stage.get("/v1/jobs?state=discarded")["items"].list.isEmpty)
        }
    }

    @Test func `the same event sent again is one event`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let path = "/hooks/walmart/\(stage.tenant)/\(stage.connection)"
            let body = Self.event("e-9", "7009")
            var states: [String] = []
            for _ in 0..<3 {
                let headers = Self.signed(body, path, Int64(Date().timeIntervalSince1970))
                let answer = try await Stage.send(
                    .POST, "http://127.0.0.1:\(stage.port)\(path)", body, headers: headers)
                #expect(answer.status == 200)
                states.append(answer.body["status"].text)
            }
            #expect(states == ["accepted", "duplicate", "duplicate"])
        }
    }

    @Test func `a request repeated with its key gets the first answer, and another one is refused`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            func add(_ sku: String) async throws -> ConsoleAnswer {
                try await stage.client.post(
                    "/v1/products", body: Array("{\"sku\":\"\(sku)\",\"title\":\"t\"}".utf8),
                    key: "same")
            }

            let first = try await add("X")
            let again = try await add("X")
            let other = try await add("Y")

            #expect(first.status == 201 && first.body == again.body)
            #expect(other.status == 422)
        }
    }

    @Test func `a revoked key stops at once`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let made = try await stage.post("/v1/api-keys", .object(["name": .string("k")]))
            let header = [("authorization", "Bearer \(made["text"].text)")]
            let url = "http://127.0.0.1:\(stage.port)/v1/orders"
            let before = try await Stage.send(.GET, url, headers: header)
            let id = made["key"]["id"].text
            let revoked = try await Stage.send(
                .DELETE, "http://127.0.0.1:\(stage.port)/v1/api-keys/\(id)", headers: header)

            let after = try await Stage.send(.GET, url, headers: header)

            #expect(before.status == 200 && revoked.status == 200 && after.status == 401)
            let listed = try await stage.get("/v1/api-keys")["items"].list
            #expect(listed.allSatisfy { $0["text"] == nil && $0["hash"] == nil })
        }
    }

    @Test func `the console refuses another host's name and another site's forms`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let url = "http://127.0.0.1:\(stage.port)/"
            let good = try await Stage.send(.GET, url)
            let rebound = try await Stage.send(.GET, url, headers: [("host", "evil.example")])
            let forged = try await Stage.send(
                .POST, url + "unmapped", Array("sku=A".utf8),
                headers: [("origin", "https://evil.example")])

            #expect(good.status == 200)
            #expect(rebound.status == 403)
            #expect(forged.status == 403)
        }
    }

    static func event(_ id: String, _ order: String) -> [UInt8] {
        Array(
            """
            {"source":{"eventType":"PO_CREATED","eventTime":"2026-03-04T10:15:30Z","eventId":"\(id)"},\
            "payload":{"purchaseOrderId":"\(order)"}}
            """.utf8)
    }

    static func signed(
        _ body: [UInt8], _ path: String, _ at: Int64, _ secret: String = "hook-secret-1"
    ) -> [(String, String)] {
        let digest = SHA256.hash(data: body).map { String(format: "%02x", $0) }.joined()
        let text = "POST\n\(path)\n\(at)\n\(digest)"
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(text.utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return [
            ("WM_SEC.TIMESTAMP", String(at)),
            ("WM_SEC.SIGNATURE", Data(code).base64EncodedString()),
        ]
    }

    private static func otherTenant(_ stage: Stage) async throws -> String {
        let made = try await stage.client.post(
            "/admin/tenants", body: Array("{\"name\":\"other\",\"keyName\":\"k\"}".utf8), key: "o")
        let value = try BodyCoder.decode(JSONValue.self, from: made.body)
        return value["key"].text
    }

    /// How many events the whole log has, tenants and platform together.
    private static func logHead(_ stage: Stage) async throws -> LogCursor {
        try await stage.platform.store.bookkeeping { session in
            var cursor = LogCursor.start
            while true {
                let page = try session.log(tenant: nil, after: cursor, types: [], limit: 1)
                if page.next == cursor { return cursor }
                cursor = page.next
            }
        }
    }
}
