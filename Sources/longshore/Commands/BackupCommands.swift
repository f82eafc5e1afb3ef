import ArgumentParser
import Foundation
import Kernel
import Platform
import Storage

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies everything while it is in use, and restores the copy once to check it.",
        discussion: """
            The folder gets the database and, last, a manifest with its digest and what was counted \
            in it; one without a manifest is no whole backup. The master key is left out: keep it \
            elsewhere, or take it along with --with-secrets and guard the backup like the key.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Folder to make.") var path: String
    @Flag(help: "Put the master key into it too.") var withSecrets = false

    func run() async throws {
        let path = URL(fileURLWithPath: path).path
        let (json, withKey) = (output.json, withSecrets)
        if !json, Terminal.isInteractive {
            Terminal.line("Copying, then opening the copy and checking it …")
        }
        try await CommandSession.run(options) { session in
            let made = try await session.post(
                "/admin/backups",
                .object(["path": .string(path), "withSecrets": .bool(withKey)]))
            Terminal.line(json ? made.pretty : Self.words(made, path))
        }
    }

    static func words(_ manifest: JSONValue, _ path: String) -> String {
        let contents = manifest["contents"] ?? .null
        let findings = contents.plain("findings")
        return """
            \(path): \(manifest.plain("bytes")) bytes, taken \(manifest.plain("takenAt"))
            opened and checked: \(contents.plain("tenants")) tenants, \(contents.plain("orders")) \
            orders, \(contents.plain("reservations")) reservations, \(contents.plain("jobs")) jobs; \
            \(findings == "0" ? "every invariant holds" : "\(findings) findings: run verify")
            """
                + (manifest["hasSecrets"] == .bool(true)
                    ? ""
                    : "\nThe master key is not in it; without it what is sealed cannot be read.")
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes a data folder of a backup, after checking it.",
        discussion: """
            The folder must not be there yet. The digest, SQLite's own checks, the invariants and \
            the counts must all agree with the manifest, else nothing is left behind.
            """)

    @Argument(help: "The backup's folder.") var path: String
    @Option(help: "Data folder to make.") var data = "longshore-data"
    @Option(help: "File with the master key, where the backup has none.") var secrets: String?
    @OptionGroup var output: OutputOptions

    func run() async throws {
        do {
            let manifest = try await Backup.restore(
                path, to: data, secrets: secrets, SystemTimekeeper())
            let value = try BodyCoder.decode(
                JSONValue.self, from: try BodyCoder.encode(manifest))
            Terminal.line(
                output.json
                    ? value.pretty
                    : "Restored into \(data), as of \(value.plain("takenAt")): "
                        + "\(value["contents"]?.plain("orders") ?? "0") orders. "
                        + "Start it with “longshore serve --data \(data)”.")
        } catch let fault as any Fault {
            Terminal.error(fault.description)
            throw ExitCode.failure
        }
    }
}
