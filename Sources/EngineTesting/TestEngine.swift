import Foundation
import Kernel
package import Storage
import StoragePostgres
import StorageSQLite
import Synchronization
package import Testing

/// The engines that one suite runs over.
package enum TestEngine: String, Sendable, CaseIterable {
    case sqlite = "SQLite"
    case postgres = "PostgreSQL"

    /// The engine of the test that is running.
    @TaskLocal package static var current = TestEngine.sqlite

    /// - Returns: whether it can be tested here.
    func isHere() throws -> Bool { try self != .postgres || PostgresServer.address() != nil }
}

/// A database of the running test's own: empty at first, opened as often as is asked, and gone with
/// the last reference to it.
package final class TestDatabase: Sendable {
    private enum Place: Sendable {
        case folder(String)
        case server(PostgresHarness.Database)
    }

    private let place: Place

    /// On a server of the test's own.
    package init(on server: BreakableServer) throws {
        place = .server(try PostgresHarness.Database(on: server.address))
    }

    package init() throws {
        switch TestEngine.current {
        case .sqlite:
            place = .folder(NSTemporaryDirectory() + "longshore-test-\(UUID().uuidString)")
        case .postgres:
            guard let server = try PostgresServer.address() else { throw PostgresServer.Missing() }
            place = .server(try PostgresHarness.Database(on: server))
        }
    }

    /// A database that several processes may share; `nil`, and said so, where there is no server.
    package static func shared() throws -> TestDatabase? {
        guard try TestEngine.postgres.isHere() else { return nil }
        return try TestEngine.$current.withValue(.postgres) { try TestDatabase() }
    }

    deinit {
        guard case .folder(let path) = place else { return }
        // What cannot be removed lies in the folder for such things.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Whether somebody waits for a lock on its server at this moment.
    package func hasWaiters() throws -> Bool {
        guard case .server(let database) = place else { return false }
        return try PostgresEngine.waiters(database.address) > 0
    }

    /// Ends every connection to its database; nothing for a folder.
    package func cutOff() throws {
        guard case .server(let database) = place else { return }
        try PostgresEngine.cutOff(database.address)
    }

    /// One more process' view of the same data.
    package func engine() throws -> any StorageEngine {
        switch place {
        case .folder(let path): try SQLiteEngine(folder: DataFolder(path: path)) { _ in }
        case .server(let database): try PostgresEngine(address: database.address)
        }
    }
}

/// Runs each test of a suite once over every engine.
package struct OnBothEngines: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for engine in TestEngine.allCases where try engine.isHere() {
            try await TestEngine.$current.withValue(engine) {
                switch engine {
                case .sqlite: try await function()
                // A server has so many connections, and tests have no end of them.
                case .postgres: try await Places.shared.withOne(function)
                }
            }
        }
    }
}

extension Trait where Self == OnBothEngines {
    package static var onBothEngines: Self { Self() }
}

extension Trait where Self == IssueHandlingTrait {
    /// Says over which engine an expectation failed.
    package static var namingTheEngine: Self {
        .compactMapIssues { issue in
            var issue = issue
            issue.comments.append("over \(TestEngine.current.rawValue)")
            return issue
        }
    }
}

/// So many at once, the others in turn.
private actor Places {
    static let shared = Places(12)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ free: Int) { self.free = free }

    nonisolated func withOne(_ body: @Sendable () async throws -> Void) async throws {
        await take()
        do { try await body() } catch {
            await giveBack()
            throw error
        }
        await giveBack()
    }

    private func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func giveBack() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        free += 1
    }
}
