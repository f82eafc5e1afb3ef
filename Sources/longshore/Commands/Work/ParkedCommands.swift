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
        let query = [("subscription", subscription), ("code", code)].compactMap { name, value in
            value.map { "&\(name)=\(Listing.escaped($0))" }
        }.joined()
        let (isDry, json) = (dryRun, output.json)
        try await CommandSession.run(options) { session in
            // The whole list is read first: what comes up meanwhile nobody has looked at.
            let rows = try await Self.heads(query, session)
            guard !isDry else { return Self.preview(rows, json) }
            var items: [JSONValue] = []
            for start in stride(from: 0, to: rows.count, by: 500) {
                var body = more
                body["numbers"] = .array(
                    rows[start..<min(start + 500, rows.count)].compactMap { $0["number"] })
                items += try await session.post("/v1/parked/\(verb)", .object(body)).items
            }
            let refused = items.filter { $0.plain("outcome") == "refused" }
            if json {
                Terminal.line(JSONValue.object(["items": .array(items)]).pretty)
            } else {
                for item in refused {
                    Terminal.line(
                        "\(item.plain("number")) is not: \(item["fault"]?.plain("detail") ?? "")")
                }
                Terminal.line(
                    "\(items.count - refused.count) are \(said), \(refused.count) refused")
            }
            if !refused.isEmpty { throw ExitCode.failure }
        }
    }

    private static func heads(
        _ query: String, _ session: CommandSession
    ) async throws -> [JSONValue] {
        var (rows, place): ([JSONValue], String?) = ([], "0")
        while let after = place {
            let page = try await session.get(
                "/v1/parked?heads=true&limit=500&after=\(after)\(query)")
            rows += page.items
            place = page["next"].flatMap { $0 == .null ? nil : $0.plain }
        }
        return rows
    }

    private static func preview(_ rows: [JSONValue], _ json: Bool) {
        guard !json else {
            return Terminal.line(JSONValue.object(["items": .array(rows)]).pretty)
        }
        for row in rows {
            Terminal.line(
                "\(row.plain("number"))  \(row.plain("subscription"))  \(row.plain("key"))  "
                    + (row["fault"]?.plain("detail") ?? ""))
        }
        Terminal.line("\(rows.count) match; nothing was changed")
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
    @Option(help: "Why, for those who read it later.") var reason: String?

    func validate() throws {
        guard choice.dryRun || reason != nil else { throw ValidationError("say why: --reason") }
    }

    func run() async throws {
        try await choice.apply("skip", ["reason": .string(reason ?? "")], said: "skipped")
    }
}
