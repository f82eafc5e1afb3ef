import ArgumentParser
import Storage

struct ArrivalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "arrival",
        abstract: "Shows what came from a channel, as it came.",
        discussion: """
            Its identifier stands in the payload of the job that could not read it: “jobs show”. It may \
            hold personal data; that it was read is written down.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The arrival, such as inb_….") var id: String

    func run() async throws {
        let (id, json) = (id, output.json)
        try await CommandSession.run(options) { session in
            let arrival = try await session.get("/v1/arrivals/\(Listing.escaped(id))")
            guard !json else { return Terminal.line(arrival.pretty) }
            Terminal.facts(
                arrival,
                [
                    ("kind", "kind"), ("received", "receivedAt"), ("state", "state"),
                    ("note", "note"),
                ])
            Terminal.line(arrival.plain("body"))
        }
    }
}
