import EngineTesting
import Kernel
import Storage
import StoragePostgres
import StorageTesting
import Synchronization
import Testing

/// R21: the server ends connections in the middle of transactions and of commits. Whether a commit
/// that had no answer came about is known by asking again under the same operation.
@Suite struct PostgresOrdealTests {
    private struct Outcome {
        var total: Int64 = 0
        var operations = 0
        var repeats = 0
    }

    private struct Unanswered: Error {}

    private final class Progress: Sendable {
        struct State {
            var kills = 0
            var operations = 0
            var repeats = 0
            var failures = 0
        }

        private let state = Mutex(State())
        var now: State { state.withLock { $0 } }
        let signal = Signal()

        func change(_ body: (inout State) -> Void) {
            state.withLock { body(&$0) }
            signal.raise()
        }
    }

    /// Adds one for each operation, asking until there is an answer, while connections are ended.
    private static func ordeal(_ harness: PostgresHarness, kills: Int) async throws -> Outcome {
        let seen = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let clock = SystemTimekeeper()
                while seen.now.kills < kills {
                    // Some are done between two of them, so that each hits others.
                    while seen.now.operations < seen.now.kills * 20 {
                        await seen.signal.wait(
                            after: seen.signal.generation, until: clock.now + .milliseconds(20),
                            by: clock)
                    }
                    try PostgresEngine.cutOff(harness.address)
                    seen.change { $0.kills += 1 }
                }
            }
            for worker in 0..<32 {
                group.addTask {
                    var number = 0
                    while seen.now.kills < kills {
                        let name = "op \(worker)-\(number)"
                        let repeats = try await raise(in: harness.store, as: name)
                        number += 1
                        seen.change {
                            $0.operations += 1
                            $0.repeats += repeats
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let total = try await harness.reopened().read(.sample(1)) {
            try $0.get(Counter.self, Counter.theID)?.total
        }
        return Outcome(
            total: Int64(total ?? 0), operations: seen.now.operations, repeats: seen.now.repeats)
    }

    /// Asks until there is an answer. - Returns: how often it had to ask again.
    /// - Parameter operation: what it is known by; `nil` for nothing.
    private static func raise(in store: Store, as operation: String?) async throws -> Int {
        @Sendable func change(_ transaction: Transaction) throws -> Bool {
            try transaction.execute(1, on: Counter.self, Counter.theID)
            return true
        }
        for repeats in 0... {
            do {
                if let operation {
                    _ = try await store.write(.sample(operation: operation), change)
                } else {
                    _ = try await store.writeUnrepeated(.sample(), change)
                }
                return repeats
            } catch let fault as any Fault where [.unavailable, .conflict].contains(fault.kind) {
                continue
            }
        }
        return 0
    }

    @Test func `connections ended in the middle: what was asked for is done once`() async throws {
        guard let server = try PostgresServer.address() else { return }
        let harness = try await PostgresHarness(server: server)

        let seen = try await Self.ordeal(harness, kills: Extent.of(15, whole: 500))

        #expect(seen.total == seen.operations)
        #expect(seen.repeats > 0, "no write was hit")
        await harness.store.close()
    }

    /// Each commit waits, on disk already, for a standby that is not there, until its connection is
    /// ended.
    @Test func `what was committed and not answered is looked up, not done again`() async throws {
        guard let server = try await BreakableServer.start() else { return }
        let harness = try await PostgresHarness(server: server.address)
        let operations = 48
        let progress = Progress()
        let standby = "ALTER SYSTEM SET synchronous_standby_names = "
        let reload = "SELECT pg_reload_conf()"
        try PostgresEngine.administer(harness.address, [standby + "'nobody'", reload])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<operations {
                group.addTask {
                    // Half of them have no name by which they could be found again.
                    let name = number.isMultiple(of: 2) ? "op \(number)" : nil
                    do {
                        _ = try await Self.raise(in: harness.store, as: name)
                        progress.change { $0.operations += 1 }
                    } catch {
                        progress.change { $0.failures += 1 }
                        throw error
                    }
                }
            }
            let clock = SystemTimekeeper()
            let end = clock.steady + .seconds(120)
            // Whatever comes of it: what waits for the standby would wait for ever.
            defer {
                try? PostgresEngine.administer(harness.address, [standby + "''", reload])
                try? PostgresEngine.cutOff(harness.address)
            }
            while progress.now.operations + progress.now.failures < operations {
                guard clock.steady < end else { throw Unanswered() }
                await progress.signal.wait(
                    after: progress.signal.generation, until: clock.now + .milliseconds(20),
                    by: clock)
                guard try PostgresEngine.unheard(harness.address) > 0 else { continue }
                try PostgresEngine.cutOff(harness.address)
                progress.change { $0.kills += 1 }
            }
            try await group.waitForAll()
        }

        let total = try await harness.reopened().read(.sample(1)) {
            try $0.get(Counter.self, Counter.theID)?.total
        }
        #expect(total == operations)
        // The control that it struck: none was answered in any other way.
        #expect(progress.now.kills > 0)
        await harness.store.close()
        try await server.stop()
    }
}
