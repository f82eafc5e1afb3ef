import Connectors
import Console
import Contracts
import Foundation
import Kernel
import NIOHTTP1
import Platform
import Storage
import StorageTesting
import Testing

/// From a hundred failures to none, as a person does it.
@Suite struct IssueJourneyTests {
    @Test func `a hundred orders that cannot be read are one issue, and one word ends it`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            for number in 0..<100 {
                // Dated before all calendars.
                let order = """
                    {"order":{"purchaseOrderId":"88\(1000 + number)",\
                    "orderDate":-9223372036854775,"orderLines":{"orderLine":[]}}}
                    """
                _ = try await stage.client.post(
                    "/v1/connections/\(stage.connection)/imports", body: Array(order.utf8),
                    key: "i\(number)")
            }
            try await stage.until("all of them are one issue") {
                let issues = try await stage.get("/v1/issues")["items"].list
                return issues.count == 1 && issues[0]["open"].text == "100"
            }
            let issue = try await stage.get("/v1/issues")["items"].list[0]
            let path = "/v1/issues/\(issue["id"].text)"
            let retry = JSONValue.object(["action": .string("retry"), "canary": .integer(1)])
            let preview = try await stage.post(path + "/previews", retry)
            let halted = try await stage.ended(try await stage.post(path + "/remedies", retry))
            let skip = JSONValue.object([
                "action": .string("skip"), "reason": .string("the channel sent nonsense"),
            ])
            let done = try await stage.ended(try await stage.post(path + "/remedies", skip))
            let results = try await stage.get(
                "/v1/remedies/\(done["id"].text)/results?limit=500")["items"].list
            let history = try await stage.get(path + "/history")["items"].list.map {
                $0["type"].text
            }

            #expect(preview["count"].text == "100" && preview["first"].list.count == 20)
            #expect(halted["state"].text == "halted" && halted["applied"].text == "1")
            #expect(done["state"].text == "done" && done["applied"].text == "100")
            #expect(results.count == 100 && results.allSatisfy { $0["outcome"].text == "applied" })
            #expect(try await stage.get(path)["state"].text == "closed")
            #expect(history.first == "issues.opened.1" && history.contains("issues.closed.1"))
            #expect(history.filter { $0 == "issues.remedyEnded.1" }.count == 2)
        }
    }

    @Test func `what cannot be read is shown as it came, to its tenant`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let order = #"{"order":{"purchaseOrderId":"8899","orderDate":-9223372036854775}}"#
            _ = try await stage.client.post(
                "/v1/connections/\(stage.connection)/imports", body: Array(order.utf8), key: "i")
            try await stage.until("it failed") {
                try await stage.get("/v1/jobs?state=discarded")["items"].list.count == 1
            }
            let number = try await stage.get("/v1/jobs?state=discarded")["items"].list[0]["number"]
            let item = try await stage.get("/v1/jobs/\(number.text)")["payload"]["item"].text
            let arrival = try await stage.get("/v1/arrivals/\(item)")
            let read = try await stage.platform.store.read(try #require(TenantID(stage.tenant))) {
                try $0.events(ofStream: "rawReadings/\(item)").count
            }
            let other = Identifier<InboxTag>.sample(1)

            #expect(arrival["body"].text.contains("8899") && arrival["state"].text == "failed")
            #expect(read == 1)
            #expect(try await stage.client.get("/v1/arrivals/\(other)").status == 404)
        }
    }

    @Test func `the pages show an issue and its words cannot break them`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let order = """
                {"order":{"purchaseOrderId":"<script>x</script>","orderDate":-9223372036854775,\
                "orderLines":{"orderLine":[]}}}
                """
            _ = try await stage.client.post(
                "/v1/connections/\(stage.connection)/imports", body: Array(order.utf8), key: "i")
            try await stage.until("it is an issue") {
                try await stage.get("/v1/issues")["items"].list.count == 1
            }
            let id = try await stage.get("/v1/issues")["items"].list[0]["id"].text

            let list = try await stage.page("/issues")
            let one = try await stage.page("/issues/\(id)")
            let none = try await stage.page("/issues?state=closed")

            #expect(list.contains(id) && one.contains("Try one, then all"))
            #expect(none.contains("None was closed of late"))
            #expect(![list, one].contains { $0.contains("<script>") })
        }
    }
}

extension Stage {
    func ended(_ run: JSONValue) async throws -> JSONValue {
        let path = "/v1/remedies/\(run["id"].text)"
        try await until("the remedy is over") {
            !["trying", "running", "awaiting"].contains(try await self.get(path)["state"].text)
        }
        return try await get(path)
    }

    func page(_ path: String) async throws -> String {
        let answer = try await Self.send(.GET, "http://127.0.0.1:\(port)\(path)")
        guard answer.status == 200 else { throw StageError(description: "\(answer.status)") }
        return answer.text
    }
}
