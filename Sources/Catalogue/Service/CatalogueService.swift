package import Contracts
package import Kernel
package import Storage

/// Products, and which channel SKU stands for which of ours.
package struct CatalogueService: Sendable {
    private let store: Store

    package init(store: Store) { self.store = store }

    /// - Throws: `CatalogueError.skuTaken`.
    package func add(_ sku: SKU, title: String, call: Call) async throws -> Product {
        try await store.write(call) { transaction in
            let product = Product(id: transaction.decision.newID(), sku: sku, title: title)
            guard try transaction.insertIfAbsent(product) else {
                throw CatalogueError(.skuTaken, "the SKU \(sku) exists already", field: "sku")
            }
            try transaction.emit(
                ProductSaved(product: product.id, sku: sku), to: "products/\(product.id)")
            return product
        }
    }

    package func products(
        prefix: String, after cursor: PageCursor?, limit: Int, tenant: TenantID
    ) async throws -> Page<Product> {
        try await store.read(tenant) {
            try $0.page(
                Product.bySKU, prefix: prefix.isEmpty ? nil : prefix, after: cursor, limit: limit)
        }
    }

    /// Matches a channel's SKU to ours; every order that waits for it goes on. A replaced mapping
    /// holds for orders to come.
    /// - Throws: `CatalogueError.unknownSKU`; `.listingTaken` where it stands for another of ours
    ///   and is not to be replaced.
    package func map(
        _ channelSKU: ChannelSKU, of connection: ConnectionID, to sku: SKU,
        replacing isReplacement: Bool, call: Call
    ) async throws -> Listing {
        try await store.write(call) { transaction in
            guard try transaction.find(Product.bySKU, sku.rawValue) != nil else {
                throw CatalogueError(
                    .unknownSKU, "there is no product with SKU \(sku); add it first", field: "sku")
            }
            let known = try transaction.find(
                Listing.byChannelSKU, connection, channelSKU.rawValue)
            if let known, known.sku == sku { return known }
            if let known, !isReplacement {
                throw CatalogueError(
                    .listingTaken,
                    "\(channelSKU) stands for \(known.sku) already; say replace to "
                        + "change that for orders to come", field: "channelSKU")
            }
            var listing =
                known
                ?? Listing(
                    id: transaction.decision.newID(), connection: connection,
                    channelSKU: channelSKU, sku: sku)
            listing.sku = sku
            try transaction.upsert(listing)
            try transaction.emit(
                ListingMapped(connection: connection, channelSKU: channelSKU, sku: sku),
                to: "mappings/\(connection)/\(channelSKU)")
            return listing
        }
    }

    package func listings(
        of connection: ConnectionID?, after cursor: PageCursor?, limit: Int, tenant: TenantID
    ) async throws -> Page<Listing> {
        try await store.read(tenant) {
            try $0.page(
                Listing.byChannelSKU, equals: connection.map { [$0] } ?? [], after: cursor,
                limit: limit)
        }
    }

    /// Channel SKUs nobody has matched, longest waiting first.
    package func unmapped(
        after cursor: PageCursor?, limit: Int, tenant: TenantID
    ) async throws -> Page<UnmappedSKU> {
        try await store.read(tenant) {
            try $0.page(UnmappedSKU.bySince, after: cursor, limit: limit)
        }
    }
}
