import Kernel
import Storage

/// Brings collections' tables in line with their declarations.
struct SQLiteMigration {
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection) { self.connection = connection }

    /// - Returns: each step in words, in the order it was done.
    func run(_ shapes: [CollectionShape]) throws -> [String] {
        var done: [String] = []
        for shape in shapes { done += try migrate(shape) }
        return done
    }

    private func migrate(_ shape: CollectionShape) throws -> [String] {
        let table = CollectionSQL(shape).table
        var done: [String] = []
        let existing = try columns(of: table)
        if existing.isEmpty {
            let columns = shape.columns.map { ", x_\($0.name)" }.joined()
            try connection.execute(
                """
                CREATE TABLE \(table)(tenant TEXT NOT NULL, id TEXT NOT NULL,
                  version INTEGER NOT NULL CHECK(version > 0), body BLOB NOT NULL,
                  created INTEGER NOT NULL, updated INTEGER NOT NULL\(columns),
                  PRIMARY KEY(tenant, id))
                """)
            done.append("\(shape.name): table made")
        } else {
            for column in shape.columns where !existing.contains("x_" + column.name) {
                try connection.execute("ALTER TABLE \(table) ADD COLUMN x_\(column.name)")
                done.append("\(shape.name): column \(column.name) added")
            }
        }
        return try done + alignIndexes(of: shape, table: table)
    }

    private func alignIndexes(of shape: CollectionShape, table: String) throws -> [String] {
        var done: [String] = []
        var wanted: [String: String] = [:]
        for index in shape.indexes {
            let name = "\(table)__\(index.name)"
            let columns = (["tenant"] + index.columns.map { "x_" + $0 }).joined(separator: ", ")
            // The identifier ends every ordered index, so that a page is one range scan.
            let tail = index.isUnique ? "" : ", id"
            wanted[name] =
                "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX \(name) ON \(table)(\(columns)\(tail))"
        }
        let existing = try connection.statement(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
        ).bind(table).rows { ($0.text(0), $0.text(1)) }
        for (name, sql) in existing where wanted[name] != sql {
            try connection.execute("DROP INDEX \(name)")
            done.append("\(shape.name): index \(name) dropped")
        }
        let kept = Set(existing.filter { wanted[$0.0] == $0.1 }.map(\.0))
        for (name, sql) in wanted.sorted(by: { $0.key < $1.key }) where !kept.contains(name) {
            try connection.execute(sql)
            done.append("\(shape.name): index \(name) made")
        }
        return done
    }

    private func columns(of table: String) throws -> Set<String> {
        Set(
            try connection.statement("SELECT name FROM pragma_table_info(?)").bind(table)
                .rows { $0.text(0) })
    }
}
