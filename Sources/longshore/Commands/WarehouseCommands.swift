import ArgumentParser
import Storage

struct WarehouseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warehouse", abstract: "Shows the work of the facilities and sees it through.",
        subcommands: [
            ListWork.self, PickWork.self, PackWork.self, DispatchWork.self, ShortWork.self,
        ])
}

struct ListWork: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists what is to do, longest waiting first.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Option(
        help: "accepted, released, picking, picked, packed, dispatched or cancelled; else all open."
    )
    var state: String?

    func run() async throws {
        try await Listing.show(
            "/v1/warehouse/work?limit=500" + (state.map { "&state=\($0)" } ?? ""),
            [
                .init("WORK", "id"), .init("ORDER", "order"),
                .init("FACILITY", "facility", namesAt: "/v1/facilities"), .init("STATE", "state"),
                .init("SINCE", "since"), .init("BLOCKED BY", "blockedBy"),
            ], options, output)
    }
}

/// What every step of work takes.
struct WorkOptions: ParsableArguments {
    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The work's identifier, from the list.") var work: String

    func step(_ name: String, _ body: [String: JSONValue] = [:]) async throws {
        try await Listing.make(
            "/v1/warehouse/work/\(work)/\(name)", .object(body), options, output
        ) { "\($0.plain("id")) is \($0.plain("state"))" }
    }
}

struct PickWork: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pick", abstract: "Says that all of it was picked.")
    @OptionGroup var work: WorkOptions
    func run() async throws { try await work.step("picking") }
}

struct PackWork: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack", abstract: "Boxes and labels what was picked.",
        discussion: "Without tracking numbers the boxes get made-up ones: for trying out.")
    @OptionGroup var work: WorkOptions
    @Option(help: "Who carries the boxes, such as UPS.") var carrier: String?
    @Option(help: "A box's tracking number; once for each box.") var tracking: [String] = []

    func run() async throws {
        var body: [String: JSONValue] = [:]
        body["carrier"] = carrier.map(JSONValue.string)
        if !tracking.isEmpty || carrier != nil {
            body["trackingNumbers"] = .array(tracking.map(JSONValue.string))
        }
        try await work.step("packing", body)
    }
}

struct DispatchWork: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatch", abstract: "Hands the boxes over, unless the order must stay.")
    @OptionGroup var work: WorkOptions
    func run() async throws { try await work.step("dispatch") }
}

struct ShortWork: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "short",
        abstract: "Reports units that cannot be found; they are sourced again elsewhere.")
    @OptionGroup var work: WorkOptions
    @Option(help: "Number of the order's line.") var line: String
    @Option(help: "How many units are missing.") var quantity: Int
    @Option(help: "Why, for those who read it later.") var reason: String

    func run() async throws {
        let missing = JSONValue.object([
            "line": .string(line), "quantity": .integer(Int64(quantity)),
        ])
        try await work.step(
            "shortage", ["lines": .array([missing]), "reason": .string(reason)])
    }
}
