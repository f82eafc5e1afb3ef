import Storage

/// A value bound to a statement.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    package static func optional(_ number: Int64?) -> SQLValue { number.map(integer) ?? .null }
    package static func optional(_ text: String?) -> SQLValue { text.map(SQLValue.text) ?? .null }
    package static func optional(_ blob: [UInt8]?) -> SQLValue { blob.map(SQLValue.blob) ?? .null }
    package static func count(_ number: Int) -> SQLValue { .integer(Int64(number)) }
    package static func flag(_ isSet: Bool) -> SQLValue { .integer(isSet ? 1 : 0) }
}

/// One row of an answer; columns by number from zero.
package protocol StatementRow: SendableMetatype {
    func integer(_ column: Int32) -> Int64
    func optionalInteger(_ column: Int32) -> Int64?
    func text(_ column: Int32) -> String
    func optionalText(_ column: Int32) -> String?
    func blob(_ column: Int32) -> [UInt8]
    func optionalBlob(_ column: Int32) -> [UInt8]?
}

/// A connection that runs statements both engines understand: values stand as `?`.
///
/// What the engines have in common is written once over it; what one can do better it does itself.
package protocol StatementRunner: AnyObject {
    associatedtype Row: StatementRow
    func rows<T>(
        _ sql: String, _ values: [SQLValue], _ read: (Row) throws -> T
    ) throws -> [T]
    /// - Returns: how many rows were written.
    @discardableResult
    func change(_ sql: String, _ values: [SQLValue]) throws -> Int
}

extension StatementRunner {
    package func first<T>(
        _ sql: String, _ values: [SQLValue], _ read: (Row) throws -> T
    ) throws -> T? {
        try rows(sql, values, read).first
    }

    /// Question marks for so many values.
    package static func marks(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }
}
