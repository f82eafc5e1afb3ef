import ArgumentParser
import Storage

struct ParkedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parked", abstract: "Shows and mends events that were set aside.",
        subcommands: [ListParked.self, RetryParked.self, SkipParked.self, ReplaceParked.self])
}

struct ListParked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists events set aside, oldest first.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let json = output.json
        try await CommandSession.run(options) { session in
            let page = try await session.get("/v1/parked?limit=500")
            if json {
                Terminal.line(page.pretty)
                return
            }
            Terminal.table(
                ["NUMBER", "SUBSCRIPTION", "KEY", "STATE", "TRIES", "FAULT"],
                page.items.map { row in
                    ["number", "subscription", "key", "state", "attempts"].map {
                        row[$0]?.plain ?? "–"
                    } + [row["fault"]?["detail"]?.plain ?? ""]
                })
        }
    }
}

/// One event by its number, or all that match.
struct ParkedChoice: ParsableArguments {
    @Argument(help: "Its number in the list.") var number: Int?
    @Flag(help: "Every first event of a key, of those that match.") var all = false
    @Option(help: "Only this subscription's; with --all.") var subscription: String?
    @Option(help: "Only those that failed with this code; with --all.") var code: String?
    @Flag(help: "Only list which; nothing is changed. With --all.") var dryRun = false
    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard all != (number != nil) else {
            throw ValidationError("give a number, or --all")
        }
        guard all || (subscription == nil && code == nil && !dryRun) else {
            throw ValidationError("--subscription, --code and --dry-run go with --all")
        }
    }

    /// - Throws: `ExitCode.failure` when anything was refused.
    func apply(_ verb: String, _ more: [String: JSONValue], said: String) async throws {
        if let number {
            let path = "/v1/parked/\(number)/\(verb)"
            return try await Listing.make(path, .object(more), options, output) { _ in
                "\(number) is \(said)"
            }
        }
        var body = more
        if let subscription { body["subscription"] = .string(subscription) }
        if let code { body["code"] = .string(code) }
        if dryRun { body["preview"] = .bool(true) }
        let (request, json) = (body, output.json)
        try await CommandSession.run(options) { session in
            var items: [JSONValue] = []
            var request = request
            while true {
                let page = try await session.post("/v1/parked/\(verb)", .object(request))
                items += page.items
                if !json { Self.show(page.items) }
                guard let next = page["next"], let place = Int64(next.plain) else { break }
                request["after"] = .integer(place)
            }
            let refused = items.count { $0.plain("outcome") == "refused" }
            if json {
                Terminal.line(JSONValue.object(["items": .array(items)]).pretty)
            } else if request["preview"] != nil {
                Terminal.line("\(items.count) match; nothing was changed")
            } else {
                Terminal.line("\(items.count - refused) are \(said), \(refused) refused")
            }
            if refused > 0 { throw ExitCode.failure }
        }
    }

    private static func show(_ items: [JSONValue]) {
        for item in items {
            let why = item["fault"]?["detail"].map { ": \($0.plain)" } ?? ""
            Terminal.line(
                "\(item.plain("number"))  \(item.plain("subscription"))  \(item.plain("key"))  "
                    + item.plain("outcome") + why)
        }
    }
}

struct RetryParked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Tries an event again, or all that match, then what waits behind them.")

    @OptionGroup var choice: ParkedChoice

    func run() async throws { try await choice.apply("retry", [:], said: "being tried") }
}

struct SkipParked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip",
        abstract: "Steps over an event, or all that match, for ever; what waits behind goes on.")

    @OptionGroup var choice: ParkedChoice
    @Option(help: "Why, for those who read it later.") var reason: String

    func run() async throws {
        try await choice.apply("skip", ["reason": .string(reason)], said: "skipped")
    }
}
