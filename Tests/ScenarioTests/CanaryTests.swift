import CSQLite
import Foundation
import Glibc
import Kernel
import Processes
import Storage
import Testing

/// Looks for personal data where it must never be: log, jobs, index columns, tokens.
@Suite struct CanaryTests {
    @Test func `no name, street, phone or mail is anywhere but sealed`() async throws {
        try await Stage.with { stage in
            try await stage.receive("A", 10)
            for number in 0..<5 { try await stage.order("60\(number)1", [("A", 1), ("NEW", 1)]) }
            try await stage.order("6099", [("A", 2)])
            try await stage.awaits("6099", "confirmed")
            let found = try Self.findings(in: stage.folder + "/longshore.db")

            #expect(found.isEmpty, "\(found.prefix(5))")
        }
    }

    @Test func `the search finds a canary where there is one`() throws {
        let path = "/var/tmp/longshore-canary-\(UUID().uuidString).db"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var database: OpaquePointer?
        sqlite3_open(path, &database)
        sqlite3_exec(
            database,
            "CREATE TABLE events(data BLOB); INSERT INTO events VALUES('17 Heronsgate Lane')",
            nil, nil, nil)
        sqlite3_close(database)

        #expect(try Self.findings(in: path) == ["events.data: heronsgate"])
    }

    @Test func `no log line tells a name, a street, a secret or a key, at its lowest level`()
        async throws
    {
        let session = try await ProcessSession(
            ["--faults-per-mille", "30", "--webhook-faults-per-mille", "60"],
            arguments: [
                "--poll-seconds", "0.5", "--poll-overlap-seconds", "120", "--log-level", "debug",
            ])
        defer { session.end() }
        let process = try await session.serve()
        defer { process.signal(SIGKILL) }
        try await session.sell(untilConfirmed: 5)
        process.signal(SIGTERM)
        try await process.ended()

        let log = try String(contentsOfFile: session.folder + "/serve.log", encoding: .utf8)
        let secrets = Self.canaries + ["secret-1", "lsh_live_", "authorization: "]
        #expect(log.split(separator: "\n").count > 5, "\(log.prefix(500))")
        for secret in secrets {
            #expect(!log.lowercased().contains(secret), "\(secret)")
        }
        // The control: what a line does tell is found.
        #expect(log.contains("ecs.version") && log.contains("longshore"))
    }

    private static let canaries = ["quillfeather", "heronsgate", "555019", "relay.example"]

    /// Every table and column of the database, whatever it is called.
    private static func findings(in path: String) throws -> [String] {
        var database: OpaquePointer?
        guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else {
            throw StageError(description: "cannot open \(path)")
        }
        defer { sqlite3_close(database) }
        var found: Set<String> = []
        for table in rows("SELECT name FROM sqlite_master WHERE type = 'table'", database) {
            for column in rows("SELECT name FROM pragma_table_info('\(table)')", database) {
                for canary in canaries {
                    let count = rows(
                        "SELECT count(*) FROM \"\(table)\" WHERE instr(lower(CAST(\"\(column)\" AS TEXT)), '\(canary)') > 0",
                        database)
                    if count.first != "0" { found.insert("\(table).\(column): \(canary)") }
                }
            }
        }
        return found.sorted()
    }

    private static func rows(_ sql: String, _ database: OpaquePointer?) -> [String] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { return [] }
        defer { sqlite3_finalize(statement) }
        var texts: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            texts.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "")
        }
        return texts
    }
}
