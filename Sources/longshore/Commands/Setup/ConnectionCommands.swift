import ArgumentParser
import Storage

struct ConnectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections", abstract: "Adds, lists and changes accounts on channels.",
        subcommands: [
            ListConnections.self, AddConnection.self, ChangeConnection.self,
            RotateWebhookSecret.self,
        ])
}

struct ListConnections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists connections; secrets are never shown.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/v1/connections",
            [
                .init("CONNECTION", "id"), .init("NAME", "name"), .init("CHANNEL", "channel"),
                .init("ADDRESS", "baseURL"), .init("ON", "isEnabled"),
            ], options, output)
    }
}

struct AddConnection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a Walmart account.",
        discussion:
            "The client secret is read from standard input, so that it stays out of the shell's history."
    )

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "A name of your own.") var name: String
    @Option(help: "The marketplace's address.") var baseURL = "https://marketplace.walmartapis.com"
    @Option(help: "Client identifier.") var clientID: String

    func run() async throws {
        let secret = Terminal.secret("client secret")
        let body = JSONValue.object([
            "name": .string(name), "channel": .string("walmart"), "baseURL": .string(baseURL),
            "clientID": .string(clientID), "clientSecret": .string(secret),
        ])
        try await Listing.make("/v1/connections", body, options, output) {
            "\($0.plain("id"))  \($0.plain("name"))"
        }
    }
}

struct ChangeConnection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change", abstract: "Changes an account: its secret, address or limits.",
        discussion: """
            What is not named stays as it is. With --client-secret the new secret is read from standard \
            input. A connection that is switched off is neither read nor told anything until it is \
            switched on again; what it owes waits.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The connection's name or identifier.") var connection: String
    @Option(help: "The marketplace's address.") var baseURL: String?
    @Option(help: "Client identifier.") var clientID: String?
    @Flag(help: "Read a new client secret from standard input.") var clientSecret = false
    @Flag(inversion: .prefixedNo, help: "Switch it on, or off with --no-enabled.")
    var enabled: Bool?
    @Option(help: "Calls a minute of an operation, such as ship=600; once for each.")
    var limit: [String] = []

    func run() async throws {
        var changes: [String: JSONValue] = [:]
        if let baseURL { changes["baseURL"] = .string(baseURL) }
        if let clientID { changes["clientID"] = .string(clientID) }
        if let enabled { changes["isEnabled"] = .bool(enabled) }
        if !limit.isEmpty { changes["limits"] = .object(try limits()) }
        if clientSecret { changes["clientSecret"] = .string(Terminal.secret("client secret")) }
        guard !changes.isEmpty else {
            throw ValidationError("say what to change; --help lists what there is")
        }
        let (body, wanted, json) = (JSONValue.object(changes), connection, output.json)
        try await CommandSession.run(options) { session in
            let id = try await Listing.connection(wanted, session)
            let changed = try await session.patch("/v1/connections/\(id)", body)
            Terminal.line(
                json
                    ? changed.pretty
                    : "\(changed.plain("name")) at \(changed.plain("baseURL")) is "
                        + (changed["isEnabled"] == .bool(true) ? "on" : "off"))
        }
    }

    private func limits() throws -> [String: JSONValue] {
        var limits: [String: JSONValue] = [:]
        for text in limit {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let calls = Int64(parts[1]) else {
                throw ValidationError("“\(text)” is no limit; write OPERATION=CALLS")
            }
            limits[String(parts[0])] = .integer(calls)
        }
        return limits
    }
}

struct RotateWebhookSecret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-webhook-secret",
        abstract: "Gives a connection's webhook a new secret, read from standard input.",
        discussion: "The one before still counts, until the next is given.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The connection's name or identifier.") var connection: String

    func run() async throws {
        let body = JSONValue.object(["secret": .string(Terminal.secret("webhook secret"))])
        let (wanted, json) = (connection, output.json)
        try await CommandSession.run(options) { session in
            let id = try await Listing.connection(wanted, session)
            try await Listing.make(
                "/v1/connections/\(id)/webhook-secrets", body, session, json: json
            ) { "\($0.plain("name")) has a new webhook secret; the one before still counts" }
        }
    }
}
