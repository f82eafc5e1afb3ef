import ArgumentParser
import Storage

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Makes, lists and revokes API keys.",
        subcommands: [ListKeys.self, CreateKey.self, RevokeKey.self])
}

struct ListKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists API keys by how they begin; never the keys.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/v1/api-keys",
            [
                .init("KEY", "id"), .init("NAME", "name"), .init("BEGINS", "prefix"),
                .init("MADE", "createdAt"), .init("REVOKED", "revokedAt"),
            ], options, output)
    }
}

struct CreateKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes an API key and prints it, this once.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "A name of your own, such as who uses it.") var name: String

    func run() async throws {
        try await Listing.make(
            "/v1/api-keys", .object(["name": .string(name)]), options, output
        ) { $0.plain("text") }
    }
}

struct RevokeKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes an API key: it stops working at once.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The key's name or identifier.") var key: String

    func run() async throws {
        let (wanted, json) = (key, output.json)
        try await CommandSession.run(options) { session in
            let known = try await session.get("/v1/api-keys").items
            let named = known.filter {
                $0.plain("name") == wanted && ($0["revokedAt"] ?? .null) == .null
            }
            guard named.count < 2 else {
                Terminal.error("several keys are called “\(wanted)”; say which by its identifier")
                throw ExitCode.failure
            }
            let id = try Listing.identifier(of: wanted, among: named + known, "API key")
            let revoked = try await session.delete("/v1/api-keys/\(id)")
            Terminal.line(
                json ? revoked.pretty : "\(revoked.plain("name")) is revoked: it no longer works")
        }
    }
}
