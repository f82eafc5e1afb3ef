package import Kernel

/// One value of an index column as an engine stores it.
package enum IndexValue: Hashable, Sendable, Codable {
    case null
    case integer(Int64)
    case text(String)
}

/// What an index column holds, besides nothing.
package enum IndexType: Sendable { case integer, text }

/// A property that can stand in an index column: text, a whole number, a time or a choice of them.
package protocol Indexable: Sendable {
    static var indexType: IndexType { get }
    var indexValue: IndexValue { get }
}

extension String: Indexable {
    package static var indexType: IndexType { .text }
    package var indexValue: IndexValue { .text(self) }
}

extension Int: Indexable {
    package static var indexType: IndexType { .integer }
    package var indexValue: IndexValue { .integer(Int64(self)) }
}

extension Int64: Indexable {
    package static var indexType: IndexType { .integer }
    package var indexValue: IndexValue { .integer(self) }
}

extension Bool: Indexable {
    package static var indexType: IndexType { .integer }
    package var indexValue: IndexValue { .integer(self ? 1 : 0) }
}

extension Instant: Indexable {
    package static var indexType: IndexType { .integer }
    package var indexValue: IndexValue { .integer(microseconds) }
}

extension Identifier: Indexable {
    package static var indexType: IndexType { .text }
    package var indexValue: IndexValue { .text(rawValue) }
}

extension Optional: Indexable where Wrapped: Indexable {
    package static var indexType: IndexType { Wrapped.indexType }
    package var indexValue: IndexValue { self?.indexValue ?? .null }
}

extension RawRepresentable where RawValue == String, Self: Indexable {
    package static var indexType: IndexType { .text }
    package var indexValue: IndexValue { .text(rawValue) }
}
