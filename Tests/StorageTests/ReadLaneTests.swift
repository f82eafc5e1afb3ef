import EngineTesting
import Kernel
import Storage
import StorageTesting
import Testing

@Suite(.onBothEngines, .namingTheEngine) struct ReadLaneTests {
    @Test func `however long people look, what keeps work moving is read`() async throws {
        let database = try TestDatabase()
        let store = Store(engine: try database.engine())
        _ = try await store.open([Gadget.self])
        let gate = Gate()
        let surveys = (0..<4).map { _ in
            Task { try await store.survey { _ in gate.pass() } }
        }
        await gate.busy.first(at: 2)

        let jobs = try await store.bookkeeping { try $0.runningJobs().count }
        gate.open(for: surveys.count)

        #expect(jobs == 0)
        for survey in surveys { #expect(try await survey.value) }
        await store.close()
    }
}
