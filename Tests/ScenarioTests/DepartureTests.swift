import Connectors
import Foundation
import NIOHTTP1
import Storage
import Synchronization
import Testing

/// The last question before a request leaves.
@Suite struct DepartureTests {
    private struct Kept: Error {}

    private static func request(
        _ stage: Stage, _ token: String, mayLeave: @escaping @Sendable () throws -> Void
    ) -> OutboundRequest {
        OutboundRequest(
            method: "POST", url: "http://127.0.0.1:\(stage.sandboxPort)/v3/orders/1/acknowledge",
            headers: [("WM_SEC.ACCESS_TOKEN", token)], mayLeave: mayLeave)
    }

    private static func token(_ stage: Stage) async throws -> String {
        let basic = Data("seller-1:secret-1".utf8).base64EncodedString()
        return try await Stage.send(
            .POST, "http://127.0.0.1:\(stage.sandboxPort)/v3/token",
            headers: [("authorization", "Basic \(basic)")]
        ).body["access_token"].text
    }

    private static func arrived(_ stage: Stage) async throws -> Int {
        try await Stage.send(
            .GET, "http://127.0.0.1:\(stage.sandboxPort)/control/ledger", headers: []
        ).body["calls"].list.count { $0["operation"].text == "acknowledge" }
    }

    @Test func `what must not leave does not arrive, and the next request does`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let token = try await Self.token(stage)
            let client = OutboundClient()
            let asked = Mutex(0)

            await #expect(throws: Kept.self) {
                _ = try await client.send(
                    Self.request(stage, token) {
                        asked.withLock { $0 += 1 }
                        throw Kept()
                    })
            }

            #expect(asked.withLock { $0 } == 1)
            #expect(try await Self.arrived(stage) == 0)
            let answer = try await client.send(Self.request(stage, token) {})
            #expect(answer.status == 404)
            #expect(try await Self.arrived(stage) == 1)
        }
    }

    /// Each is asked on its own way out, whoever else is on the same connections.
    @Test func `of many at once those leave that may`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let token = try await Self.token(stage)
            let client = OutboundClient()

            let kept = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        do {
                            _ = try await client.send(
                                Self.request(stage, token) { if number % 3 == 0 { throw Kept() } })
                            return false
                        } catch { return error is Kept && number % 3 == 0 }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }

            #expect(kept == 20)
            #expect(try await Self.arrived(stage) == 40)
        }
    }
}
