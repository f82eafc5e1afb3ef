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

struct RetryParked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Tries an event again, then what waits behind it.")

    @OptionGroup var options: DataOptions
    @Argument(help: "Its number in the list.") var number: Int

    func run() async throws {
        let number = number
        try await CommandSession.run(options) { session in
            _ = try await session.post("/v1/parked/\(number)/retry", .object([:]))
            Terminal.line("\(number) is being tried")
        }
    }
}

struct SkipParked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Steps over an event for ever; what waits behind it goes on."
    )

    @OptionGroup var options: DataOptions
    @Argument(help: "Its number in the list.") var number: Int
    @Option(help: "Why, for those who read it later.") var reason: String

    func run() async throws {
        let (number, reason) = (number, reason)
        try await CommandSession.run(options) { session in
            _ = try await session.post(
                "/v1/parked/\(number)/skip", .object(["reason": .string(reason)]))
            Terminal.line("\(number) is skipped")
        }
    }
}
