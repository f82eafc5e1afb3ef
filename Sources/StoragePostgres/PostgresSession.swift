import Kernel
import Storage

/// One connection's view as the rows the seam asks for; its parts stand in extensions.
final class PostgresSession {
    let connection: PostgresConnection
    /// What is open, on a connection that writes.
    var batch: PostgresBatch?
    private var collections: [String: CollectionSQL] = [:]

    init(_ connection: PostgresConnection) { self.connection = connection }

    func sql(for shape: CollectionShape) -> CollectionSQL {
        if let known = collections[shape.name] { return known }
        let made = CollectionSQL(shape)
        collections[shape.name] = made
        return made
    }

    /// Runs a statement and turns the driver's fault into ours.
    func run(
        _ sql: String, _ values: PostgresValues = PostgresValues(),
        seeing sight: PostgresBatch.Sight = .none
    ) throws -> PostgresRows {
        do {
            try batch?.prepare(sight)
            return try connection.run(sql, values)
        } catch let fault as PostgresFault {
            throw fault.storageError
        }
    }
}

extension PostgresSession: RecordRows {
    func record(_ shape: CollectionShape, tenant: TenantID, id: String) throws -> StoredRecord? {
        try run(sql(for: shape).select, .of(tenant).with(id)).first(Self.storedRecord)
    }

    func insert(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue]
    ) throws {
        _ = try run(sql(for: shape).insert, Self.values(tenant, record, columns))
    }

    func insertIfAbsent(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue]
    ) throws -> Bool {
        try run(sql(for: shape).insertIfAbsent, Self.values(tenant, record, columns)).changed == 1
    }

    func update(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue],
        expected: Int64
    ) throws -> Bool {
        try run(
            sql(for: shape).update,
            PostgresValues().with(record.version).with(blob: record.body).with(record.updated)
                .with(columns).with(tenant.rawValue).with(record.id).with(expected)
        ).changed == 1
    }

    func delete(_ shape: CollectionShape, tenant: TenantID, id: String) throws -> Bool {
        try run(sql(for: shape).delete, .of(tenant).with(id)).changed == 1
    }

    func find(
        _ shape: CollectionShape, tenant: TenantID, index: CollectionShape.Index,
        values: [IndexValue]
    ) throws -> StoredRecord? {
        try run(sql(for: shape).find(index), .of(tenant).with(values)).first(Self.storedRecord)
    }

    func page(
        _ shape: CollectionShape, tenant: TenantID, _ request: PageRequest
    ) throws -> [(record: StoredRecord, ordering: [IndexValue])] {
        let ordering = request.index.columns.dropFirst(request.equals.count)
        let types = ordering.map { name in
            shape.columns.first { $0.name == name }?.type ?? .text
        }
        var values = PostgresValues.of(tenant).with(request.equals.filter { $0 != .null })
        if let prefix = request.prefix { values = values.with(prefix).with(prefix + "\u{10FFFF}") }
        if let after = request.after { values = values.with(after) }
        return try run(sql(for: shape).page(request), values.with(request.limit)).map { row in
            let ordering = types.enumerated().map { offset, type in
                row.value(Int32(5 + offset), type)
            }
            return (Self.storedRecord(row), ordering)
        }
    }

    func count(
        _ shape: CollectionShape, tenant: TenantID, index: CollectionShape.Index,
        equals: [IndexValue], limit: Int
    ) throws -> Int {
        let filter = zip(index.columns, equals).map {
            $1 == .null ? " AND x_\($0) IS NULL" : " AND x_\($0) = ?"
        }.joined()
        let table = sql(for: shape).table
        return try run(
            "SELECT count(*) FROM (SELECT 1 FROM \(table) WHERE tenant = ?\(filter) LIMIT ?) part",
            .of(tenant).with(equals.filter { $0 != .null }).with(limit)
        ).first { Int($0.integer(0)) } ?? 0
    }

    func replaceTokens(
        _ shape: CollectionShape, tenant: TenantID, id: String, tokens: Set<String>
    ) throws {
        _ = try run(
            "DELETE FROM tokens WHERE tenant = ? AND collection = ? AND id = ?",
            .of(tenant).with(shape.name).with(id))
        guard !tokens.isEmpty else { return }
        _ = try run(
            """
            INSERT INTO tokens(tenant, collection, id, token)
            SELECT ?, ?, ?, unnest(?) ON CONFLICT DO NOTHING
            """, .of(tenant).with(shape.name).with(id).with(texts: tokens.sorted()))
    }

    func search(
        _ shape: CollectionShape, tenant: TenantID, prefix: String, after: String?, limit: Int
    ) throws -> [String] {
        try run(
            """
            SELECT DISTINCT id FROM tokens WHERE tenant = ? AND collection = ? AND token >= ?
            AND token < ? AND id > ? ORDER BY id LIMIT ?
            """,
            .of(tenant).with(shape.name).with(prefix).with(prefix + "\u{10FFFF}")
                .with(after ?? "").with(limit)
        ).map { $0.text(0) }
    }

    /// As the tables' owner, for a moment, as it is of no tenant. Who reads the table, such as a
    /// dump, must not stop this writer, and with it everything.
    /// - Throws: `StorageError.interrupted` while others read it.
    func clear(_ shape: CollectionShape) throws {
        _ = try run("RESET ROLE")
        _ = try run("SET LOCAL lock_timeout = '300ms'")
        _ = try run("TRUNCATE \(sql(for: shape).table)")
        _ = try run("SET LOCAL lock_timeout TO DEFAULT")
        _ = try run("SET LOCAL ROLE \(PostgresSchema.engineRole)")
        guard shape.hasTokens else { return }
        _ = try run(
            "DELETE FROM tokens WHERE collection = ?", PostgresValues().with(shape.name))
    }

    /// As the tables' owner, for a moment: a migration is of no tenant.
    func reindex(
        _ shape: CollectionShape, columns: ([UInt8]) throws -> [IndexValue]
    ) throws -> Int {
        let table = sql(for: shape).table
        guard !shape.columns.isEmpty else { return 0 }
        let sets = shape.columns.map { "x_\($0.name) = ?" }.joined(separator: ", ")
        _ = try run("RESET ROLE")
        _ = try run("ALTER TABLE \(table) NO FORCE ROW LEVEL SECURITY")
        var last = ("", "")
        var total = 0
        while true {
            let rows = try run(
                """
                SELECT tenant, id, body FROM \(table) WHERE (tenant, id) > (?, ?)
                ORDER BY tenant, id LIMIT 500
                """, PostgresValues().with(last.0).with(last.1)
            ).map { ($0.text(0), $0.text(1), $0.blob(2)) }
            guard let end = rows.last else { break }
            for (tenant, id, body) in rows {
                _ = try run(
                    "UPDATE \(table) SET \(sets) WHERE tenant = ? AND id = ?",
                    PostgresValues().with(try columns(body)).with(tenant).with(id))
            }
            last = (end.0, end.1)
            total += rows.count
        }
        _ = try run("ALTER TABLE \(table) FORCE ROW LEVEL SECURITY")
        _ = try run("SET LOCAL ROLE \(PostgresSchema.engineRole)")
        return total
    }

    private static func values(
        _ tenant: TenantID, _ record: StoredRecord, _ columns: [IndexValue]
    ) -> PostgresValues {
        PostgresValues.of(tenant).with(record.id).with(record.version).with(blob: record.body)
            .with(record.created).with(record.updated).with(columns)
    }

    private static func storedRecord(_ row: PostgresRow) -> StoredRecord {
        StoredRecord(
            id: row.text(0), version: row.integer(1), body: row.blob(2), created: row.integer(3),
            updated: row.integer(4))
    }
}

extension PostgresValues {
    static func of(_ tenant: TenantID) -> PostgresValues {
        PostgresValues().with(tenant.rawValue)
    }
}

extension PostgresRow {
    func value(_ column: Int32, _ type: IndexType) -> IndexValue {
        if isNull(column) { return .null }
        return switch type {
        case .integer: .integer(integer(column))
        case .text: .text(text(column))
        }
    }

    func tenant(_ column: Int32) throws -> TenantID {
        guard let tenant = TenantID(text(column)) else {
            throw StorageError(.engine, "a stored row has no readable tenant")
        }
        return tenant
    }

    func optionalFault(_ column: Int32, field: Int32? = nil) -> RecordedFault? {
        guard let kind = optionalText(column).flatMap(FaultKind.init(rawValue:)) else {
            return nil
        }
        return RecordedFault(
            kind: kind, code: text(column + 1), detail: text(column + 2),
            field: field.flatMap { optionalText($0) })
    }
}
