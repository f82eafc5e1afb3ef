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
            "CREATE TABLE events(data BLOB); INSERT INTO events VALUES(X'003137204865726F6E7367617465')",
            nil, nil, nil)
        sqlite3_close(database)

        #expect(try Self.findings(in: path) == ["events.data: heronsgate"])
    }

    @Test(arguments: [
        ("5550191234", true), ("tel:+15550191234;", true), ("a 5550191234 b", true),
        ("0015550191234", true), ("5550191 …", true),
        ("1795776555019123", false), ("2026-11-28T17:02:11.555019Z", false),
        ("Avery QUILLFEATHER 7", true), ("Avery", false),
    ])
    func `a phone is told apart from a moment with the same digits`(_ text: String, _ told: Bool) {
        #expect((Self.told(in: text) != nil) == told)
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
        #expect(log.split(separator: "\n").count > 5, "\(log.prefix(500))")
        #expect(Self.told(in: log) == nil)
        for secret in ["secret-1", "lsh_live_", "authorization: "] {
            #expect(!log.lowercased().contains(secret), "\(secret)")
        }
        // The control: what a line does tell is found.
        #expect(log.contains("ecs.version") && log.contains("longshore"))
    }

    private static let words = ["quillfeather", "heronsgate", "relay.example"]
    /// How each phone of the channel begins; it goes on for four digits.
    private static let phone = "555019"

    /// The canary that `text` tells, if any.
    ///
    /// A phone is a run of digits of a phone's length: a moment in microseconds holds any six
    /// digits sooner or later.
    private static func told(in text: String) -> String? {
        let text = text.lowercased()
        if let word = words.first(where: text.contains) { return word }
        let runs = text.split { !$0.isASCII || !$0.isNumber }
        // Also one that was cut, or has its country before it.
        let isTold = runs.contains { run in
            let own = String(run.drop { $0 == "0" || $0 == "1" })
            return own.hasPrefix(phone) && (7...10).contains(own.count)
        }
        return isTold ? phone : nil
    }

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
                for canary in words + [phone] {
                    let texts = rows(
                        "SELECT CAST(\"\(column)\" AS TEXT) FROM \"\(table)\" WHERE instr(lower(CAST(\"\(column)\" AS TEXT)), '\(canary)') > 0",
                        database)
                    found.formUnion(
                        texts.compactMap(told).map { "\(table).\(column): \($0)" })
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
            // By its length: bytes may hold a zero, and a leak may stand behind it.
            let bytes = UnsafeRawBufferPointer(
                start: sqlite3_column_text(statement, 0),
                count: Int(sqlite3_column_bytes(statement, 0)))
            texts.append(String(decoding: bytes, as: UTF8.self))
        }
        return texts
    }
}
