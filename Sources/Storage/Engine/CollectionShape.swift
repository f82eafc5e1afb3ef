/// What an engine must know of a collection: its table, columns and indexes. No Swift types.
package struct CollectionShape: Hashable, Sendable {
    package struct Column: Hashable, Sendable {
        package let name: String
        package let type: IndexType

        package init(name: String, type: IndexType) {
            self.name = name
            self.type = type
        }
    }

    package struct Index: Hashable, Sendable {
        package let name: String
        package let columns: [String]
        package let isUnique: Bool

        package init(name: String, columns: [String], isUnique: Bool) {
            self.name = name
            self.columns = columns
            self.isUnique = isUnique
        }
    }

    /// Lower-case letters, digits and underscores; also the table's name.
    package let name: String
    package let columns: [Column]
    package let indexes: [Index]
    package let hasTokens: Bool

    package init(name: String, columns: [Column], indexes: [Index], hasTokens: Bool) {
        self.name = name
        self.columns = columns
        self.indexes = indexes
        self.hasTokens = hasTokens
    }

    /// The second table of what a projection computes; one of the two is shown.
    package var second: CollectionShape {
        CollectionShape(
            name: name + "_b", columns: columns, indexes: indexes, hasTokens: hasTokens)
    }

    package func side(_ side: ProjectionRow.Side) -> CollectionShape {
        side == .first ? self : second
    }
}

/// A record as an engine holds it.
package struct StoredRecord: Sendable {
    package let id: String
    package let version: Int64
    package let body: [UInt8]
    /// Microseconds since 1970, as are all times of an engine.
    package let created: Int64
    package let updated: Int64

    package init(id: String, version: Int64, body: [UInt8], created: Int64, updated: Int64) {
        self.id = id
        self.version = version
        self.body = body
        self.created = created
        self.updated = updated
    }
}

/// One page of an index, by its leading values; ordered by the rest of its columns, then id.
package struct PageRequest: Sendable {
    package enum Order: Sendable { case ascending, descending }

    package let index: CollectionShape.Index
    package let equals: [IndexValue]
    /// Only for a text column: what the column after `equals` begins with.
    package let prefix: String?
    package let order: Order
    /// Values of the ordering columns and the id of the last row seen.
    package let after: [IndexValue]?
    package let limit: Int

    package init(
        index: CollectionShape.Index, equals: [IndexValue], prefix: String?, order: Order,
        after: [IndexValue]?, limit: Int
    ) {
        self.index = index
        self.equals = equals
        self.prefix = prefix
        self.order = order
        self.after = after
        self.limit = limit
    }
}
