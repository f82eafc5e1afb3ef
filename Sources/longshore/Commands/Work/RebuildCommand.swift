import ArgumentParser
import Storage

struct RebuildProjection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Computes a projection anew from the first event, beside what is shown.",
        discussion: """
            What is shown stays, and is kept up to date, until the new computation has caught up; \
            then that is shown, at once and for every tenant. What it cannot handle stands under \
            "events parked", and as long as anything does, nothing new is shown. "events lag" \
            lists the projections and how far it is. Reactions cannot be done again.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection's name.") var name: String
    @Flag(help: "Give the new computation up; what is shown stays.") var cancel = false

    func run() async throws {
        let (name, cancels, json) = (name, cancel, output.json)
        let path = "/admin/subscriptions/\(Listing.escaped(name))/rebuild"
        try await CommandSession.run(options) { session in
            let reply = try await session.post(
                cancels ? path + "/cancellation" : path, .object([:]))
            if json {
                Terminal.line(reply.pretty)
            } else {
                Terminal.line(
                    cancels
                        ? "\(name) stays as it was"
                        : "\(name) is being computed anew; see \"longshore events lag\"")
            }
        }
    }
}
