import Contracts
import Hummingbird
import Kernel
import Storage
import Web

/// Products and listings over HTTP.
struct CatalogueController: Sendable {
    let catalogue: CatalogueService
    let timekeeper: any Timekeeper

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.post("products", use: Endpoint.route(timekeeper, status: .created, add))
        group.get(
            "products",
            use: Endpoint.route(timekeeper, reads: ["prefix", "cursor", "limit"], products))
        group.post("listings", use: Endpoint.route(timekeeper, status: .created, map))
        group.get(
            "listings",
            use: Endpoint.route(timekeeper, reads: ["connection", "cursor", "limit"], listings))
        group.get(
            "listings/unmapped",
            use: Endpoint.route(timekeeper, reads: ["cursor", "limit"], unmapped))
    }

    /// `POST /products` `{sku, title}` → 201; 409 `catalogue.skuTaken`.
    @Sendable private func add(_ call: Endpoint) async throws -> Product {
        let request: ProductRequest = try call.decode()
        return try await catalogue.add(
            request.sku, title: request.title, call: call.creatingCall())
    }

    /// `GET /products?prefix=&cursor=&limit=` → in order of SKU.
    @Sendable private func products(_ call: Endpoint) async throws -> ListReply<Product> {
        let page = try await catalogue.products(
            prefix: call.query("prefix") ?? "", after: call.cursor(), limit: call.limit(),
            tenant: call.tenant)
        return ListReply(items: page.items, next: page.next?.description)
    }

    /// `POST /listings` `{connection, channelSKU, sku, replace?}` → 201; 422
    /// `catalogue.unknownSKU`; 409 `catalogue.listingTaken`.
    @Sendable private func map(_ call: Endpoint) async throws -> Listing {
        let request: ListingRequest = try call.decode()
        return try await catalogue.map(
            request.channelSKU, of: request.connection, to: request.sku,
            replacing: request.replace ?? false, call: call.creatingCall())
    }

    /// `GET /listings?connection=&cursor=&limit=`.
    @Sendable private func listings(_ call: Endpoint) async throws -> ListReply<Listing> {
        var connection: ConnectionID?
        if let text = call.query("connection"), !text.isEmpty {
            guard let given = ConnectionID(text) else {
                throw WebError(
                    .parameterMalformed, "is no connection's identifier", field: "connection")
            }
            connection = given
        }
        let page = try await catalogue.listings(
            of: connection, after: call.cursor(),
            limit: call.limit(), tenant: call.tenant)
        return ListReply(items: page.items, next: page.next?.description)
    }

    /// `GET /listings/unmapped` → the work list, longest waiting first.
    @Sendable private func unmapped(_ call: Endpoint) async throws -> ListReply<UnmappedSKU> {
        let page = try await catalogue.unmapped(
            after: call.cursor(), limit: call.limit(), tenant: call.tenant)
        return ListReply(items: page.items, next: page.next?.description)
    }
}

struct ProductRequest: Decodable, Sendable {
    let sku: SKU
    let title: String
}

struct ListingRequest: Decodable, Sendable {
    let connection: ConnectionID
    let channelSKU: ChannelSKU
    let sku: SKU
    let replace: Bool?
}
