import Kernel
import Storage

extension SQLiteSession: LogRows {
    private static let eventColumns = """
        position, tenant, stream, version, type, at, actor_kind, actor_id, operation, cause, \
        correlation, data
        """

    /// How far one read of the log looks when its types are rare.
    private static let scanLimit: Int64 = 2000

    func append(_ events: [LogRow]) throws -> Int64 {
        for event in events {
            do {
                try with(
                    """
                    INSERT INTO events(tenant, stream, version, type, at, actor_kind, actor_id,
                      operation, cause, correlation, data) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
                ) {
                    try $0.bind(event.tenant.rawValue).bind(event.stream).bind(event.version)
                        .bind(event.type).bind(event.at).bind(event.actor.kind.rawValue)
                        .bind(event.actor.id).bind(event.operation).bind(event.cause)
                        .bind(event.correlation).bind(blob: event.data).run()
                }
            } catch let fault as StorageError where fault.reason == .duplicate {
                throw StorageError(.stale, "stream \(event.stream) grew meanwhile")
            }
        }
        return lastNumber()
    }

    func stream(
        tenant: TenantID, stream: String, after version: Int64, limit: Int
    ) throws -> [LogRow] {
        try with(
            """
            SELECT \(Self.eventColumns) FROM events
            WHERE tenant = ? AND stream = ? AND version > ? ORDER BY version LIMIT ?
            """
        ) {
            try $0.bind(tenant.rawValue).bind(stream).bind(version).bind(limit)
                .rows(Self.logRow)
        }
    }

    func streamHead(tenant: TenantID, stream: String) throws -> (version: Int64, at: Int64)? {
        try with(
            """
            SELECT version, at FROM events WHERE tenant = ? AND stream = ?
            ORDER BY version DESC LIMIT 1
            """
        ) {
            try $0.bind(tenant.rawValue).bind(stream).first { ($0.integer(0), $0.integer(1)) }
        }
    }

    func log(
        tenant: TenantID?, after cursor: LogCursor, types: Set<String>?, limit: Int
    ) throws -> LogPage {
        let position = try Self.position(cursor)
        func page(_ events: [LogRow], _ next: Int64) -> LogPage {
            LogPage(
                events: events, begin: cursor,
                next: next == position ? cursor : LogCursor(text: String(next)), epoch: "")
        }
        let head = try lastPosition()
        // A position past the end is nothing to read, and nothing to add to.
        guard position < head else { return page([], position) }
        let end = min(head, position + Self.scanLimit)
        var sql = "SELECT \(Self.eventColumns) FROM events WHERE position > ? AND position <= ?"
        if tenant != nil { sql += " AND tenant = ?" }
        let wanted = types?.sorted() ?? []
        if types != nil {
            let marks = Array(repeating: "?", count: wanted.count).joined(separator: ", ")
            sql += " AND type IN (\(marks))"
        }
        sql += " ORDER BY position LIMIT ?"
        let events = try with(sql) { statement in
            statement.bind(position).bind(end)
            if let tenant { statement.bind(tenant.rawValue) }
            for type in wanted { statement.bind(type) }
            return try statement.bind(limit).rows(Self.logRow)
        }
        if events.count == limit, let last = events.last { return page(events, last.position) }
        return page(events, max(end, position))
    }

    private func lastPosition() throws -> Int64 {
        try with("SELECT coalesce(max(position), 0) FROM events") {
            try $0.first { $0.integer(0) } ?? 0
        }
    }

    func extent(at cursor: LogCursor) throws -> (reached: Int64, last: Int64) {
        (try Self.position(cursor), try lastPosition())
    }

    /// One writer, one order: a cursor is the number of the last event before it.
    private static func position(_ cursor: LogCursor) throws -> Int64 {
        if cursor == .start { return 0 }
        guard let position = Int64(cursor.text), position >= 0 else {
            throw StorageError(
                .cursorMalformed, "is no position of this log", field: "after")
        }
        return position
    }

    func event(at position: Int64) throws -> LogRow? {
        try with("SELECT \(Self.eventColumns) FROM events WHERE position = ?") {
            try $0.bind(position).first(Self.logRow)
        }
    }

    private static func logRow(_ row: SQLiteStatement) throws -> LogRow {
        LogRow(
            position: row.integer(0), tenant: try tenant(row.text(1)), stream: row.text(2),
            version: row.integer(3), type: row.text(4), at: row.integer(5),
            actor: Actor(Actor.Kind(rawValue: row.text(6)) ?? .platform, row.text(7)),
            operation: row.optionalText(8), cause: row.optionalText(9), correlation: row.text(10),
            data: row.blob(11))
    }

    static func tenant(_ text: String) throws -> TenantID {
        guard let tenant = TenantID(text) else {
            throw StorageError(.engine, "a stored row has no readable tenant")
        }
        return tenant
    }
}

extension SQLiteSession: OperationRows {
    func operation(
        tenant: TenantID, _ id: OperationID
    ) throws -> (fingerprint: String, result: [UInt8])? {
        try with("SELECT fingerprint, result FROM operations WHERE tenant = ? AND id = ?") {
            try $0.bind(tenant.rawValue).bind(id.rawValue).first { ($0.text(0), $0.blob(1)) }
        }
    }

    func saveOperation(
        tenant: TenantID, _ id: OperationID, fingerprint: String, result: [UInt8], at: Int64
    ) throws {
        try with("INSERT INTO operations(tenant, id, fingerprint, result, at) VALUES(?,?,?,?,?)") {
            try $0.bind(tenant.rawValue).bind(id.rawValue).bind(fingerprint).bind(blob: result)
                .bind(at).run()
        }
    }

    func pruneOperations(before: Int64, limit: Int) throws -> Int {
        try with(
            """
            DELETE FROM operations WHERE (tenant, id) IN (
              SELECT tenant, id FROM operations WHERE at < ? LIMIT ?)
            """
        ) { try $0.bind(before).bind(limit).run() }
        return changes()
    }
}
