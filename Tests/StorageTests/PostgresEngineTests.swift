import Dispatch
import EngineTesting
import Foundation
import Kernel
import Storage
import StoragePostgres
import StorageTesting
import Synchronization
import Testing

/// What only a database with several writers can get wrong.
@Suite struct PostgresEngineTests {
    @Test func `an open writer holds up nobody, and what it commits late is read, once`()
        async throws
    {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let other = Store(engine: try PostgresEngine(address: harness.address))
        let isInside = AsyncStream.makeStream(of: Void.self)
        let mayCommit = DispatchSemaphore(value: 0)
        let late = Task {
            try await other.writeUnrepeated(.sample()) { transaction in
                try transaction.emit(Marked(name: "late"), to: "test/late")
                isInside.continuation.yield()
                // A closure blocks its own writer; that is what this test is about.
                mayCommit.wait()
            }
        }
        for await _ in isInside.stream { break }
        for name in ["one", "two"] { try await Self.mark(name, in: harness.store) }

        var cursor = LogCursor.start
        let before = try await Self.names(after: &cursor, in: harness.store)
        try await Self.mark("three", in: harness.store)
        let meanwhile = try await Self.names(after: &cursor, in: harness.store)
        mayCommit.signal()
        try await late.value
        let after = try await Self.names(after: &cursor, in: harness.store)
        let again = try await Self.names(after: &cursor, in: harness.store)

        #expect(before == ["one", "two"] && meanwhile == ["three"])
        #expect(after == ["late"] && again.isEmpty)
        await other.close()
        await harness.store.close()
    }

    /// Of open transactions a snapshot lists only those before the last that has ended: the others may
    /// have drawn lower numbers than what it sees.
    @Test func `the last to begin may have drawn the lower number, and is read all the same`()
        async throws
    {
        // On a server of its own: whatever else ends on it would put the open one on the list.
        guard let server = try await BreakableServer.start() else { return }
        let harness = try await PostgresHarness(server: server.address)
        let stores = try (0..<2).map { _ in
            Store(engine: try PostgresEngine(address: harness.address))
        }
        let isInside = (0..<2).map { _ in AsyncStream.makeStream(of: Void.self) }
        let mayGoOn = (0..<2).map { _ in DispatchSemaphore(value: 0) }
        let first = Task {
            try await stores[0].writeUnrepeated(.sample()) { transaction in
                try transaction.emit(Marked(name: "lowest"), to: "test/lowest")
                isInside[0].continuation.yield()
                mayGoOn[0].wait()
                try transaction.emit(Marked(name: "high"), to: "test/high")
            }
        }
        for await _ in isInside[0].stream { break }
        let second = Task {
            try await stores[1].writeUnrepeated(.sample()) { transaction in
                try transaction.emit(Marked(name: "low"), to: "test/low")
                isInside[1].continuation.yield()
                mayGoOn[1].wait()
            }
        }
        for await _ in isInside[1].stream { break }

        var cursor = LogCursor.start
        mayGoOn[0].signal()
        try await first.value
        let before = try await Self.names(after: &cursor, in: harness.store)
        mayGoOn[1].signal()
        try await second.value
        let after = try await Self.names(after: &cursor, in: harness.store)
        try await Self.mark("next", in: harness.store)
        let next = try await Self.names(after: &cursor, in: harness.store)

        #expect(before == ["lowest", "high"] && after == ["low"] && next == ["next"])
        for store in stores + [harness.store] { await store.close() }
        try await server.stop()
    }

    @Test(arguments: 0..<6)
    func `several writers at once: every event is read once, whatever their order`(
        _ seed: UInt64
    ) async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let others = try (0..<3).map { _ in
            Store(engine: try PostgresEngine(address: harness.address))
        }
        let writers = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, store) in others.enumerated() {
                    group.addTask {
                        for number in 0..<40 {
                            try await Self.mark("\(seed)-\(index)-\(number)", in: store)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        var cursor = LogCursor.start
        var seen: [String] = []
        while seen.count < 120 {
            seen += try await Self.names(after: &cursor, limit: 7, in: harness.store)
        }
        try await writers.value
        seen += try await Self.names(after: &cursor, in: harness.store)

        #expect(seen.count == 120 && Set(seen).count == 120)
        for index in 0..<3 {
            let mine = seen.filter { $0.hasPrefix("\(seed)-\(index)-") }
            #expect(mine == (0..<40).map { "\(seed)-\(index)-\($0)" }, "in the order of one writer")
        }
        for store in others { await store.close() }
        await harness.store.close()
    }

    /// Seen by the server itself, under the roles that everything runs under.
    @Test func `no table that grows is ever read from end to end`() async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let growing = [
            "events", "operations", "tokens", "parked", "jobs", "job_history", "c_gadgets",
        ]
        // Making indexes reads tables whole; a session tells what it counted when it ends.
        let store = try await harness.reopened()
        let before = try PostgresEngine.scans(harness.address, of: growing)
        for number in 0..<40 {
            try await store.writeUnrepeated(.sample()) { transaction in
                try transaction.emit(Marked(name: "\(number)"), to: "test/\(number)")
                try transaction.insert(
                    Gadget(id: transaction.decision.newID(), name: "gadget \(number)"))
            }
        }
        var cursor = LogCursor.start
        for _ in 0..<3 { _ = try await Self.names(after: &cursor, limit: 20, in: store) }
        try await Self.mark("one more", in: store)
        _ = try await Self.names(after: &cursor, in: store)
        _ = try await store.read(.sample(1)) { reader in
            _ = try reader.find(Gadget.byName, "gadget 3")
            _ = try reader.page(Gadget.byColour, equals: ["red"], limit: 5)
            _ = try reader.search(Gadget.self, prefix: "n:gadget", limit: 5)
            _ = try reader.count(Gadget.byColour, equals: ["red"], limit: 100)
            _ = try reader.log(after: .start, types: [Marked.type], limit: 5)
            return try reader.events(ofStream: "test/3").count
        }
        _ = try await store.bookkeeping { session in
            _ = try session.jobs(
                JobFilter(tenant: .sample(1), states: [.discarded]), before: nil, limit: 5)
            _ = try session.parkedDue(subscription: "s", now: 1, horizon: 2, limit: 5)
            _ = try session.parkedKeys(subscription: "s")
            return try session.parkedList(tenant: .sample(1), after: 0, limit: 5).count
        }
        await store.close()
        let after = try PostgresEngine.scans(harness.address, of: growing)
        try PostgresEngine.administer(
            harness.address, ["SET enable_seqscan = on; SELECT count(actor_id) FROM events"])
        let planted = try PostgresEngine.scans(harness.address, of: growing)

        #expect(before.count == growing.count && after == before)
        #expect(planted["events"] == (before["events"] ?? 0) + 1)
    }

    @Test func `the database itself keeps tenants apart, whatever a statement asks for`()
        async throws
    {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let engine = try PostgresEngine(address: harness.address)
        try await Self.mark("mine", in: harness.store)

        let own = try await engine.read(.sample(1), lane: .looking) {
            try $0.stream(tenant: .sample(1), stream: "test/mine", after: 0, limit: 9).count
        }
        let foreign = try await engine.read(.sample(2), lane: .looking) {
            try $0.stream(tenant: .sample(1), stream: "test/mine", after: 0, limit: 9).count
        }

        #expect(own == 1 && foreign == 0)
        await engine.close()
        await harness.store.close()
    }

    @Test func `two writers of one record: both changes count`() async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let other = Store(engine: try PostgresEngine(address: harness.address))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for store in [harness.store, other] {
                for _ in 0..<25 {
                    group.addTask {
                        _ = try await store.writeUnrepeated(.sample()) { transaction in
                            try transaction.execute(1, on: Counter.self, Counter.theID)
                            return true
                        }
                    }
                }
            }
            try await group.waitForAll()
        }

        let total = try await harness.store.read(.sample(1)) {
            try $0.get(Counter.self, Counter.theID)?.total
        }

        #expect(total == 50)
        await other.close()
        await harness.store.close()
    }

    @Test func `a database of a newer release is left alone`() async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        await harness.store.close()
        try PostgresEngine.administer(
            harness.address, ["INSERT INTO longshore_schema(version) VALUES(99)"])

        let fault = #expect(throws: StorageError.self) {
            _ = try PostgresEngine(address: harness.address)
        }

        #expect(fault?.reason == .newerVersion)
    }

    @Test func `a beginning that failed half way leaves nothing on the connection`() async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)
        let (function, away) = ("pg_catalog.pg_current_xact_id()", "pg_current_xact_id_away")
        try PostgresEngine.administer(
            harness.address, ["ALTER FUNCTION \(function) RENAME TO \(away)"])

        for _ in 0..<2 {
            await #expect(throws: StorageError.self) {
                try await Self.mark("refused", in: harness.store)
            }
        }
        try PostgresEngine.administer(
            harness.address,
            ["ALTER FUNCTION pg_catalog.\(away)() RENAME TO pg_current_xact_id"])
        try await Self.mark("kept", in: harness.store)

        var cursor = LogCursor.start
        #expect(try await Self.names(after: &cursor, in: harness.store) == ["kept"])
        await harness.store.close()
    }

    @Test func `an address that cannot be read is not quoted: a password may be in it`() {
        let fault = #expect(throws: StorageError.self) {
            _ = try PostgresEngine(address: "postgresql://me:se%cret@127.0.0.1/shop")
        }

        #expect(fault?.reason == .addressMalformed)
        #expect(fault?.detail.contains("cret") == false)
    }

    @Test(arguments: ["0:0:-0", "1:5:2,,3-0", "1:5:3,2-0", "1:5:9-0", "1:5:-", "1:5:"])
    func `a position that the server would not read is refused by name`(_ text: String) async throws
    {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)

        let cursor = try #require(LogCursor(text))
        let fault = await #expect(throws: StorageError.self) {
            _ = try await harness.store.read(.sample(1)) {
                try $0.log(after: cursor, types: [Marked.type], limit: 1)
            }
        }

        #expect(fault?.reason == .cursorMalformed)
        await harness.store.close()
    }

    @Test func `row-level security is forced on every table that belongs to a tenant`() async throws
    {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)

        let open = try PostgresEngine.unguarded(harness.address)

        #expect(open.isEmpty, "\(open)")
        try PostgresEngine.administer(
            harness.address, ["ALTER TABLE events NO FORCE ROW LEVEL SECURITY"])
        #expect(try PostgresEngine.unguarded(harness.address) == ["events"])
        await harness.store.close()
    }

    @Test func `a server that takes no writes, and one that is not there, are named`() async throws
    {
        guard let server = try PostgresServer.address() else { return }
        let database = try PostgresHarness.Database(on: server)
        let readOnly = #expect(throws: StorageError.self) {
            _ = try PostgresEngine(
                address: database.address + " options='-c default_transaction_read_only=on'")
        }
        let absent = #expect(throws: StorageError.self) {
            _ = try PostgresEngine(address: "host=127.0.0.1 port=1 user=nobody")
        }

        #expect(readOnly?.reason == .readOnly)
        #expect(absent?.reason == .unreachable)
    }

    private static func mark(_ name: String, in store: Store) async throws {
        try await store.writeUnrepeated(.sample()) {
            try $0.emit(Marked(name: name), to: "test/\(name)")
        }
    }

    private static func names(
        after cursor: inout LogCursor, limit: Int = 100, in store: Store
    ) async throws -> [String] {
        let start = cursor
        let (page, events) = try await store.log(
            after: start, types: [Marked.type], limit: limit)
        cursor = page.next
        return try events.map { try $0.decode(Marked.self).name }
    }
}

struct Marked: EventPayload {
    static let type: EventType = "testing.marked.1"
    let name: String
}
