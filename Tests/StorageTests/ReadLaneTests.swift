import EngineTesting
import Storage
import StorageTesting
import Synchronization
import Testing

@Suite(.onBothEngines, .namingTheEngine) struct ReadLaneTests {
    /// Keeps readers busy until it is opened, and not for ever.
    private final class Gate: Sendable {
        private let isOpen = Atomic<Bool>(false)
        private let busy = Atomic<Int>(0)
        private let end = ContinuousClock.now + .seconds(20)

        var readers: Int { busy.load(ordering: .acquiring) }
        func open() { isOpen.store(true, ordering: .releasing) }

        /// - Returns: whether it was opened in time.
        func pass() -> Bool {
            busy.add(1, ordering: .acquiringAndReleasing)
            while !isOpen.load(ordering: .acquiring), ContinuousClock.now < end {}
            return isOpen.load(ordering: .acquiring)
        }
    }

    @Test func `however long people look, what keeps work moving is read`() async throws {
        let database = try TestDatabase()
        let store = Store(engine: try database.engine())
        _ = try await store.open([Gadget.self])
        let gate = Gate()
        let surveys = (0..<4).map { _ in
            Task { try await store.survey { _ in gate.pass() } }
        }
        while gate.readers < 2 { await Task.yield() }

        let jobs = try await store.bookkeeping { try $0.runningJobs().count }
        gate.open()

        #expect(jobs == 0)
        for survey in surveys { #expect(try await survey.value) }
        await store.close()
    }
}
