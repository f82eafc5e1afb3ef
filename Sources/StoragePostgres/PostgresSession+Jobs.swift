import Kernel
import Storage
import StorageSQL

extension PostgresRow: StatementRow {}

extension PostgresSession: StatementRunner {
    func rows<T>(
        _ sql: String, _ values: [SQLValue], _ read: (PostgresRow) throws -> T
    ) throws -> [T] {
        try run(sql, PostgresValues(values)).map(read)
    }

    @discardableResult
    func change(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try run(sql, PostgresValues(values)).changed
    }
}

extension PostgresValues {
    init(_ values: [SQLValue]) {
        self.init()
        for value in values {
            switch value {
            case .null: add(Kind.unknown, nil)
            case .integer(let number): add(number)
            case .text(let text): add(Kind.text, Array(text.utf8), isBinary: false)
            case .blob(let bytes): add(Kind.bytes, bytes)
            }
        }
    }
}

extension PostgresSession: JobRows, JobListing {
    /// One statement for all: every round trip to the server costs more than the rows.
    func claim(_ numbers: [Int64], now: Int64, isAlone: Bool) throws -> [JobRow] {
        try run(
            """
            UPDATE jobs SET state = 2, attempt = attempt + 1, fence = fence + 1, started = ?, ran_alone = ?
            WHERE number = ANY(?::text[]::bigint[]) AND state = 1 RETURNING \(JobColumns.all)
            """,
            PostgresValues().with(now).with(isAlone ? 1 : 0)
                .with(texts: numbers.map { String($0) })
        ).map(JobColumns.job)
    }
}
