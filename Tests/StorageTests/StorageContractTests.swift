import EngineTesting
import Foundation
import Kernel
import Storage
import StorageSQLite
import StorageTesting
import Testing

@Suite struct StorageContractTests {
    @Test(arguments: StorageContract.cases)
    func `SQLite keeps the transaction contract`(_ contract: StorageContract) async throws {
        let harness = try await SQLiteHarness()

        try await contract.run(harness)

        await harness.store.close()
    }
}

@Suite struct PostgresContractTests {
    @Test(arguments: StorageContract.cases)
    func `PostgreSQL keeps the transaction contract`(_ contract: StorageContract) async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)

        try await contract.run(harness)

        await harness.store.close()
    }
}

@Suite struct SQLiteEngineTests {
    @Test func `runs with a full sync at every commit`() async throws {
        let harness = try await SQLiteHarness()

        let facts = try await harness.store.facts()

        #expect(facts["synchronous"] == "2")
        #expect(facts["journal_mode"] == "wal")
    }

    @Test func `a database that may not be written refuses by name, and goes on afterwards`()
        async throws
    {
        let path = NSTemporaryDirectory() + "longshore-store-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let engine = try SQLiteEngine(folder: DataFolder(path: path)) { _ in }
        let store = Store(engine: engine)
        _ = try await store.open([Gadget.self])
        try engine.provoke("PRAGMA query_only = 1")

        await #expect(throws: StorageError.self) { try await Self.put("refused", in: store) }
        do { try await Self.put("refused", in: store) } catch let fault as StorageError {
            #expect(fault.reason == .readOnly && fault.kind == .unavailable)
        }
        try engine.provoke("PRAGMA query_only = 0")
        try await Self.put("kept", in: store)

        let names = try await store.read(.sample(1)) {
            try $0.page(Gadget.byName, limit: 10).items.map(\.name)
        }
        #expect(names == ["kept"])
        await store.close()
    }

    @Test func `a folder that cannot be made says why`() throws {
        let fault = #expect(throws: StorageError.self) {
            _ = try DataFolder(path: "/proc/longshore")
        }
        #expect(fault?.detail.contains("/proc/longshore") == true)
    }

    private static func put(_ name: String, in store: Store) async throws {
        try await store.writeUnrepeated(.sample()) { transaction in
            try transaction.insert(Gadget(id: transaction.decision.newID(), name: name))
        }
    }

    @Test func `groups what waits together into fewer commits`() async throws {
        let harness = try await SQLiteHarness()

        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    _ = try await harness.store.write(.sample()) { transaction in
                        try transaction.insert(
                            Gadget(id: .sample(UInt64(number)), name: "\(number)"))
                        return true
                    }
                }
            }
            try await group.waitForAll()
        }

        let facts = try await harness.store.facts()
        let commits = try #require(Int(facts["commits"] ?? ""))
        #expect(commits < 200, "400 closures took \(commits) commits")
    }

    @Test func `refuses a folder that another holds`() async throws {
        let path = NSTemporaryDirectory() + "longshore-lock-\(UUID().uuidString)"
        let first = try DataFolder(path: path)

        #expect(throws: StorageError.self) { try DataFolder(path: path) }
        #expect(first.path == path)
    }

    @Test func `a changed declaration is seen, made and filled`() async throws {
        let harness = try await SQLiteHarness()
        _ = try await harness.store.write(.sample()) { transaction in
            try transaction.insert(Gadget(id: .sample(1), name: "a", weight: 42))
            return true
        }

        let plan = try await harness.store.open([WeighedGadget.self])
        let found = try await harness.store.read(.sample(1)) {
            try $0.page(WeighedGadget.byWeight, equals: [42], limit: 10).items
        }

        #expect(plan.contains("gadgets: column heaviness added"))
        #expect(found.map(\.id) == [.sample(1)])
    }

    /// The same collection a release later, with another index.
    struct WeighedGadget: Record {
        static let collection = "gadgets"
        static let byWeight = Index<WeighedGadget>("by_weight", Column("heaviness", \.weight))
        static let indexes = [byWeight]
        let id: Identifier<GadgetTag>
        let weight: Int
    }
}

@Suite struct UpcastingTests {
    struct Renamed: EventPayload {
        static let type: EventType = "testing.counterRaised.2"
        let amount: Int
    }

    @Test func `an old version of an event is lifted whenever it is read`() async throws {
        let path = NSTemporaryDirectory() + "longshore-upcast-\(UUID().uuidString)"
        let engine = try SQLiteEngine(folder: DataFolder(path: path)) { _ in }
        let lift = Upcaster(from: CounterRaised.type, to: Renamed.type) { old in
            let value = try BodyCoder.decode(JSONValue.self, from: old)
            return try BodyCoder.encode(JSONValue.object(["amount": value["by"] ?? .null]))
        }
        let store = Store(engine: engine, upcasters: [lift])
        _ = try await store.open([Counter.self])
        _ = try await store.write(.sample()) { transaction in
            try transaction.execute(9, on: Counter.self, Counter.theID)
            return true
        }

        let (events, _) = try await store.read(.sample(1)) {
            try $0.log(after: .start, types: [Renamed.type], limit: 10)
        }

        #expect(try events.map { try $0.decode(Renamed.self).amount } == [9])
        await store.close()
        try FileManager.default.removeItem(atPath: path)
    }
}

@Suite struct FairQueueTests {
    @Test func `one tenant's flood does not keep another waiting`() {
        var queue = FairQueue()
        let order = OrderOfRuns()
        for number in 0..<100 { queue.add(order.work("flood \(number)", .sample(1))) }
        queue.add(order.work("other", .sample(2)))

        for _ in 0..<3 { queue.pop()?.finish(.success(())) }

        #expect(order.names.contains("other"))
    }

    @Test func `work put back runs first, in its old order`() {
        var queue = FairQueue()
        let order = OrderOfRuns()
        queue.add(order.work("late", .sample(1)))
        queue.putBack([order.work("a", .sample(1)), order.work("b", .sample(1))])

        while let work = queue.pop() { work.finish(.success(())) }

        #expect(order.names == ["a", "b", "late"])
    }

    private final class OrderOfRuns: @unchecked Sendable {
        var names: [String] = []

        func work(_ name: String, _ tenant: TenantID) -> EngineWork {
            EngineWork(
                lane: .interactive, tenant: tenant, run: { _ in }, undo: {},
                finish: { _ in self.names.append(name) })
        }
    }
}
