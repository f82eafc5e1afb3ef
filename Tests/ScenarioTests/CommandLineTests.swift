import CSQLite
import Foundation
import Glibc
import Kernel
import Processes
import Storage
import Testing

/// The command line as a person meets it: the program itself, on a folder of its own.
@Suite struct CommandLineTests {
    /// A folder that `init` made.
    private struct Shop {
        let folder: String

        init(folder: String? = nil) {
            self.folder = folder ?? "/var/tmp/longshore-shell-\(UUID().uuidString)"
        }

        func end() { try? FileManager.default.removeItem(atPath: folder) }

        /// - Returns: the exit code and all that was said.
        func run(
            _ arguments: [String], input: String? = nil
        ) async throws -> (code: ChildProcess.Ending, said: String) {
            let (ending, said) = try await ChildProcess.run(
                [ProcessSession.program.path] + arguments + ["--data", folder], input: input)
            return (ending, said)
        }

        /// - Throws: where it did not end well.
        func json(_ arguments: [String], input: String? = nil) async throws -> JSONValue {
            let (code, said) = try await run(arguments + ["--json"], input: input)
            guard code == .exited(0) else { throw StageError(description: said) }
            return try BodyCoder.decode(JSONValue.self, from: Array(said.utf8))
        }
    }

    /// Changes one record behind everybody's back. - Returns: how many rows.
    private static func damage(_ sql: String, in folder: String) throws -> Int32 {
        var database: OpaquePointer?
        guard sqlite3_open(folder + "/longshore.db", &database) == SQLITE_OK else {
            throw StageError(description: "cannot open the database in \(folder)")
        }
        defer { sqlite3_close(database) }
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw StageError(description: String(cString: sqlite3_errmsg(database)))
        }
        return sqlite3_changes(database)
    }

    @Test func `verify finds each kind of damage, names it, and exits with 1`() async throws {
        let session = try await ProcessSession(
            [], arguments: ["--poll-seconds", "0.5", "--poll-overlap-seconds", "120"])
        defer { session.end() }
        let process = try await session.serve()
        defer { process.signal(SIGKILL) }
        try await session.sell(untilConfirmed: 5)
        try await session.drain()
        process.signal(SIGTERM)
        try await process.ended()
        let shop = Shop(folder: session.folder)
        let sound = try await shop.run(["verify"])

        func change(_ table: String, _ member: String, _ value: String) -> String {
            """
            UPDATE \(table) SET body = CAST(json_set(CAST(body AS TEXT), '$.\(member)', \(value)) AS BLOB)
            WHERE rowid = (SELECT rowid FROM \(table) LIMIT 1)
            """
        }
        var found: [String: (code: ChildProcess.Ending, said: String)] = [:]
        for (invariant, table, member, value) in [
            ("I2", "c_stock_levels", "reserved", "77"),
            ("I4", "c_stock_levels", "reserved", "999999999"),
            ("log", "c_orders", "reference", "'another'"),
        ] {
            try FileManager.default.copyItem(
                atPath: session.folder + "/longshore.db", toPath: session.folder + "/whole")
            let rows = try Self.damage(change(table, member, value), in: session.folder)
            try #require(rows == 1, "\(invariant)")
            found[invariant] = try await shop.run(["verify"])
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(
                    atPath: session.folder + "/longshore.db" + suffix)
            }
            try FileManager.default.moveItem(
                atPath: session.folder + "/whole", toPath: session.folder + "/longshore.db")
        }

        #expect(sound.code == .exited(0), "\(sound.said)")
        for (invariant, answer) in found {
            #expect(
                answer.code == .exited(1) && answer.said.contains(invariant),
                "\(invariant): \(answer.said.suffix(600))")
        }
    }

    @Test
    func `a hundred failures: found, understood, mended and done again from the command line`()
        async throws
    {
        try await Stage.with(.init(isPolling: false)) { stage in
            let shop = Shop(folder: stage.folder)
            try await stage.receive("A", 500)
            _ = try await shop.json(
                ["connections", "change", "seller", "--client-secret"], input: "wrong\n")
            for number in 0..<100 { try await stage.order("70\(1000 + number)", [("A", 1)]) }
            try await stage.until("all of them are one issue") {
                let issues = try await stage.get("/v1/issues")["items"].list
                return issues.count == 1 && issues[0]["open"].text == "100"
            }

            let issue = try await shop.json(["issues", "list"])["items"].list[0]
            let id = issue["id"].text
            let shown = try await shop.run(["issues", "show", id])
            let failing = try await shop.json(
                ["jobs", "list", "--state", "retryable", "--limit", "500"])["items"].list
            let one = try await shop.run(["jobs", "show", failing[0]["number"].text])
            let early = try await shop.run(["issues", "retry", id, "--canary", "1"])
            _ = try await shop.json(
                ["connections", "change", "seller", "--client-secret"], input: "secret-1\n")
            let preview = try await shop.run(["issues", "retry", id, "--dry-run"])
            let mended = try await shop.run(["issues", "retry", id, "--canary", "1"])

            #expect(
                failing.count == 100
                    && failing.allSatisfy { $0["kind"].text == "walmart.fetchOrder" })
            #expect(
                one.said.contains("walmart.fetchOrder")
                    && one.said.contains("channels.unauthorised"),
                "\(one.said)")
            #expect(shown.said.contains("100"), "\(shown.said)")
            #expect(early.code == .exited(1) && early.said.contains("halted"), "\(early.said)")
            // With the right secret the breaker's own trials may mend a few before anybody asks.
            let matching = preview.said.firstMatch(of: /(\d+) match; nothing was changed/)
            let applied = mended.said.firstMatch(of: /(\d+) of (\d+) applied/)
            #expect(matching.flatMap { Int($0.1) } ?? 0 > 80, "\(preview.said)")
            #expect(mended.code == .exited(0), "\(mended.said)")
            #expect(
                applied.map { $0.1 == $0.2 } == true && applied.flatMap { Int($0.1) } ?? 0 > 80,
                "\(mended.said)")
            try await stage.until("all have arrived") {
                try await stage.get("/v1/orders/counts")["confirmed"].text == "100"
            }
            #expect(try await shop.json(["issues", "list"])["items"].list.isEmpty)
            #expect(try await shop.run(["verify"]).code == .exited(0))
        }
    }

    @Test func `keys are made, listed and revoked, and a shown key is shown once`() async throws {
        let shop = Shop()
        defer { shop.end() }
        #expect(try await shop.run(["init"]).code == .exited(0))

        let made = try await shop.json(["keys", "create", "nightly"])
        let text = made["text"].text
        #expect(text.hasPrefix("lsh_live_"))
        let listed = try await shop.run(["keys", "list"])
        #expect(listed.said.contains("nightly"))
        #expect(!listed.said.contains(text))
        let revoked = try await shop.run(["keys", "revoke", "nightly"])
        #expect(revoked.code == .exited(0))
        let after = try await shop.json(["keys", "list"])["items"].list
        #expect(
            after.filter { $0["revokedAt"].text.isEmpty }.allSatisfy {
                $0["name"].text != "nightly"
            })

        let unknown = try await shop.run(["keys", "revoke", "nobody"])
        #expect(unknown.code == .exited(1))
        #expect(unknown.said.contains("there is no API key “nobody”"))
    }

    @Test func `limits and weights are set, listed and taken back by name`() async throws {
        let shop = Shop()
        defer { shop.end() }
        #expect(try await shop.run(["init", "--name", "acme"]).code == .exited(0))

        let set = try await shop.run(
            ["queues", "limit", "tenant:acme", "--concurrency", "4", "--weight", "3"])
        let listed = try await shop.json(["queues", "limits"])["items"].list
        let taken = try await shop.run(["queues", "unlimit", "tenant:acme"])
        let refused = try await shop.run(["queues", "limit", "tenant:nobody", "--weight", "3"])
        let empty = try await shop.run(["queues", "limit", "queue:default"])

        #expect(set.said.contains("4 at once, 3 of weight"), "\(set.said)")
        #expect(listed.count == 1 && listed[0]["weight"] == .integer(3))
        #expect(taken.said.contains("no limits of its own any more"))
        #expect(refused.code == .exited(1) && refused.said.contains("acme"))
        #expect(empty.code == .exited(1) && empty.said.contains("jobs.limitMalformed"))
    }

    @Test func `a connection's secret, limits and switch are changed, and what is wrong is named`()
        async throws
    {
        let shop = Shop()
        defer { shop.end() }
        #expect(try await shop.run(["init"]).code == .exited(0))
        _ = try await shop.json(
            ["connections", "add", "--name", "us", "--client-id", "seller-1"], input: "old\n")

        let off = try await shop.json(
            ["connections", "change", "us", "--no-enabled", "--limit", "ship=600"])
        #expect(off["isEnabled"] == .bool(false))
        #expect(off["limits"]["ship"] == .integer(600))
        let changed = try await shop.run(
            ["connections", "change", "us", "--client-secret"], input: "new\n")
        #expect(changed.code == .exited(0))
        #expect(!changed.said.contains("new\n"))

        let refused = try await shop.run(["connections", "change", "us", "--limit", "fly=1"])
        #expect(refused.code == .exited(1))
        #expect(refused.said.contains("limits.fly"))
        #expect(
            try await shop.run(["connections", "change", "us", "--limit", "1"]).code == .exited(64))
        #expect(try await shop.run(["connections", "change", "us"]).code == .exited(64))
        let unknown = try await shop.run(["connections", "change", "ca", "--enabled"])
        #expect(unknown.said.contains("there is us"))
    }
}
