import ArgumentParser
import Storage

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
        try await Listing.show(
            "/v1/facilities",
            [.init("FACILITY", "id"), .init("NAME", "name"), .init("RANK", "rank")], options, output
        )
    }
}

struct AddFacility: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a facility.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Its name.") var name: String
    @Option(help: "Lower is asked first.") var rank = 100

    func run() async throws {
        let body = JSONValue.object(["name": .string(name), "rank": .integer(Int64(rank))])
        try await Listing.make("/v1/facilities", body, options, output) {
            "\($0.plain("id"))  \($0.plain("name"))"
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
        try await Listing.show(
            "/v1/products?limit=500",
            [.init("SKU", "sku"), .init("TITLE", "title"), .init("PRODUCT", "id")], options, output)
    }
}

struct AddProduct: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a product.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Our SKU.") var sku: String
    @Argument(help: "Its title.") var title: String

    func run() async throws {
        let body = JSONValue.object(["sku": .string(sku), "title": .string(title)])
        try await Listing.make("/v1/products", body, options, output) {
            "\($0.plain("sku"))  \($0.plain("title"))"
        }
    }
}
