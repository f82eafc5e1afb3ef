import Console
import Foundation
import Glibc
import Kernel
import NIOCore
import NIOHTTP1
import Platform
import Processes
import Storage
import StorageTesting
import Synchronization
import Testing
import Warehouse

@Suite struct OperationsTests {
    @Test func `figures are what a collector can read, with the names people look for`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            try await stage.receive("A", 5)
            try await stage.order("9601", [("A", 1)])
            try await stage.awaits("9601", "confirmed")

            let text = try await stage.page("/metrics")

            for name in [
                "longshore_jobs_total{outcome=\"completed\"}", "longshore_jobs_oldest_due_seconds",
                "longshore_subscription_lag_events{subscription=", "longshore_store_commits_total",
                "http_server_request_duration_seconds_bucket{method=\"POST\",route=\"",
                "process_resident_memory_bytes",
            ] {
                #expect(text.contains("\n\(name)") || text.contains("# TYPE \(name)"), "\(name)")
            }
            // An order's number is no form of a figure.
            #expect(!text.contains("9601") && !text.contains(stage.tenant))
            try await Self.check(text)
        }
    }

    /// By Debian's `promtool`; without it this part is skipped, and says so.
    private static func check(_ text: String) async throws {
        let tool = "/usr/bin/promtool"
        guard FileManager.default.isExecutableFile(atPath: tool) else {
            #expect(ProcessInfo.processInfo.environment["CI"] == nil, "promtool is missing")
            print("SKIPPED: promtool is not installed; the figures were not read by a collector")
            return
        }
        let (ending, said) = try await ChildProcess.run([tool, "check", "metrics"], input: text)
        #expect(ending == .exited(0), "\(said)")
    }

    @Test func `orders not yet there are asked for again, and leave their connection open`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            try await stage.receive("A", 5)
            for number in 0..<8 {
                try await stage.announce("unknown-\(number)", order: "77\(number)")
            }
            try await stage.until("all were asked for") {
                let jobs = try await stage.get("/v1/jobs?kind=walmart.fetchOrder&limit=50")
                let codes = jobs["items"].list.map { $0["fault"]["code"].text }
                return codes.count == 8 && codes.allSatisfy { $0 == "channels.notYetThere" }
            }
            let breakers = try await stage.get("/admin/breakers")["items"].list
            try await stage.order("9603", [("A", 1)])
            try await stage.awaits("9603", "confirmed")

            #expect(breakers.isEmpty, "\(breakers)")
        }
    }

    @Test func `what was released before the warehouse worked by itself is done too`() async throws
    {
        try await Stage.with(.init(isWarehouseAutomatic: false, isPolling: false)) { stage in
            try await stage.receive("A", 5)
            try await stage.order("9604", [("A", 1)])
            try await stage.until("it is released") {
                try await stage.get("/v1/warehouse/work?state=released")["items"].list.count == 1
            }
            let tenant = try #require(TenantID(stage.tenant))
            for _ in 0..<2 {
                try await stage.platform.warehouse.service.takeUp(
                    tenants: [tenant], at: SystemTimekeeper().now)
            }
            try await stage.awaits("9604", "confirmed")

            let done = try await stage.get("/v1/jobs?kind=warehouse.doWork")["items"].list
            #expect(done.count == 1)
        }
    }

    @Test func `scopes go by names, and one that is not there is refused`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            func pause(_ scope: String) async throws -> (Int, JSONValue) {
                let body = JSONValue.object(["scope": .string(scope), "reason": .string("r")])
                let answer = try await stage.client.post(
                    "/admin/pauses", body: BodyCoder.encode(body), key: UUID().uuidString)
                return (answer.status, try BodyCoder.decode(JSONValue.self, from: answer.body))
            }

            #expect(
                try await pause("connection:seller").1["scope"].text
                    == "connection:\(stage.connection)")
            #expect(try await pause("tenant:t").1["scope"].text == "tenant:\(stage.tenant)")
            #expect(try await pause("kind:walmart.fetchOrder").0 == 200)
            for scope in ["connection:nobody", "tenant:nobody", "kind:walmart.nope", "nonsense"] {
                let (status, body) = try await pause(scope)
                #expect(status == 422 && body["code"].text == "jobs.unknownScope", "\(scope)")
            }
        }
    }

    @Test func `readiness says why`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let url = "http://127.0.0.1:\(stage.port)"
            let ready = try await Stage.send(.GET, url + "/readyz")
            let alive = try await Stage.send(.GET, url + "/livez")

            #expect(ready.status == 200 && ready.body["status"].text == "ready")
            #expect(
                ready.body["checks"].list.map { $0["name"].text } == [
                    "serving", "store", "disk", "jobs",
                ])
            #expect(alive.status == 200)
        }
    }

    @Test func `a store that does not answer is a reason, and nobody hangs with it`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let url = "http://127.0.0.1:\(stage.port)"
            let gate = Gate()
            let store = stage.platform.store
            let stuck = Task {
                try await store.writeUnrepeated(.sample()) { _ in _ = gate.pass() }
            }
            await gate.busy.first(at: 1)

            let began = ContinuousClock.now
            // One that was looked at just before is good for a second.
            try await stage.until("it says that it is not ready") {
                try await Stage.send(.GET, url + "/readyz", within: .seconds(10)).status == 503
            }
            let hung = try await Stage.send(.GET, url + "/readyz", within: .seconds(10))
            let taken = ContinuousClock.now - began
            let alive = try await Stage.send(.GET, url + "/livez")
            gate.open()
            _ = try await stuck.value

            let reasons = hung.body["checks"].list.filter { $0["isGood"] == .bool(false) }
            #expect(reasons.map { $0["name"].text } == ["store"])
            #expect(reasons.first?["detail"].text.contains("has not been answered") == true)
            #expect(taken < .seconds(10) && alive.status == 200)
            try await stage.until("it is ready again") {
                try await Stage.send(.GET, url + "/readyz").status == 200
            }
        }
    }

    @Test func `a consumer reads the whole log in pieces, each event once`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            try await stage.receive("A", 20)
            for number in 0..<4 { try await stage.order("971\(number)", [("A", 1)]) }
            for number in 0..<4 { try await stage.awaits("971\(number)", "confirmed") }
            let whole = try await stage.get("/v1/events?limit=500")["items"].list
            try #require(whole.count > 20 && whole.count < 500)

            var pieces: [JSONValue] = []
            var place = ""
            while true {
                let piece = try await stage.get("/v1/events?limit=7&after=\(place)")
                let items = piece["items"].list
                if items.isEmpty { break }
                pieces += items
                place = piece["next"].text
            }
            try await stage.order("9719", [("A", 1)])
            try await stage.awaits("9719", "confirmed")
            let later = try await stage.get("/v1/events?limit=500&after=\(place)")["items"].list
            let all = try await stage.get("/v1/events?limit=500")["items"].list

            #expect(pieces == whole)
            #expect(later == Array(all.dropFirst(whole.count)) && !later.isEmpty)
        }
    }

    @Test func `a caller's trace is carried to the last job and event`() async throws {
        try await Stage.with(.init(isPolling: false)) { stage in
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            try await stage.receive("A", 5)
            try await stage.order("9602", [("A", 1)], announce: false)
            let body = BadInputTests.event("trace-1", "9602")
            let path = "/hooks/walmart/\(stage.tenant)/\(stage.connection)"
            let now = SystemTimekeeper().now.microseconds / 1000
            let answer = try await Stage.send(
                .POST, "http://127.0.0.1:\(stage.port)\(path)", body,
                headers: BadInputTests.signed(body, path, now)
                    + [("traceparent", "00-\(trace)-00f067aa0ba902b7-01")])
            try #require(answer.status == 200, "\(answer.text)")
            try await stage.awaits("9602", "confirmed")

            let jobs = try await stage.get("/v1/jobs?limit=500")["items"].list
            let kinds = Set(
                jobs.filter { $0["correlation"].text == trace }.map { $0["kind"].text })
            #expect(kinds.contains("walmart.settleObligation"), "\(kinds)")
            let order = try #require(try await stage.find("9602"))["id"].text
            let history = try await stage.log().filter { $0.stream == "orders/\(order)" }
            #expect(history.count > 5 && history.allSatisfy { $0.correlation == trace })
            // The control: what belongs to nobody's call has another.
            #expect(try await stage.log().contains { $0.correlation != trace })
            let called = try await stage.ledger()["calls"].list.filter {
                $0["operation"].text == "ship" && $0["order"].text == "9602"
            }
            #expect(called.map { $0["trace"].text }.allSatisfy { $0.contains(trace) })
            #expect(!called.isEmpty)
        }
    }
}

extension Stage {
    /// Every event of the tenant, private ones too.
    func log() async throws -> [Envelope] {
        let tenant = try #require(TenantID(tenant))
        return try await platform.store.read(tenant) {
            try $0.log(after: .start, types: nil, limit: 5000).events
        }
    }

    /// A webhook about an order, which the marketplace need not know.
    func announce(_ event: String, order: String) async throws {
        let body = BadInputTests.event(event, order)
        let path = "/hooks/walmart/\(tenant)/\(connection)"
        let now = SystemTimekeeper().now.microseconds / 1000
        let answer = try await Stage.send(
            .POST, "http://127.0.0.1:\(port)\(path)", body,
            headers: BadInputTests.signed(body, path, now))
        try #require(answer.status == 200, "\(answer.text)")
    }
}

/// R24: nobody who heeds “not ready” is refused while the process stops.
@Suite(.serialized) struct DrainTests {
    /// What a load balancer saw.
    private final class Seen: Sendable {
        struct State {
            var isOut = false
            var sent = 0
            var refused = 0
            var booked = 0
            var stopped: Instant?
        }

        private let state = Mutex(State())
        var now: State { state.withLock { $0 } }
        func change(_ body: @Sendable (inout State) -> Void) { state.withLock { body(&$0) } }
    }

    private struct Drained {
        let sent: Int
        let refused: Int
        /// What was booked and acknowledged.
        let booked: Int
        let ending: ChildProcess.Ending
        let seconds: Double
    }

    /// Reads and books as callers behind a load balancer do, until readiness says no.
    private func load(_ session: ProcessSession, at facility: String) async throws -> Drained {
        let process = try await session.serve()
        defer { process.signal(SIGKILL) }
        try await session.ready()
        return try await Booker.with(session, at: facility) {
            try await load(session, process, booking: $0)
        }
    }

    private func load(
        _ session: ProcessSession, _ process: ChildProcess, booking booker: Booker
    ) async throws -> Drained {
        let seen = Seen()
        let clock = SystemTimekeeper()
        let url = "http://127.0.0.1:\(session.port)"
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    let answer = try? await Stage.send(
                        .GET, url + "/readyz", within: .seconds(3))
                    if answer?.status == 200 {
                        try await clock.sleep(for: .milliseconds(300))
                        continue
                    }
                    // Who learns it by not being answered has been refused as well.
                    let isRefused = answer == nil
                    seen.change {
                        $0.isOut = true
                        $0.refused += isRefused ? 1 : 0
                    }
                    return
                }
            }
            for _ in 0..<4 {
                group.addTask {
                    while !seen.now.isOut {
                        let answer = try? await Stage.send(
                            .GET, url + "/livez", within: .seconds(3))
                        let isRefused = answer?.status != 200
                        seen.change {
                            $0.sent += 1
                            $0.refused += isRefused ? 1 : 0
                        }
                        try await clock.sleep(for: .milliseconds(20))
                    }
                }
            }
            for caller in 0..<4 {
                group.addTask {
                    var turn = 0
                    while !seen.now.isOut {
                        turn += 1
                        let status = try? await booker.book("\(caller)-\(turn)").status
                        let isBooked = (status ?? 0) / 100 == 2
                        seen.change {
                            $0.sent += 1
                            $0.booked += isBooked ? 1 : 0
                            $0.refused += isBooked ? 0 : 1
                        }
                        try await clock.sleep(for: .milliseconds(20))
                    }
                }
            }
            try await session.until("requests flow") { seen.now.sent > 40 }
            seen.change { $0.stopped = clock.now }
            process.signal(SIGTERM)
            try await group.waitForAll()
        }
        let ending = try await process.ended()
        let began = try #require(seen.now.stopped)
        let (seconds, attoseconds) = clock.now.duration(since: began).components
        return Drained(
            sent: seen.now.sent, refused: seen.now.refused, booked: seen.now.booked,
            ending: ending, seconds: Double(seconds) + Double(attoseconds) / 1e18)
    }

    @Test func `requests are taken until those who send them go elsewhere`() async throws {
        let session = try await ProcessSession([], arguments: ["--drain-seconds", "3"])
        defer { session.end() }
        let facility = try await session.begin()

        let drained = try await load(session, at: facility)
        let next = try await session.serve()
        defer { next.signal(SIGKILL) }
        try await session.ready()

        #expect(drained.refused == 0 && drained.sent > 40, "\(drained)")
        // All that was said to be booked is there, and nothing else; one was there before.
        #expect(drained.booked > 10)
        #expect(try await session.available() == drained.booked + 1)
        #expect(drained.ending == .exited(0) && drained.seconds < 25, "\(drained)")
    }

    @Test func `the control: without a wait some are refused`() async throws {
        let session = try await ProcessSession([], arguments: ["--drain-seconds", "0"])
        defer { session.end() }
        let facility = try await session.begin()

        #expect(try await load(session, at: facility).refused > 0)
    }
}

extension ProcessSession {
    /// What is sold must be there before it serves. - Returns: where it lies.
    func begin() async throws -> String {
        let process = try await serve()
        defer { process.signal(SIGKILL) }
        try await ready()
        let facility = try await openStore()
        process.signal(SIGTERM)
        try await process.ended()
        return facility
    }
}
