import CSQLite
import Kernel
import Storage

/// One connection's view as the rows the seam asks for; its parts stand in extensions.
final class SQLiteSession {
    let connection: SQLiteConnection
    private var collections: [String: CollectionSQL] = [:]

    init(_ connection: SQLiteConnection) { self.connection = connection }

    func sql(for shape: CollectionShape) -> CollectionSQL {
        if let known = collections[shape.name] { return known }
        let made = CollectionSQL(shape)
        collections[shape.name] = made
        return made
    }

    /// Runs a statement and turns the driver's fault into ours.
    func with<T>(_ sql: String, _ body: (SQLiteStatement) throws -> T) throws -> T {
        do { return try body(try connection.statement(sql)) } catch let fault as SQLiteFault {
            throw fault.storageError
        }
    }

    func changes() -> Int { Int(sqlite3_changes(connection.handle)) }
    func lastNumber() -> Int64 { sqlite3_last_insert_rowid(connection.handle) }
}

extension SQLiteSession: RecordRows {
    func record(_ shape: CollectionShape, tenant: TenantID, id: String) throws -> StoredRecord? {
        try with(sql(for: shape).select) {
            try $0.bind(tenant.rawValue).bind(id).first(Self.storedRecord)
        }
    }

    func insert(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue]
    ) throws {
        try with(sql(for: shape).insert) {
            try Self.bind($0, tenant, record, columns).run()
        }
    }

    func insertIfAbsent(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue]
    ) throws -> Bool {
        try with(sql(for: shape).insertIfAbsent) {
            try Self.bind($0, tenant, record, columns).run()
        }
        return changes() == 1
    }

    func update(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue],
        expected: Int64
    ) throws -> Bool {
        try with(sql(for: shape).update) {
            try $0.bind(record.version).bind(blob: record.body).bind(record.updated)
                .bind(columns).bind(tenant.rawValue).bind(record.id).bind(expected).run()
        }
        return changes() == 1
    }

    func delete(_ shape: CollectionShape, tenant: TenantID, id: String) throws -> Bool {
        try with(sql(for: shape).delete) { try $0.bind(tenant.rawValue).bind(id).run() }
        return changes() == 1
    }

    func find(
        _ shape: CollectionShape, tenant: TenantID, index: CollectionShape.Index,
        values: [IndexValue]
    ) throws -> StoredRecord? {
        try with(sql(for: shape).find(index)) {
            try $0.bind(tenant.rawValue).bind(values).first(Self.storedRecord)
        }
    }

    func page(
        _ shape: CollectionShape, tenant: TenantID, _ request: PageRequest
    ) throws -> [(record: StoredRecord, ordering: [IndexValue])] {
        let count = request.index.columns.count - request.equals.count
        return try with(sql(for: shape).page(request)) { statement in
            statement.bind(tenant.rawValue).bind(request.equals)
            if let prefix = request.prefix {
                statement.bind(prefix).bind(prefix + "\u{10FFFF}")
            }
            if let after = request.after { statement.bind(after) }
            return try statement.bind(request.limit).rows { row in
                let ordering = (0..<count).map { row.value(Int32(5 + $0)) }
                return (try Self.storedRecord(row), ordering)
            }
        }
    }

    func count(
        _ shape: CollectionShape, tenant: TenantID, index: CollectionShape.Index,
        equals: [IndexValue], limit: Int
    ) throws -> Int {
        let filter = index.columns.prefix(equals.count).map { " AND x_\($0) IS ?" }.joined()
        let table = sql(for: shape).table
        return try with(
            "SELECT count(*) FROM (SELECT 1 FROM \(table) WHERE tenant = ?\(filter) LIMIT ?)"
        ) {
            try $0.bind(tenant.rawValue).bind(equals).bind(limit).first { Int($0.integer(0)) } ?? 0
        }
    }

    func replaceTokens(
        _ shape: CollectionShape, tenant: TenantID, id: String, tokens: Set<String>
    ) throws {
        try with("DELETE FROM tokens WHERE tenant = ? AND collection = ? AND id = ?") {
            try $0.bind(tenant.rawValue).bind(shape.name).bind(id).run()
        }
        for token in tokens.sorted() {
            try with("INSERT OR IGNORE INTO tokens(tenant, collection, token, id) VALUES(?,?,?,?)")
            {
                try $0.bind(tenant.rawValue).bind(shape.name).bind(token).bind(id).run()
            }
        }
    }

    func search(
        _ shape: CollectionShape, tenant: TenantID, prefix: String, after: String?, limit: Int
    ) throws -> [String] {
        try with(
            """
            SELECT DISTINCT id FROM tokens WHERE tenant = ? AND collection = ? AND token >= ?
            AND token < ? AND id > ? ORDER BY id LIMIT ?
            """
        ) {
            try $0.bind(tenant.rawValue).bind(shape.name).bind(prefix).bind(prefix + "\u{10FFFF}")
                .bind(after ?? "").bind(limit).rows { $0.text(0) }
        }
    }

    func clear(_ shape: CollectionShape) throws {
        try with("DELETE FROM \(sql(for: shape).table)") { try $0.run() }
        guard shape.hasTokens else { return }
        try with("DELETE FROM tokens WHERE collection = ?") { try $0.bind(shape.name).run() }
    }

    func reindex(
        _ shape: CollectionShape, columns: ([UInt8]) throws -> [IndexValue]
    ) throws -> Int {
        let table = sql(for: shape).table
        guard !shape.columns.isEmpty else { return 0 }
        let sets = shape.columns.map { "x_\($0.name) = ?" }.joined(separator: ", ")
        var last: Int64 = 0
        var total = 0
        while true {
            let rows = try with(
                "SELECT rowid, body FROM \(table) WHERE rowid > ? ORDER BY rowid LIMIT 500"
            ) {
                try $0.bind(last).rows { ($0.integer(0), $0.blob(1)) }
            }
            guard let end = rows.last else { return total }
            for (number, body) in rows {
                try with("UPDATE \(table) SET \(sets) WHERE rowid = ?") {
                    try $0.bind(try columns(body)).bind(number).run()
                }
            }
            last = end.0
            total += rows.count
        }
    }

    private static func bind(
        _ statement: SQLiteStatement, _ tenant: TenantID, _ record: StoredRecord,
        _ columns: [IndexValue]
    ) -> SQLiteStatement {
        statement.bind(tenant.rawValue).bind(record.id).bind(record.version)
            .bind(blob: record.body).bind(record.created).bind(record.updated).bind(columns)
    }

    private static func storedRecord(_ row: SQLiteStatement) throws -> StoredRecord {
        StoredRecord(
            id: row.text(0), version: row.integer(1), body: row.blob(2), created: row.integer(3),
            updated: row.integer(4))
    }
}
