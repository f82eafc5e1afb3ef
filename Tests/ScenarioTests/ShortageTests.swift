import Console
import Foundation
import Platform
import Storage
import Testing

@Suite struct ShortageTests {
    @Test func `what a picker cannot find is written off and sourced elsewhere`() async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 3)
            try await stage.receive("A", 3, at: 1)
            try await stage.order("6001", [("A", 3)])
            let first = try await Self.work("6001", at: stage.facilities[0], stage)
            try await stage.post("/v1/warehouse/work/\(first)/picking")

            try await stage.post(
                "/v1/warehouse/work/\(first)/shortage",
                .object([
                    "lines": .array([.object(["line": .string("1"), "quantity": .integer(1)])]),
                    "reason": .string("the shelf is empty"),
                ]))
            let second = try await Self.work("6001", at: stage.facilities[1], stage)
            try await stage.post("/v1/warehouse/work/\(second)/picking")
            for work in [first, second] {
                try await stage.post("/v1/warehouse/work/\(work)/packing")
                try await stage.shipWhenAllowed(work)
            }

            try await stage.awaits("6001", "confirmed")
            let shipped = try await stage.effects("ship", of: "6001")
            #expect(shipped.map { $0["lines"]["1"].text }.sorted() == ["1", "2"])
            // Inventory hears of what left by its own reading.
            try await stage.until("one is written off, two and one have left the books") {
                let levels = try await stage.get("/v1/stock/A")["items"].list.map {
                    $0["level"]["onHand"].text
                }
                return levels.sorted() == ["0", "2"]
            }
            #expect(try await stage.get("/v1/verification")["findings"].list.isEmpty)
        }
    }

    @Test func `packed before Orders has heard of it, it leaves all the same`() async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 4)
            try await stage.order("6004", [("A", 2)])
            let work = try await Self.work("6004", at: stage.facilities[0], stage)
            let body = JSONValue.object([
                "lines": .array([.object(["line": .string("1"), "quantity": .integer(1)])]),
                "reason": .string("broken"),
            ])

            try await stage.post("/v1/warehouse/work/\(work)/picking")
            // The answer is lost, and the report repeated: it counts once.
            for _ in 0..<2 {
                _ = try await stage.client.post(
                    "/v1/warehouse/work/\(work)/shortage", body: BodyCoder.encode(body), key: "s")
            }
            try await stage.post("/v1/warehouse/work/\(work)/packing")
            try await stage.shipWhenAllowed(work)

            try await stage.until("one has left, one waits") {
                try await stage.find("6004")?["outlook"]["waitsFor"].text == "stock: 1 × A"
            }
            try await stage.until("of four, one is written off and one has left the books") {
                try await stage.get("/v1/stock/A")["items"].list.first?["level"]["onHand"].text
                    == "2"
            }
            #expect(try await stage.get("/v1/verification")["findings"].list.isEmpty)

            try await stage.receive("A", 1)
            let rest = try await Self.work("6004", at: stage.facilities[0], stage)
            #expect(rest != work)
        }
    }

    @Test func `all of it missing, and none elsewhere: it waits for stock`() async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 2)
            try await stage.order("6002", [("A", 2)])
            let work = try await Self.work("6002", at: stage.facilities[0], stage)

            try await stage.post(
                "/v1/warehouse/work/\(work)/shortage",
                .object([
                    "lines": .array([.object(["line": .string("1"), "quantity": .integer(2)])]),
                    "reason": .string("not to be found"),
                ]))

            try await stage.awaits("6002", "waiting")
            #expect(
                try await stage.find("6002")?["outlook"]["waitsFor"].text == "stock: 2 × A")
            try await stage.until("the work is called off") {
                try await stage.get("/v1/warehouse/work/\(work)")["state"].text == "cancelled"
            }
            #expect(try await stage.get("/v1/verification")["findings"].list.isEmpty)
        }
    }

    @Test func `a count puts the figure right, but not over the heads of orders`() async throws {
        try await Stage.with(.init(isWarehouseAutomatic: false)) { stage in
            try await stage.receive("A", 5)
            try await stage.order("6003", [("A", 2)])
            try await stage.awaits("6003", "released")
            func adjust(_ change: Int64) async throws -> Int {
                try await stage.client.post(
                    "/v1/stock/adjustments",
                    body: BodyCoder.encode(
                        JSONValue.object([
                            "sku": .string("A"), "facility": .string(stage.facilities[0]),
                            "change": .integer(change), "reason": .string("count"),
                        ])), key: UUID().uuidString
                ).status
            }

            let statuses = [try await adjust(-4), try await adjust(-3), try await adjust(1)]

            #expect(statuses == [409, 201, 201])
            let level = try await stage.get("/v1/stock/A")["items"].list.first?["level"]
            #expect(level["onHand"].text == "3" && level["reserved"].text == "2")
        }
    }

    @Test func `a receipt of an SKU nobody knows is refused`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 1)

            let answer = try await stage.client.post(
                "/v1/stock/receipts",
                body: BodyCoder.encode(
                    JSONValue.object([
                        "sku": .string("TYPO"), "facility": .string(stage.facilities[0]),
                        "quantity": .integer(1),
                    ])), key: "r1")

            #expect(answer.status == 404)
            #expect(try await stage.get("/v1/stock?prefix=TYPO")["items"].list.isEmpty)
        }
    }

    private static func work(
        _ number: String, at facility: String, _ stage: Stage
    ) async throws -> String {
        @Sendable func open() async throws -> String? {
            let order = try await stage.find(number)?["id"].text
            return try await stage.get("/v1/warehouse/work?state=released")["items"].list
                .first { $0["order"].text == order && $0["facility"].text == facility }?["id"].text
        }
        try await stage.until("\(number) is released at \(facility)") { try await open() != nil }
        return try await open() ?? ""
    }
}

extension Stage {
    /// Hands over once Orders has heard of the packing.
    func shipWhenAllowed(_ work: String) async throws {
        try await until("\(work) may leave") {
            try await self.client.post(
                "/v1/warehouse/work/\(work)/dispatch", body: Array("{}".utf8),
                key: UUID().uuidString
            ).status == 200
        }
    }
}
