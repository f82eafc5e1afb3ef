import ArgumentParser
import Storage

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Shows what happened, how far its readers are, and what they set aside.",
        subcommands: [
            ListEvents.self, ShowLag.self, ParkedCommand.self, RebuildProjection.self,
        ])
}

struct ListEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists public events in the order of the log.",
        discussion: """
            The last line tells where to go on. Whoever copies the log into another system begins \
            without --after and comes back with that place, for ever: nothing is skipped.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "Go on behind this place.") var after = ""
    @Option(help: "How many, up to 500.") var limit = 50

    func run() async throws {
        let path = "/v1/events?limit=\(limit)&after=\(Listing.escaped(after))"
        let json = output.json
        try await CommandSession.run(options) { session in
            let page = try await session.get(path)
            if json {
                Terminal.line(page.pretty)
                return
            }
            Terminal.table(
                ["AT", "TYPE", "STREAM", "ACTOR", "CAUSE"],
                page.items.map { event in
                    ["at", "type", "stream", "actor", "cause"].map { event[$0]?.plain ?? "–" }
                })
            Terminal.line("Go on with --after \(page.plain("next"))")
        }
    }
}

struct ShowLag: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lag", abstract: "Lists how far each subscription is behind, by slot.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Also each slot that is behind.") var slots = false

    func run() async throws {
        let (json, showsSlots) = (output.json, slots)
        try await CommandSession.run(options) { session in
            let page = try await session.get("/admin/subscriptions")
            if json {
                Terminal.line(page.pretty)
                return
            }
            var rows: [[String]] = []
            for lag in page.items {
                let more = lag["isMore"] == .bool(true) ? " or more" : ""
                rows.append([
                    lag.plain("name"), lag.plain("kind"), lag.plain("behind") + more,
                    lag.plain("lagSeconds"), lag.plain("parkedKeys"),
                ])
                if let rebuild = lag["rebuild"] {
                    rows.append([
                        "  computed anew", "",
                        "\(rebuild.plain("reached")) of "
                            + rebuild.plain("last"),
                        "since \(rebuild.plain("since"))", rebuild.plain("parkedKeys"),
                    ])
                }
                for slot in showsSlots ? lag.list("slots") : [] {
                    rows.append([
                        "  slot \(slot.plain("slot"))", "", slot.plain("events"),
                        "since \(slot.plain("oldest"))", "",
                    ])
                }
            }
            Terminal.table(["SUBSCRIPTION", "KIND", "BEHIND", "LAG (s)", "PARKED KEYS"], rows)
        }
    }
}

struct ReplaceParked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Handles other data in an event's place; the log keeps what happened.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Its number in the list.") var number: Int
    @Option(name: .customLong("with"), help: "The data, as JSON.") var replacement: String

    func run() async throws {
        guard let value = try? BodyCoder.decode(JSONValue.self, from: Array(replacement.utf8))
        else { throw ValidationError("--with is no JSON") }
        let number = number
        try await Listing.make("/v1/parked/\(number)/replacement", value, options, output) { _ in
            "\(number) is handled with other data"
        }
    }
}
