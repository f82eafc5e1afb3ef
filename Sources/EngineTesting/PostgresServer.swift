import Foundation
import Glibc
import Processes
import Synchronization

/// One PostgreSQL server for all tests of this process, on a folder of its own on disk.
package enum PostgresServer {
    private static let state = Mutex<Result<String, any Error>?>(nil)
    private static let folder = "/var/tmp/longshore-postgres-\(getpid())"
    fileprivate static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Scripts/postgres").standardized

    /// What the script ends with where no server is installed.
    private static let missing: Int32 = 69

    struct Missing: Error {}
    struct Failed: Error { let status: Int32 }

    /// The server's address; it is started at the first call.
    /// - Returns: `nil`, and says so, where none is installed.
    /// - Throws: `Failed` for a server that does not start; `Missing` where the checks run.
    package static func address() throws -> String? {
        let result = state.withLock { state in
            if let known = state { return known }
            let made = Result { try start() }
            state = made
            return made
        }
        do { return try result.get() } catch is Missing {
            print("SKIPPED: no PostgreSQL server is installed, so nothing is tested over it here")
            guard ProcessInfo.processInfo.environment["CI"] == nil else { throw Missing() }
            return nil
        }
    }

    private static func start() throws -> String {
        guard let output = popen("'\(script.path)' start '\(folder)'", "r") else {
            throw Failed(status: errno)
        }
        // One line, not to the end: the server itself may hold the pipe for as long as it runs.
        var line = [CChar](repeating: 0, count: 1000)
        let hasLine = fgets(&line, Int32(line.count), output) != nil
        let status = pclose(output) >> 8
        guard status != missing else { throw Missing() }
        guard status == 0, hasLine else { throw Failed(status: status) }
        atexit {
            _ = popen("'\(PostgresServer.script.path)' stop '\(PostgresServer.folder)'", "r").map(
                pclose)
        }
        return String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self
        )
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// A server that one test has for itself, so that it may be broken.
package struct BreakableServer: Sendable {
    package let address: String
    private let folder: String

    /// - Returns: `nil`, and says so, where there is no server.
    package static func start() async throws -> BreakableServer? {
        guard try TestEngine.postgres.isHere() else { return nil }
        let folder = "/var/tmp/longshore-postgres-\(UUID().uuidString.prefix(8))"
        let script = try await ChildProcess.start([PostgresServer.script.path, "start", folder])
        guard let line = await script.firstLine(), line.hasPrefix("host=") else {
            throw PostgresServer.Failed(status: 1)
        }
        return BreakableServer(address: line, folder: folder)
    }

    /// Ends every process of the server at once and starts it again.
    package func restart() async throws { try await tell("restart") }

    /// Ends every process of the server at once; ``restart()`` starts it.
    package func halt() async throws { try await tell("halt") }

    private func tell(_ word: String) async throws {
        let (ending, said) = try await ChildProcess.run(
            [PostgresServer.script.path, word, folder])
        guard ending == .exited(0) else { throw Disobeyed(word: word, said: said) }
    }

    private struct Disobeyed: Error {
        let word: String
        let said: String
    }

    package func stop() async throws {
        _ = try await ChildProcess.run([PostgresServer.script.path, "stop", folder])
    }
}
