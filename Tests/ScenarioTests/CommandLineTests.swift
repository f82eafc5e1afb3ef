import Foundation
import Kernel
import Processes
import Storage
import Testing

/// The command line as a person meets it: the program itself, on a folder of its own.
@Suite struct CommandLineTests {
    /// A folder that `init` made.
    private struct Shop {
        let folder = "/var/tmp/longshore-shell-\(UUID().uuidString)"

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
