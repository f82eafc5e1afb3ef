import Kernel
import Storage

/// Brings collections' tables in line with their declarations, in one transaction.
struct PostgresMigration {
    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) { self.connection = connection }

    /// - Returns: each step in words, in the order it was done.
    func run(_ shapes: [CollectionShape]) throws -> [String] {
        try connection.execute("BEGIN")
        do {
            // Processes that start together take turns.
            try connection.execute("SELECT pg_advisory_xact_lock(5014031)")
            var done: [String] = []
            for shape in shapes { done += try migrate(shape) }
            try connection.execute("COMMIT")
            return done
        } catch {
            try connection.execute("ROLLBACK")
            throw error
        }
    }

    private func migrate(_ shape: CollectionShape) throws -> [String] {
        let table = CollectionSQL(shape).table
        var done: [String] = []
        let existing = try columns(of: table)
        if existing.isEmpty {
            let columns = shape.columns.map { ", x_\($0.name) \(Self.type($0))" }.joined()
            try connection.execute(
                """
                CREATE TABLE \(table)(tenant text COLLATE "C" NOT NULL,
                  id text COLLATE "C" NOT NULL, version bigint NOT NULL CHECK(version > 0),
                  body bytea NOT NULL, created bigint NOT NULL, updated bigint NOT NULL\(columns),
                  PRIMARY KEY(tenant, id))
                """)
            let roles = "\(PostgresSchema.recordsRole), \(PostgresSchema.engineRole)"
            for statement in PostgresSchema.tenantWall(table, roles: roles) {
                try connection.execute(statement)
            }
            try connection.execute(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON \(table) TO \(roles)")
            done.append("\(shape.name): table made")
        } else {
            for column in shape.columns where !existing.contains("x_" + column.name) {
                try connection.execute(
                    "ALTER TABLE \(table) ADD COLUMN x_\(column.name) \(Self.type(column))")
                done.append("\(shape.name): column \(column.name) added")
            }
        }
        return try done + alignIndexes(of: shape, table: table)
    }

    private static func type(_ column: CollectionShape.Column) -> String {
        switch column.type {
        case .integer: "bigint"
        case .text: "text COLLATE \"C\""
        }
    }

    private func alignIndexes(of shape: CollectionShape, table: String) throws -> [String] {
        var done: [String] = []
        var wanted: [String: (sql: String, mark: String)] = [:]
        for index in shape.indexes {
            let name = "\(table)__\(index.name)"
            let columns = (["tenant"] + index.columns.map { "x_" + $0 }).joined(separator: ", ")
            // The identifier ends every ordered index, so that a page is one range scan.
            let tail = index.isUnique ? "" : ", id"
            let kind = index.isUnique ? "UNIQUE " : ""
            wanted[name] = (
                "CREATE \(kind)INDEX \(name) ON \(table)(\(columns)\(tail))",
                "\(kind)(\(columns)\(tail))"
            )
        }
        let existing = try connection.run(
            """
            SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
            WHERE t.relname = ? AND NOT i.indisprimary
            """, PostgresValues().with(table)
        ).map { ($0.text(0), $0.optionalText(1)) }
        // The declaration an index was made from is kept as its comment.
        for (name, mark) in existing where wanted[name]?.mark != mark {
            try connection.execute("DROP INDEX \(name)")
            done.append("\(shape.name): index \(name) dropped")
        }
        let kept = Set(existing.filter { wanted[$0.0]?.mark == $0.1 }.map(\.0))
        for (name, index) in wanted.sorted(by: { $0.key < $1.key }) where !kept.contains(name) {
            try connection.execute(index.sql)
            try connection.execute("COMMENT ON INDEX \(name) IS '\(index.mark)'")
            done.append("\(shape.name): index \(name) made")
        }
        return done
    }

    private func columns(of table: String) throws -> Set<String> {
        Set(
            try connection.run(
                """
                SELECT attname::text FROM pg_attribute
                WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped
                """, PostgresValues().with(table)
            ).map { $0.text(0) })
    }
}
