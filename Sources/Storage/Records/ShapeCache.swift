import Synchronization

/// Shapes worked out once per record type.
enum ShapeCache {
    private struct Entry: Sendable {
        let shape: CollectionShape
        let second: CollectionShape
        let columns: any Sendable
    }

    private static let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    static func shape<R: Record>(of type: R.Type) -> CollectionShape { entry(type).shape }

    static func second<R: Record>(of type: R.Type) -> CollectionShape { entry(type).second }

    static func columns<R: Record>(of type: R.Type) -> [Column<R>] {
        guard let columns = entry(type).columns as? [Column<R>] else {
            preconditionFailure("columns are cached under their own record type")
        }
        return columns
    }

    private static func entry<R: Record>(_ type: R.Type) -> Entry {
        entries.withLock { entries in
            if let known = entries[ObjectIdentifier(type)] { return known }
            var columns: [Column<R>] = []
            for column in R.indexes.flatMap(\.columns)
            where !columns.contains(where: { $0.name == column.name }) {
                columns.append(column)
            }
            let shape = CollectionShape(
                name: R.collection, columns: columns.map { .init(name: $0.name, type: $0.type) },
                indexes: R.indexes.map(\.shape), hasTokens: R.isSearchable)
            let entry = Entry(shape: shape, second: shape.second, columns: columns)
            entries[ObjectIdentifier(type)] = entry
            return entry
        }
    }
}
