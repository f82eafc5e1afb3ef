package import Kernel

/// A value kept in a collection under its tenant, with declared indexes.
package protocol Record: Codable, Sendable {
    associatedtype Tag: IdentifierTag

    /// Lower-case letters and underscores, such as `orders`; stable for ever.
    static var collection: String { get }
    static var indexes: [Index<Self>] { get }
    /// Whether each save leaves a `saved` event that names the changed properties.
    static var leavesEvents: Bool { get }
    static var isSearchable: Bool { get }
    /// The projection that computes it from events, and alone writes it: kept in two tables, of
    /// which one is shown, so that the other can be filled anew meanwhile. Leaves no events.
    static var projection: String? { get }

    var id: Identifier<Tag> { get }
    /// Texts this record is found by; personal data only as a keyed hash.
    var searchTokens: Set<String> { get }
}

extension Record {
    package static var leavesEvents: Bool { true }
    package static var isSearchable: Bool { false }
    package static var projection: String? { nil }
    package var searchTokens: Set<String> { [] }

    /// Name of the event stream of one record.
    package static func stream(_ id: Identifier<Tag>) -> String { collection + "/" + id.rawValue }

    static var shape: CollectionShape { ShapeCache.shape(of: Self.self) }
    static var secondShape: CollectionShape { ShapeCache.second(of: Self.self) }

    var columnValues: [IndexValue] {
        ShapeCache.columns(of: Self.self).map { $0.value(self) }
    }
}

/// A column of an index: a name that stays, and the property it holds.
package struct Column<R: Record>: Sendable {
    package let name: String
    let type: IndexType
    let value: @Sendable (R) -> IndexValue

    package init<V: Indexable>(_ name: String, _ path: any KeyPath<R, V> & Sendable) {
        self.name = name
        type = V.indexType
        value = { $0[keyPath: path].indexValue }
    }

    /// For a column computed from several properties.
    package init<V: Indexable>(_ name: String, by value: @escaping @Sendable (R) -> V) {
        self.name = name
        type = V.indexType
        self.value = { value($0).indexValue }
    }
}

/// A declared index: the only way a collection is queried. The tenant always stands first.
package struct Index<R: Record>: Sendable {
    package let name: String
    let columns: [Column<R>]
    let isUnique: Bool

    package init(_ name: String, _ columns: Column<R>...) {
        self.name = name
        self.columns = columns
        isUnique = false
    }

    private init(name: String, columns: [Column<R>], isUnique: Bool) {
        self.name = name
        self.columns = columns
        self.isUnique = isUnique
    }

    package static func unique(_ name: String, _ columns: Column<R>...) -> Index<R> {
        Index(name: name, columns: columns, isUnique: true)
    }

    var shape: CollectionShape.Index {
        CollectionShape.Index(name: name, columns: columns.map(\.name), isUnique: isUnique)
    }
}
