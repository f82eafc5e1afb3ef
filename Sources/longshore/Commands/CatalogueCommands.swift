import ArgumentParser
import Foundation
import Storage

struct ListingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listings", abstract: "Matches channels' SKUs to ours.",
        subcommands: [ListListings.self, UnmappedListings.self, MapListing.self])
}

struct ListListings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists which channel SKU stands for which of ours.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/v1/listings?limit=500",
            [
                .init("CONNECTION", "connection", namesAt: "/v1/connections"),
                .init("CHANNEL SKU", "channelSKU"), .init("OUR SKU", "sku"),
            ], options, output)
    }
}

struct UnmappedListings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmapped", abstract: "Lists channel SKUs nobody has matched.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/v1/listings/unmapped?limit=500",
            [
                .init("CONNECTION", "connection", namesAt: "/v1/connections"),
                .init("CHANNEL SKU", "channelSKU"), .init("ORDERS WAITING", "waitingOrders"),
                .init("SINCE", "since"),
            ], options, output)
    }
}

struct MapListing: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map", abstract: "Matches a channel's SKU to ours; waiting orders go on.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "The connection's name or identifier.") var connection: String
    @Argument(help: "The channel's SKU.") var channelSKU: String
    @Argument(help: "Our SKU.") var sku: String
    @Flag(help: "Change what it stands for already; holds for orders to come.")
    var replace = false

    func run() async throws {
        let (wanted, channelSKU, sku) = (connection, channelSKU, sku)
        let (replace, json) = (replace, output.json)
        try await CommandSession.run(options) { session in
            let connection = try await Listing.connection(wanted, session)
            let body = JSONValue.object([
                "connection": .string(connection), "channelSKU": .string(channelSKU),
                "sku": .string(sku), "replace": .bool(replace),
            ])
            try await Listing.make("/v1/listings", body, session, json: json) {
                "\($0.plain("channelSKU")) is \($0.plain("sku"))"
            }
        }
    }
}

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes orders from a file as if they had been read from the channel.",
        discussion:
            "The file is an orders answer as JSON. Orders that are here already change nothing.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "The connection's name or identifier.") var connection: String
    @Argument(help: "The file.", completion: .file()) var file: String

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            Terminal.error("cannot read the file \(file)")
            throw ExitCode.failure
        }
        let (wanted, bytes, json) = (connection, Array(data), output.json)
        try await CommandSession.run(options) { session in
            let connection = try await Listing.connection(wanted, session)
            let result = try await session.post(
                "/v1/connections/\(connection)/imports", bytes: bytes)
            let found = result.plain("found")
            Terminal.line(
                json
                    ? result.pretty
                    : "\(found) order\(found == "1" ? "" : "s") in the file, "
                        + "\(result.plain("new")) new; a running server takes them in now.")
        }
    }
}
