import Issues
import Kernel
import Platform
import Storage
import StorageTesting
import Testing

/// What did not happen, and should have: each detector with what it must see and what it must not.
@Suite struct WatchingTests {
    /// What one detector misses after so long.
    private func missed(
        _ name: String, after wait: Duration, _ stage: Stage
    ) async throws -> [Absence] {
        let detector = try #require(stage.platform.issues.detectors.first { $0.name == name })
        let tenant = try #require(TenantID(stage.tenant))
        return try await detector.absences(of: [tenant], at: SystemTimekeeper().now + wait)[
            tenant, default: []]
    }

    @Test
    func `an order that stays in a stage for too long is missed, and one that goes on is not`()
        async throws
    {
        try await Stage.with(.init(isWarehouseAutomatic: false, isPolling: false)) { stage in
            try await stage.receive("A", 1)
            try await stage.order("7101", [("A", 1)])
            try await stage.awaits("7101", "released")
            try await stage.order("7102", [("A", 1)])
            try await stage.awaits("7102", "waiting")
            let id = try await stage.find("7101")?["id"].text
            let other = try await stage.find("7102")?["id"].text

            let soon = try await missed("orders.standstill", after: .seconds(2 * 86_400), stage)
            let late = try await missed("orders.standstill", after: .seconds(4 * 86_400), stage)

            #expect(soon.isEmpty)
            #expect(Set(late.map(\.order)) == [id, other])
            #expect(Set(late.map { $0.subject.prefix(8) }) == ["released", "waiting/"])
            #expect(late.allSatisfy { $0.fault.code == "orders.standstill" })
        }
    }

    @Test func `a connection whose lists are not read is missed after a quarter of an hour`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            let soon = try await missed("channels.unread", after: .seconds(14 * 60), stage)
            let late = try await missed("channels.unread", after: .seconds(16 * 60), stage)

            #expect(soon.isEmpty)
            #expect(late.map(\.subject) == [stage.connection])
            #expect(late.first?.fault.detail.contains("it never ran") == true)
        }
    }

    @Test func `a connection whose lists were read is missed once they are not any more`()
        async throws
    {
        try await Stage.with { stage in
            // Only the lists bring it.
            try await stage.receive("A", 1)
            try await stage.order("7201", [("A", 1)], announce: false)
            try await stage.awaits("7201", "confirmed")
            try await stage.until("all of the lists were read") {
                try await self.missed("channels.unread", after: .seconds(14 * 60), stage).isEmpty
            }
            let late = try await missed("channels.unread", after: .seconds(40 * 60), stage)

            #expect(late.map(\.subject) == [stage.connection])
            #expect(late.first?.fault.code == "channels.unread")
        }
    }

    @Test func `work that is due and not begun is missed, and what waits for its time is not`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            try await stage.receive("A", 1)
            try await stage.post(
                "/admin/pauses",
                .object([
                    "scope": .string("kind:walmart.fetchOrder"), "reason": .string("looking"),
                ]))
            try await stage.order("7301", [("A", 1)])
            try await stage.until("the job waits") {
                try await stage.get("/v1/jobs?limit=9&state=available")["items"].list.contains {
                    $0["kind"].text == "walmart.fetchOrder"
                }
            }

            let soon = try await missed("jobs.standstill", after: .seconds(14 * 60), stage)
            let late = try await missed("jobs.standstill", after: .seconds(16 * 60), stage)

            #expect(soon.isEmpty)
            #expect(late.map(\.fault.code) == ["jobs.standstill"])
            #expect(late.first?.fault.detail.contains("walmart.fetchOrder") == true)
        }
    }

    @Test func `silence is unusual when it is long, and much longer than ever of late`() {
        let start = Instant(microseconds: 1_767_225_600_000_000)
        func silence(orders: Int, every gap: Duration, after wait: Duration) -> Duration? {
            let times = (0..<orders).map { start + gap * $0 }
            return ChannelsSilent.silence(after: times, at: (times.last ?? start) + wait)
        }
        let hour = Duration.seconds(3600)

        #expect(silence(orders: 20, every: hour, after: hour * 7) == hour * 7)
        #expect(silence(orders: 20, every: hour, after: hour * 5) == nil)
        // It is usual here that half a day passes.
        #expect(silence(orders: 20, every: hour * 12, after: hour * 30) == nil)
        #expect(silence(orders: 20, every: hour * 12, after: hour * 37) == hour * 37)
        // Too few to know what is usual.
        #expect(silence(orders: 19, every: hour, after: hour * 70) == nil)
        #expect(silence(orders: 0, every: hour, after: hour * 70) == nil)
    }
}
