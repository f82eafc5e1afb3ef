import Foundation
import Kernel
import Storage
import Testing

/// R14: the same request many times at once is one request.
@Suite struct RepeatTests {
    private static func receipt(_ stage: Stage, _ quantity: Int64) -> JSONValue {
        .object([
            "sku": .string("A"), "facility": .string(stage.facilities[0]),
            "quantity": .integer(quantity),
        ])
    }

    /// Sends fifty at once. - Returns: statuses, and the bodies of those that were carried out.
    private static func storm(
        _ stage: Stage, key: @escaping @Sendable (Int) -> String
    ) async throws -> (statuses: [Int], bodies: [[UInt8]]) {
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for number in 0..<50 {
                group.addTask {
                    try await stage.answer(
                        "/v1/stock/receipts", receipt(stage, 3), key: key(number))
                }
            }
            var (statuses, bodies) = ([Int](), [[UInt8]]())
            for try await (status, body) in group {
                statuses.append(status)
                if status < 300 { bodies.append(body) }
            }
            return (statuses, bodies)
        }
    }

    private static func available(_ stage: Stage) async throws -> Int {
        let level = try await stage.post("/v1/stock/receipts", receipt(stage, 1))
        return try #require(Int(level["available"].text))
    }

    @Test func `fifty requests at once under one key are one, and another body is refused`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            for round in 0..<8 {
                let before = try await Self.available(stage)
                let key = "round-\(round)"

                let (statuses, bodies) = try await Self.storm(stage) { _ in key }
                let (again, _) = try await stage.answer(
                    "/v1/stock/receipts", Self.receipt(stage, 3), key: key)
                let (other, _) = try await stage.answer(
                    "/v1/stock/receipts", Self.receipt(stage, 4), key: key)

                // Carried out once; whoever came meanwhile was told so, or got the same answer.
                #expect(Set(bodies).count == 1 && Set(statuses).subtracting([200, 201, 409]) == [])
                #expect(again < 300 && other == 422)
                #expect(try await Self.available(stage) == before + 3 + 1)
            }
        }
    }

    @Test func `the control: fifty keys are fifty requests`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let before = try await Self.available(stage)

            let (_, bodies) = try await Self.storm(stage) { "own-\($0)" }

            #expect(bodies.count == 50)
            #expect(try await Self.available(stage) == before + 150 + 1)
        }
    }
}
