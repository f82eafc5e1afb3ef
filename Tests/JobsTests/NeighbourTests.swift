import EngineTesting
import Jobs
import Kernel
import Storage
import StorageTesting
import Synchronization
import Testing

/// R23: one tenant's flood is not another's wait.
@Suite struct NeighbourTests {
    private static let flood = 1500
    private static let few = 50

    /// Ends in the order in which they came.
    private final class Finish: Sendable {
        private let order = Mutex<[String]>([])
        var names: [String] { order.withLock { $0 } }
        func add(_ name: String) { order.withLock { $0.append(name) } }
    }

    private struct Worker: JobWorker {
        let finish: Finish

        func work(_ job: Tally, in context: JobContext) async throws -> JobOutcome {
            finish.add(job.name)
            return .completed
        }
    }

    /// Floods the queue, then brings a few jobs of `second`, and runs them all.
    /// - Returns: at which place the last of the few began.
    private static func lastPlace(of second: TenantID) async throws -> Int {
        var stage = try await JobsStage()
        let finish = Finish()
        stage.registry.add(Worker(finish: finish))
        try await stage.store.writeUnrepeated(.sample()) { transaction in
            for number in 0..<flood { _ = try transaction.enqueue(Tally(name: "f\(number)")) }
        }
        try await stage.store.writeUnrepeated(.sample(tenant: second)) { transaction in
            for number in 0..<few { _ = try transaction.enqueue(Tally(name: "s\(number)")) }
        }
        let running = stage
        try await running.whileDispatching { stage, board in
            try await stage.until { board.figures.completed == flood + few }
        }
        let names = finish.names
        #expect(Set(names).count == flood + few && names.count == flood + few)
        return try #require(names.lastIndex { $0.hasPrefix("s") })
    }

    @Test func `a few jobs behind another tenant's thousands take turns with them`() async throws {
        // In turns, they are among the first hundred, and what the flood had running before.
        #expect(try await Self.lastPlace(of: .sample(2)) < 2 * Self.few + 300)
    }

    @Test func `the control: behind one's own thousands they come last`() async throws {
        #expect(try await Self.lastPlace(of: .sample(1)) > Self.flood)
    }
}
