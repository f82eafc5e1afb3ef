import CSQLite
import Kernel
import Storage
import StorageSQL

extension SQLiteStatement: StatementRow {}

extension SQLiteSession: StatementRunner {
    func rows<T>(
        _ sql: String, _ values: [SQLValue], _ read: (SQLiteStatement) throws -> T
    ) throws -> [T] {
        try with(sql) { try $0.bind(values).rows(read) }
    }

    @discardableResult
    func change(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try with(sql) { try $0.bind(values).run() }
        return changes()
    }
}

extension SQLiteStatement {
    func bind(_ values: [SQLValue]) -> Self {
        for value in values {
            switch value {
            case .null: bind(Int64?.none)
            case .integer(let number): bind(number)
            case .text(let text): bind(text)
            case .blob(let bytes): bind(blob: bytes)
            }
        }
        return self
    }
}

// The queue's statements are those of `StorageSQL`: one row each, cheap without a network between.
extension SQLiteSession: JobRows, JobListing {}
