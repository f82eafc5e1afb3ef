import Connectors
import Contracts
import Foundation
import Kernel
import Platform
import Storage
import StorageTesting
import Testing

/// R12: the same webhook many times, in any order and from many senders, is one.
@Suite(.serialized) struct WebhookStormTests {
    private static let events = Extent.of(120, whole: 20_000)
    private static let senders = 32

    /// Sends every event one to five times, shuffled.
    /// - Returns: how many were sent, and how many arrivals were kept.
    private static func storm(
        _ seed: UInt64, identifier: @escaping @Sendable (Int, Int) -> String
    ) async throws -> (sent: Int, kept: Int) {
        var counted = (sent: 0, kept: 0)
        try await Stage.with(.init(isPolling: false)) { stage in
            var random = SplitMix64(seed: seed)
            var copies: [(event: Int, copy: Int)] = []
            for event in 0..<events {
                for copy in 0..<Int.random(in: 1...5, using: &random) {
                    copies.append((event, copy))
                }
            }
            copies.shuffle(using: &random)
            let all = copies
            try await withThrowingTaskGroup(of: Void.self) { group in
                for sender in 0..<senders {
                    group.addTask {
                        for index in stride(from: sender, to: all.count, by: senders) {
                            let (event, copy) = all[index]
                            try await stage.announce(
                                identifier(event, copy), order: "66\(1000 + event)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let tenant = try #require(TenantID(stage.tenant))
            let connection = try #require(ConnectionID(stage.connection))
            let kept = try await stage.platform.store.read(tenant) { reader in
                try (0..<events).reduce(0) { sum, event in
                    try sum
                        + reader.page(
                            InboxItem.bySubject, equals: [connection, "66\(1000 + event)"],
                            limit: 50
                        ).items.count
                }
            }
            counted = (all.count, kept)
        }
        return counted
    }

    @Test(arguments: Seeds.of(1))
    func `every event has its effect once, however often it is sent`(_ seed: UInt64) async throws {
        let (sent, kept) = try await Self.storm(seed) { event, _ in "event-\(event)" }

        #expect(sent > Self.events && kept == Self.events)
    }

    @Test func `the control: other identifiers are other events`() async throws {
        let (sent, kept) = try await Self.storm(1) { event, copy in "event-\(event)-\(copy)" }

        #expect(kept == sent)
    }
}

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
            for round in 0..<Extent.of(8, whole: 1000) {
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
