import ArgumentParser
import Foundation
import Storage

struct ConnectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections", abstract: "Adds and lists accounts on channels.",
        subcommands: [ListConnections.self, AddConnection.self])
}

struct ListConnections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists connections; secrets are never shown.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/v1/connections", ["id", "name", "channel", "baseURL", "isEnabled"], options, output)
    }
}

struct AddConnection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a Walmart account.",
        discussion:
            "The client secret is read from standard input, so that it stays out of the shell's history."
    )

    @OptionGroup var options: DataOptions
    @Option(help: "A name of your own.") var name: String
    @Option(help: "The marketplace's address.") var baseURL = "https://marketplace.walmartapis.com"
    @Option(help: "Client identifier.") var clientID: String

    func run() async throws {
        let secret = readLine(strippingNewline: true) ?? ""
        let body = JSONValue.object([
            "name": .string(name), "channel": .string("walmart"), "baseURL": .string(baseURL),
            "clientID": .string(clientID), "clientSecret": .string(secret),
        ])
        try await CommandSession.run(options) { session in
            let made = try await session.post("/v1/connections", body)
            Terminal.line("\(made["id"]?.plain ?? "")  \(made["name"]?.plain ?? "")")
        }
    }
}

struct FacilitiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facilities", abstract: "Adds and lists sites that hold stock.",
        subcommands: [ListFacilities.self, AddFacility.self])
}

struct ListFacilities: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists facilities.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show("/v1/facilities", ["id", "name", "rank"], options, output)
    }
}

struct AddFacility: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a facility.")

    @OptionGroup var options: DataOptions
    @Argument(help: "Its name.") var name: String
    @Option(help: "Lower is asked first.") var rank = 100

    func run() async throws {
        let body = JSONValue.object(["name": .string(name), "rank": .integer(Int64(rank))])
        try await CommandSession.run(options) { session in
            let made = try await session.post("/v1/facilities", body)
            Terminal.line("\(made["id"]?.plain ?? "")  \(made["name"]?.plain ?? "")")
        }
    }
}

struct ProductsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "products", abstract: "Adds and lists products.",
        subcommands: [ListProducts.self, AddProduct.self])
}

struct ListProducts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists products in order of SKU.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show("/v1/products?limit=500", ["sku", "title", "id"], options, output)
    }
}

struct AddProduct: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a product.")

    @OptionGroup var options: DataOptions
    @Argument(help: "Our SKU.") var sku: String
    @Argument(help: "Its title.") var title: String

    func run() async throws {
        let body = JSONValue.object(["sku": .string(sku), "title": .string(title)])
        try await CommandSession.run(options) { session in
            let made = try await session.post("/v1/products", body)
            Terminal.line("\(made["sku"]?.plain ?? "")  \(made["title"]?.plain ?? "")")
        }
    }
}

struct ListingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listings", abstract: "Matches channels' SKUs to ours.",
        subcommands: [UnmappedListings.self, MapListing.self])
}

struct UnmappedListings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmapped", abstract: "Lists channel SKUs nobody has matched.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/v1/listings/unmapped?limit=500",
            ["connection", "channelSKU", "waitingOrders", "since"], options, output)
    }
}

struct MapListing: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map", abstract: "Matches a channel's SKU to ours; waiting orders go on.")

    @OptionGroup var options: DataOptions
    @Option(help: "The connection's name or identifier.") var connection: String
    @Argument(help: "The channel's SKU.") var channelSKU: String
    @Argument(help: "Our SKU.") var sku: String

    func run() async throws {
        let (wanted, channelSKU, sku) = (connection, channelSKU, sku)
        try await CommandSession.run(options) { session in
            let connection = try await Listing.connection(wanted, session)
            let made = try await session.post(
                "/v1/listings",
                .object([
                    "connection": .string(connection), "channelSKU": .string(channelSKU),
                    "sku": .string(sku),
                ]))
            Terminal.line("\(made["channelSKU"]?.plain ?? "") is \(made["sku"]?.plain ?? "")")
        }
    }
}

struct StockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stock", abstract: "Books goods in and explains figures.",
        subcommands: [ReceiveStock.self, ListStock.self])
}

struct ReceiveStock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive", abstract: "Books goods in; orders that wait for them go on.")

    @OptionGroup var options: DataOptions
    @Option(help: "The facility's name or identifier.") var facility: String
    @Argument(help: "Our SKU.") var sku: String
    @Argument(help: "How many units.") var quantity: Int

    func run() async throws {
        let (wanted, sku, quantity) = (facility, sku, quantity)
        try await CommandSession.run(options) { session in
            let facilities = try await session.get("/v1/facilities").items
            let facility = try Listing.identifier(of: wanted, among: facilities, "facility")
            let level = try await session.post(
                "/v1/stock/receipts",
                .object([
                    "sku": .string(sku), "facility": .string(facility),
                    "quantity": .integer(Int64(quantity)), "note": .string("command line"),
                ]))
            Terminal.line(level["explanation"]?.plain ?? "")
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
            "/v1/stock?limit=500", ["sku", "facility", "explanation"], options, output)
    }
}

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes orders from a file as if they had been read from the channel.",
        discussion:
            "The file is an orders answer as JSON. Orders that are here already change nothing.")

    @OptionGroup var options: DataOptions
    @Option(help: "The connection's name or identifier.") var connection: String
    @Argument(help: "The file.", completion: .file()) var file: String

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ValidationError("cannot read \(file)")
        }
        let (wanted, bytes) = (connection, Array(data))
        try await CommandSession.run(options) { session in
            let connection = try await Listing.connection(wanted, session)
            let result = try await session.post(
                "/v1/connections/\(connection)/imports", bytes: bytes)
            Terminal.line(
                "\(result["found"]?.plain ?? "0") orders in the file, \(result["new"]?.plain ?? "0") new; "
                    + "a running server takes them in now.")
        }
    }
}

/// Shared by the commands that list.
enum Listing {
    static func show(
        _ path: String, _ columns: [String], _ options: DataOptions, _ output: OutputOptions
    ) async throws {
        let json = output.json
        try await CommandSession.run(options) { session in
            let page = try await session.get(path)
            if json {
                Terminal.line(page.pretty)
            } else {
                Terminal.table(
                    columns.map { $0.uppercased() },
                    page.items.map { item in columns.map { item[$0]?.plain ?? "–" } })
            }
        }
    }

    /// What is known by this name or identifier. - Throws: `ExitCode` after saying what there is.
    static func identifier(
        of wanted: String, among known: [JSONValue], _ kind: String
    ) throws -> String {
        let found = known.first { [$0.plain("name"), $0.plain("id")].contains(wanted) }
        guard let found else {
            let names = known.map { $0.plain("name") }.joined(separator: ", ")
            Terminal.error("there is no \(kind) “\(wanted)”; there is: \(names)")
            throw ExitCode.failure
        }
        return found.plain("id")
    }

    static func connection(_ wanted: String, _ session: CommandSession) async throws -> String {
        let known = try await session.get("/v1/connections").items
        return try identifier(of: wanted, among: known, "connection")
    }
}
