import Kernel
import Storage
import StorageTesting
import Testing

/// R17 through the connector: the marketplace does what it is told, and its answer is lost.
@Suite struct LostAnswerTests {
    private static let orders = Extent.of(30, whole: 700)

    /// What has to happen for the verb to be called, once for each order.
    private static let verbs = ["acknowledge", "ship", "cancel"]

    @Test(arguments: verbs)
    func `of orders whose every answer is lost once, each has its effect once`(
        _ verb: String
    ) async throws {
        let isCancelled = verb == "cancel"
        try await Stage.with(.init(isWarehouseAutomatic: !isCancelled)) { stage in
            try await stage.receive("A", 2 * Self.orders)
            let numbers = (0..<Self.orders).map { "61\(1000 + $0)" }
            if !isCancelled { try await Self.loseAnswers(to: verb, stage) }
            for number in numbers { try await stage.order(number, [("A", 1)]) }
            if isCancelled {
                for number in numbers { try await stage.awaits(number, "released") }
                try await Self.loseAnswers(to: verb, stage)
                for number in numbers { try await Self.cancel(number, stage) }
            }

            for number in numbers { try await stage.awaits(number, "confirmed") }

            let ledger = try await stage.ledger()
            let calls = ledger["calls"].list.filter { $0["operation"].text == verb }
            let effects = try await stage.effects(verb)
            #expect(Set(effects.map { $0["order"].text }) == Set(numbers))
            #expect(effects.count == Self.orders, "\(effects.count) effects")
            // The control that the fault came: no first call had an answer, and none was sent again.
            #expect(calls.count == Self.orders && calls.allSatisfy { $0["status"].text == "0" })
            // It was known because somebody looked, each time after the call.
            let looks = ledger["calls"].list.filter { $0["operation"].text == "getOrder" }
            for call in calls {
                let isLookedAt = looks.contains { look in
                    look["order"].text == call["order"].text
                        && Int(look["sequence"].text) ?? 0 > Int(call["sequence"].text) ?? 0
                }
                #expect(isLookedAt, "\(call)")
            }
        }
    }

    private static func loseAnswers(to verb: String, _ stage: Stage) async throws {
        try await stage.sandbox(
            "/control/faults",
            .object([
                "fault": .string("cutAfter"), "operation": .string(verb),
                "times": .integer(Int64(2 * orders)),
            ]))
    }

    /// The buyer asks for it, and somebody says yes.
    private static func cancel(_ number: String, _ stage: Stage) async throws {
        try await stage.sandbox("/control/orders/\(number)/wish")
        try await stage.awaits(number, "waiting")
        let order = try #require(try await stage.find(number))
        let wish = try #require(order["cancellations"].list.first)
        try await stage.post(
            "/v1/orders/\(order["id"].text)/cancellations/\(wish["id"].text)/answer",
            .object(["accept": .bool(true)]))
    }
}
