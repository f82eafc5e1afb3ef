import EngineTesting
import Jobs
import Kernel
import Storage
import StorageTesting
import Synchronization
import Testing

/// On PostgreSQL claims go over a connection of their own, beside what people and workers write: each
/// waits for the other where both want the same job.
@Suite struct MeetingTests {
    /// What one side of a meeting tells the other.
    private final class Meeting: Sendable {
        private let isOver = Atomic<Bool>(false)
        private let signal = Counted()
        private let database: TestDatabase

        init(_ database: TestDatabase) { self.database = database }

        /// In the midst of a transaction: lets the other come, and goes on once that one waits or is done.
        func letCome() throws {
            signal.raise()
            while !isOver.load(ordering: .acquiring), try !database.hasWaiters() {}
        }

        func come() async { await signal.first(at: 1) }
        func end() { isOver.store(true, ordering: .releasing) }
    }

    /// On a server of its own: others' waits would be taken for these.
    private static func with(
        _ body: (Store, Meeting) async throws -> Void
    ) async throws {
        guard let server = try await BreakableServer.start() else { return }
        let database = try TestDatabase(on: server)
        let store = Store(engine: try database.engine())
        _ = try await store.open([Gadget.self] + JobsModule.collections)
        try await body(store, Meeting(database))
        await store.close()
        try await server.stop()
    }

    @Test func `a job that is kept is not begun before what counts on it is there`() async throws {
        try await Self.with { store, meeting in
            let options = JobOptions(uniqueness: .untilStarted("key"))
            let number = try await store.writeUnrepeated(.sample()) {
                try $0.enqueue(Probe(name: "ok"), options) ?? 0
            }
            async let keeping = store.writeUnrepeated(.sample()) { transaction in
                try transaction.insert(
                    Gadget(id: transaction.decision.newID(), name: "counts on it"))
                let insertion = try transaction.put(Probe(name: "ok"), options, nil)
                try meeting.letCome()
                return insertion
            }
            await meeting.come()

            let seen = try await store.writeUnrepeated(.sample(), lane: .dispatching) {
                transaction in
                let claimed = try transaction.bookkeeping {
                    try $0.claim([number], now: 1, isAlone: false)
                }
                meeting.end()
                guard !claimed.isEmpty else { return -1 }
                return try transaction.count(Gadget.byName, equals: [], limit: 2)
            }

            #expect(try await keeping == .kept(number))
            #expect(seen == 1)
        }
    }

    @Test func `who cancels a job that is being claimed asks it to end`() async throws {
        try await Self.with { store, meeting in
            var registry = JobRegistry()
            registry.add(ProbeWorker())
            let desk = JobDesk(ending: JobEnding(registry: registry))
            let number = try await store.writeUnrepeated(.sample()) {
                try $0.enqueue(Probe(name: "ok")) ?? 0
            }
            async let claiming = store.writeUnrepeated(.sample(), lane: .dispatching) {
                transaction in
                let claimed = try transaction.bookkeeping {
                    try $0.claim([number], now: 1, isAlone: false)
                }
                try meeting.letCome()
                return claimed.count
            }
            await meeting.come()

            let state = try await store.writeUnrepeated(.sample()) {
                try desk.cancel(number, in: $0)
            }
            meeting.end()

            #expect(try await claiming == 1 && state == .running)
            #expect(try await store.bookkeeping { try $0.job(number)?.isCancelling } == true)
        }
    }
}
