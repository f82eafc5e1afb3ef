import Connectors
import Console
import Foundation
import Kernel
import Orders
import Platform
import Storage
import Testing

@Suite struct PersonalDataTests {
    @Test func `an erased contact is gone, with what arrived about its order`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 5)
            try await stage.order("8001", [("A", 1)])
            try await stage.order("8002", [("A", 1)])
            for number in ["8001", "8002"] { try await stage.awaits(number, "confirmed") }
            let order = try #require(try await stage.find("8001"))
            let contact = order["contact"].text
            let path = "/v1/orders/\(order["id"].text)/raw"
            #expect(try await !stage.get(path)["items"].list.isEmpty)

            try await stage.post(
                "/v1/contacts/\(contact)/erasure", .object(["reason": .string("request")]))

            let reading = try await stage.client.post(
                "/v1/contacts/\(contact)/reading",
                body: Array("{\"purpose\":\"label\"}".utf8), key: "r")
            #expect(reading.status == 404)
            try await stage.until("what arrived is gone too") {
                try await Self.bodies(path, stage).allSatisfy(\.isEmpty)
            }
            let other = try #require(try await stage.find("8002"))
            let kept = try await stage.get("/v1/orders/\(other["id"].text)/raw")["items"].list
            #expect(kept.contains { !$0["body"].text.isEmpty })
        }
    }

    @Test func `what comes about an erased order later is read and not kept`() async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 5)
            try await stage.order("8004", [("A", 1)])
            try await stage.awaits("8004", "released")
            let order = try #require(try await stage.find("8004"))
            try await stage.post(
                "/v1/contacts/\(order["contact"].text)/erasure",
                .object(["reason": .string("request")]))

            try await stage.sandbox("/control/orders/8004/cancellation")

            try await stage.until("the cancellation was read all the same") {
                try await stage.find("8004")?["status"].text == "cancelled"
            }
            try await stage.until("nothing of what came is kept") {
                try await Self.bodies("/v1/orders/\(order["id"].text)/raw", stage)
                    .allSatisfy(\.isEmpty)
            }
        }
    }

    @Test func `what is older than its time is forgotten, and nothing younger or still needed`()
        async throws
    {
        try await Stage.with(.init(isWarehouseAutomatic: false, isPolling: false)) { stage in
            try await stage.receive("A", 5)
            for number in ["8003", "8005"] {
                try await stage.order(number, [("A", 1)])
                try await stage.awaits(number, "released")
            }
            let over = try #require(try await stage.find("8003"))
            let open = try #require(try await stage.find("8005"))
            try await stage.post(
                "/v1/orders/\(over["id"].text)/cancellation",
                .object(["reason": .string("customer")]))
            try await stage.awaits("8003", "confirmed")
            let now = SystemTimekeeper().now

            let early = try await Self.forget(before: now - .seconds(86_400 * 30), stage)
            let late = try await Self.forget(before: now + .seconds(60), stage)

            #expect(early == [0, 0] && late[0] > 1 && late[1] == 1)
            #expect(try await Self.readingStatus(of: over, stage) == 404)
            #expect(try await Self.readingStatus(of: open, stage) == 200)
        }
    }

    private static func forget(before instant: Instant, _ stage: Stage) async throws -> [Int] {
        let tenant = try #require(TenantID(stage.tenant))
        let call = Call(
            tenant: tenant, actor: .platform, at: SystemTimekeeper().now, correlation: "test")
        let raw = try await stage.platform.store.writeUnrepeated(call) {
            try Inbox.forget(before: instant, limit: 100, in: $0)
        }
        let contacts = try await stage.platform.orders.contacts.forget(
            before: instant, limit: 100, call: call)
        return [raw, contacts]
    }

    private static func readingStatus(of order: JSONValue, _ stage: Stage) async throws -> Int {
        try await stage.client.post(
            "/v1/contacts/\(order["contact"].text)/reading",
            body: Array("{\"purpose\":\"label\"}".utf8), key: "r"
        ).status
    }

    /// What is kept of what arrived; at least one row is, or the list itself is broken.
    private static func bodies(_ path: String, _ stage: Stage) async throws -> [String] {
        let answer = try await stage.client.get(path)
        let items = try BodyCoder.decode(JSONValue.self, from: answer.body)["items"].list
        try #require(answer.status == 200 && !items.isEmpty)
        return items.map { $0["body"].text }
    }
}
