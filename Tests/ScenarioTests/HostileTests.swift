import Console
import Foundation
import Kernel
import NIOHTTP1
import Platform
import Storage
import Testing

/// What once brought the process down, or would have left an order standing for ever.
@Suite struct HostileTests {
    @Test(arguments: ["-9223372036854", "-9223372036854775808", "0", "9223372036854775807", "x"])
    func `no time stamp in a webhook brings the process down`(_ stamp: String) async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let path = "/hooks/walmart/\(stage.tenant)/\(stage.connection)"
            let answer = try await Stage.send(
                .POST, "http://127.0.0.1:\(stage.port)\(path)", Array("{}".utf8),
                headers: [("WM_SEC.TIMESTAMP", stamp), ("WM_SEC.SIGNATURE", "AAAA")])

            #expect(answer.status == 401)
        }
    }

    @Test(arguments: ["9223372036854775807", "4611686018427387904"])
    func `a position past the end of the log is nothing to read`(_ position: String) async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let page = try await stage.get("/v1/events?after=\(position)")

            #expect(page["items"].list.isEmpty && page["next"].text == position)
        }
    }

    @Test func `an order dated before all calendars is refused where it is seen`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            for date in ["-9223372036854775", "9223372036854775", "253402300800000"] {
                let order = """
                    {"order":{"purchaseOrderId":"77\(date.count)","orderDate":\(date),"orderLines":{"orderLine":[]}}}
                    """
                _ = try await stage.client.post(
                    "/v1/connections/\(stage.connection)/imports", body: Array(order.utf8), key: "i"
                )
            }

            try await stage.until("all three are failed work") {
                try await stage.get("/v1/jobs?state=discarded")["items"].list.count == 3
            }
            #expect(try await stage.get("/v1/orders/counts")["received"].text == "0")
        }
    }

    @Test func `goods held softly for a quarantined order go to who waits once it gives up`()
        async throws
    {
        try await Stage.with { stage in
            try await stage.receive("A", 1)
            try await stage.order("7101", [("A", 1), ("NEW", 1)])
            try await stage.until("it is quarantined and holds the unit") {
                let level = try await stage.get("/v1/stock/A")["items"].list.first
                return level?["level"]["available"].text == "0"
            }
            try await stage.order("7102", [("A", 1)])
            try await stage.awaits("7102", "waiting")
            let id = try await stage.find("7101")?["id"].text ?? ""

            try await stage.post(
                "/v1/orders/\(id)/abandonment", .object(["note": .string("not ours")]))

            try await stage.awaits("7102", "confirmed")
            #expect(try await stage.find("7101")?["status"].text == "rejected")
            #expect(try await stage.effects("cancel", of: "7101").count == 1)
        }
    }

    @Test func `a hold lifts itself at its deadline`() async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.order("7103", [("A", 1)])
            try await stage.awaits("7103", "waiting")
            let id = try await stage.find("7103")?["id"].text ?? ""
            // Far enough ahead that a slow machine does not ask for a hold in the past.
            let until = SystemTimekeeper().now + .seconds(5)
            try await stage.post(
                "/v1/orders/\(id)/holds",
                .object([
                    "kind": .string("manual"), "note": .string("wait"),
                    "until": .string(until.description), "atDeadline": .string("lift"),
                ]))

            try await stage.until("no hold is left") {
                try await stage.find("7103")?["holds"].list.isEmpty == true
            }
        }
    }

    @Test func `a connection that is switched off is not called, and goes on when it is back`()
        async throws
    {
        try await Stage.with { stage in
            try await stage.receive("A", 5)
            try await stage.patch(
                "/v1/connections/\(stage.connection)", ["isEnabled": .bool(false)])
            try await stage.order("7104", [("A", 1)], announce: false)
            let before = try await stage.ledger()["calls"].list.count
            try await stage.until("its lists are not read any more") {
                let jobs = try await stage.get("/v1/jobs?state=completed&limit=500")["items"].list
                return jobs.filter { $0["kind"].text == "walmart.pollOrders" }.count == 2
            }
            let off = try await stage.find("7104")

            try await stage.patch("/v1/connections/\(stage.connection)", ["isEnabled": .bool(true)])
            try await stage.awaits("7104", "confirmed")

            #expect(off == nil && before >= 0)
        }
    }

    @Test func `reading a contact under an idempotency key is only a reading`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 5)
            try await stage.order("7105", [("A", 1)])
            try await stage.awaits("7105", "confirmed")
            let contact = try await stage.find("7105")?["contact"].text ?? ""

            let answer = try await stage.client.post(
                "/v1/contacts/\(contact)/reading", body: Array("{\"purpose\":\"label\"}".utf8),
                key: "k")

            #expect(answer.status == 200)
        }
    }
}

extension Stage {
    func patch(_ path: String, _ changes: [String: JSONValue]) async throws {
        let key = try await post("/v1/api-keys", .object(["name": .string("p")]))["text"].text
        let answer = try await Self.send(
            .PATCH, "http://127.0.0.1:\(port)\(path)", BodyCoder.encode(JSONValue.object(changes)),
            headers: [("authorization", "Bearer \(key)")])
        guard answer.status == 200 else { throw StageError(description: answer.body.text) }
    }
}
