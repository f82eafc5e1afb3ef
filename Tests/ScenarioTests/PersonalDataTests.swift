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
                "/v1/contacts/\(contact)/erasure", .object(["reason": .string("the buyer asked")]))

            let reading = try await stage.client.post(
                "/v1/contacts/\(contact)/reading",
                body: Array("{\"purpose\":\"label\"}".utf8), key: "r")
            #expect(reading.status == 404)
            try await stage.until("what arrived is gone too") {
                try await stage.get(path)["items"].list.allSatisfy { $0["body"].text.isEmpty }
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
                .object(["reason": .string("the buyer asked")]))

            try await stage.sandbox("/control/orders/8004/cancellation")

            try await stage.until("the cancellation was read all the same") {
                try await stage.find("8004")?["status"].text == "cancelled"
            }
            try await stage.until("nothing of what came is kept") {
                let raw = try await stage.get("/v1/orders/\(order["id"].text)/raw")["items"].list
                return raw.allSatisfy { $0["body"].text.isEmpty }
            }
        }
    }

    @Test func `what is older than its time is forgotten, and nothing younger`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            try await stage.receive("A", 5)
            try await stage.order("8003", [("A", 1)])
            try await stage.awaits("8003", "confirmed")
            let order = try #require(try await stage.find("8003"))
            let tenant = try #require(TenantID(stage.tenant))
            let now = SystemTimekeeper().now
            let call = Call(tenant: tenant, actor: .platform, at: now, correlation: "test")
            let store = stage.platform.store
            let contacts = stage.platform.orders.contacts
            @Sendable func forget(before instant: Instant) async throws -> Int {
                let raw = try await store.writeUnrepeated(call) {
                    try Inbox.forget(before: instant, limit: 100, in: $0)
                }
                return raw
                    + (try await contacts.forget(before: instant, limit: 100, call: call))
            }

            #expect(try await forget(before: now - .seconds(86_400 * 30)) == 0)
            #expect(try await forget(before: now + .seconds(60)) > 1)

            let raw = try await stage.get("/v1/orders/\(order["id"].text)/raw")["items"].list
            #expect(raw.isEmpty)
            let reading = try await stage.client.post(
                "/v1/contacts/\(order["contact"].text)/reading",
                body: Array("{\"purpose\":\"label\"}".utf8), key: "r")
            #expect(reading.status == 404)
        }
    }
}
