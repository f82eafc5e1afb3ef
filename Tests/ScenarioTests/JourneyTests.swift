import Console
import Foundation
import Kernel
import Platform
import Storage
import Testing

@Suite struct JourneyTests {
    @Test(arguments: ["signature", "hmac", "basic", "oauth"])
    func `an order pushed by webhook is shipped and confirmed, once`(_ method: String) async throws
    {
        try await Stage.with(.init(isPolling: false, webhookMethod: method)) { stage in
            try await stage.receive("A", 10)
            try await stage.order("1001", [("A", 2)])

            try await stage.awaits("1001", "confirmed")

            #expect(try await stage.effects("acknowledge").count == 1)
            let shipped = try await stage.effects("ship")
            #expect(shipped.map { $0["lines"]["1"].text } == ["2"])
        }
    }

    @Test func `an order nobody announced is found by reading the lists`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 10)
            try await stage.order("1002", [("A", 1)], announce: false)

            try await stage.awaits("1002", "confirmed")
        }
    }

    @Test func `six units leave in two parcels, each confirmed on its own`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 10)
            try await stage.order("1003", [("A", 6)])

            try await stage.awaits("1003", "confirmed")

            let shipped = try await stage.effects("ship", of: "1003")
            #expect(shipped.map { $0["lines"]["1"].text }.sorted() == ["2", "4"])
            #expect(Set(shipped.map { $0["subject"].text }).count == 2)
        }
    }

    @Test func `what is short is backordered and ships when stock arrives`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 1)
            try await stage.order("1004", [("A", 2)])
            try await stage.awaits("1004", "waiting")
            let waits = try await stage.find("1004")?["outlook"]["waitsFor"].text

            try await stage.until("the first unit has left") {
                try await stage.effects("ship", of: "1004").count == 1
            }
            try await stage.receive("A", 1, at: 1)
            try await stage.awaits("1004", "confirmed")

            #expect(waits == "stock: 1 × A")
            #expect(try await stage.effects("ship", of: "1004").count == 2)
        }
    }

    @Test func `sixty-four orders for the last unit: one gets it`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask { try await stage.order(String(2000 + number), [("A", 1)]) }
                }
                try await group.waitForAll()
            }

            try await stage.until("all are here and settled") {
                let counts = try await stage.get("/v1/orders/counts")
                return counts["confirmed"].text == "1" && counts["waiting"].text == "63"
            }

            #expect(try await stage.effects("ship").count == 1)
            let report = try await stage.get("/v1/verification")
            #expect(report["findings"].list.isEmpty)
        }
    }

    @Test func `an unmapped SKU quarantines, and mapping it releases all that wait`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 20)
            for number in 0..<5 { try await stage.order("300\(number)", [("A", 1), ("NEW", 1)]) }
            try await stage.until("five wait for one SKU") {
                let list = try await stage.get("/v1/listings/unmapped")["items"].list
                return list.first?["waitingOrders"].text == "5"
            }

            try await stage.post(
                "/v1/listings",
                .object([
                    "connection": .string(stage.connection), "channelSKU": .string("NEW"),
                    "sku": .string("A"),
                ]))

            for number in 0..<5 { try await stage.awaits("300\(number)", "confirmed") }
            #expect(try await stage.get("/v1/listings/unmapped")["items"].list.isEmpty)
        }
    }

    @Test func `calls that are cut, throttled or failing still leave one effect each`() async throws
    {
        try await Stage.with { stage in
            try await stage.receive("A", 100)
            for fault in [
                "cutAfter", "cutBefore", "html503", "throttled", "throttledBare", "expireToken",
            ] {
                for operation in ["acknowledge", "ship", "getOrder"] {
                    try await stage.sandbox(
                        "/control/faults",
                        .object(["fault": .string(fault), "operation": .string(operation)]))
                }
            }
            for number in 0..<8 { try await stage.order("400\(number)", [("A", 1)]) }

            for number in 0..<8 { try await stage.awaits("400\(number)", "confirmed") }

            #expect(try await stage.effects("ship").count == 8)
            #expect(try await stage.effects("acknowledge").count == 8)
        }
    }
}

@Suite struct CancellationTests {
    @Test func `cancelled on the channel before dispatch never ships`() async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 10)
            try await stage.order("5001", [("A", 2)])
            let work = try await Self.packed("5001", stage)

            try await stage.sandbox("/control/orders/5001/cancellation")
            try await stage.until("the order is cancelled") {
                try await stage.find("5001")?["status"].text == "cancelled"
            }
            let answer = try await stage.client.post(
                "/v1/warehouse/work/\(work)/dispatch", body: Array("{}".utf8), key: "d1")

            #expect(answer.status == 409)
            #expect(try await stage.effects("ship").isEmpty)
            try await stage.until("the goods are free again") {
                let level = try await stage.get("/v1/stock/A")["items"].list.first
                return level?["level"]["available"].text == "10"
            }
        }
    }

    @Test func `cancelled after it left stays an observation with the money at risk`() async throws
    {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 10)
            try await stage.order("5002", [("A", 1)])
            let work = try await Self.packed("5002", stage)
            // The marketplace cancels, and the parcel leaves before the news of it is here.
            try await stage.sandbox(
                "/control/faults",
                .object(["fault": .string("error500"), "times": .integer(200)]))
            try await stage.sandbox("/control/orders/5002/cancellation")
            try await stage.post("/v1/warehouse/work/\(work)/dispatch")
            try await stage.sandbox("/control/faults/clear")

            try await stage.until("a trouble names the money") {
                let troubles = try await stage.find("5002")?["troubles"].list ?? []
                return troubles.contains {
                    $0["kind"].text == "cancelledAfterShipping"
                        && $0["moneyAtRisk"]["minorUnits"].text == "1333"
                }
            }
            #expect(try await stage.effects("ship").isEmpty)
        }
    }

    @Test(arguments: [true, false])
    func `a buyer's wish is shown and answered`(_ accept: Bool) async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 10)
            try await stage.order("5003", [("A", 1)])
            try await stage.awaits("5003", "released")
            try await stage.sandbox("/control/orders/5003/wish")
            try await stage.awaits("5003", "waiting")
            let order = try #require(try await stage.find("5003"))
            let wish = try #require(order["cancellations"].list.first)

            try await stage.post(
                "/v1/orders/\(order["id"].text)/cancellations/\(wish["id"].text)/answer",
                .object(["accept": .bool(accept)]))

            if accept {
                try await stage.awaits("5003", "confirmed")
                #expect(try await stage.effects("cancel").count == 1)
                #expect(try await stage.find("5003")?["status"].text == "cancelled")
            } else {
                try await stage.awaits("5003", "released")
                #expect(try await stage.effects("cancel").isEmpty)
            }
        }
    }

    @Test func `a held order does not leave until the hold is lifted`() async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 10)
            try await stage.order("5004", [("A", 1)])
            let work = try await Self.packed("5004", stage)
            let id = try await stage.find("5004")?["id"].text ?? ""
            let held = try await stage.post(
                "/v1/orders/\(id)/holds",
                .object(["kind": .string("fraud"), "note": .string("look again")]))

            let blocked = try await stage.client.post(
                "/v1/warehouse/work/\(work)/dispatch", body: Array("{}".utf8), key: "d2")
            let hold = held["holds"].list.first?["id"].text ?? ""
            try await stage.post("/v1/orders/\(id)/holds/\(hold)/lift")
            try await stage.post("/v1/warehouse/work/\(work)/dispatch")

            #expect(blocked.status == 409)
            try await stage.awaits("5004", "confirmed")
        }
    }

    /// Takes an order by hand to the dock.
    private static func packed(_ number: String, _ stage: Stage) async throws -> String {
        try await stage.awaits(number, "released")
        let order = try await stage.find(number)?["id"].text ?? ""
        try await stage.until("the work is released") {
            try await stage.get("/v1/warehouse/work?state=released")["items"].list
                .contains { $0["order"].text == order }
        }
        let list = try await stage.get("/v1/warehouse/work?state=released")["items"].list
        let work = list.first { $0["order"].text == order }?["id"].text ?? ""
        try await stage.post("/v1/warehouse/work/\(work)/picking")
        try await stage.post("/v1/warehouse/work/\(work)/packing")
        try await stage.until("Orders knows it is packed") {
            let detail = try await stage.get("/v1/orders/\(order)")
            return detail["fulfilmentOrders"].list.first?["state"].text == "packed"
        }
        return work
    }
}
