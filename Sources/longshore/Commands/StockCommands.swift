import ArgumentParser
import Storage

struct StockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stock", abstract: "Books goods in, puts counts right, explains figures.",
        subcommands: [ReceiveStock.self, AdjustStock.self, ListStock.self])
}

struct ReceiveStock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive", abstract: "Books goods in; orders that wait for them go on.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "The facility's name or identifier.") var facility: String
    @Argument(help: "Our SKU.") var sku: String
    @Argument(help: "How many units.") var quantity: Int

    func run() async throws {
        let (wanted, sku, quantity, json) = (facility, sku, quantity, output.json)
        try await CommandSession.run(options) { session in
            let body = JSONValue.object([
                "sku": .string(sku),
                "facility": .string(try await Listing.facility(wanted, session)),
                "quantity": .integer(Int64(quantity)), "note": .string("command line"),
            ])
            try await Listing.make("/v1/stock/receipts", body, session, json: json) {
                $0.plain("explanation")
            }
        }
    }
}

struct AdjustStock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adjust", abstract: "Puts the figure on hand right after a count.",
        discussion: "Units too few are written as --by=-3.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "The facility's name or identifier.") var facility: String
    @Argument(help: "Our SKU.") var sku: String
    @Option(help: "Units found too many (3) or too few (-3).") var by: Int
    @Option(help: "Why, for those who read it later.") var reason: String

    func run() async throws {
        let (wanted, sku, change, reason, json) = (facility, sku, by, reason, output.json)
        try await CommandSession.run(options) { session in
            let body = JSONValue.object([
                "sku": .string(sku),
                "facility": .string(try await Listing.facility(wanted, session)),
                "change": .integer(Int64(change)), "reason": .string(reason),
            ])
            try await Listing.make("/v1/stock/adjustments", body, session, json: json) {
                $0.plain("explanation")
            }
        }
    }
}

struct ListStock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists stock with the sum behind each figure.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/v1/stock?limit=500",
            [
                .init("SKU", "sku"), .init("FACILITY", "facility", namesAt: "/v1/facilities"),
                .init("FIGURES", "explanation"),
            ], options, output)
    }
}
