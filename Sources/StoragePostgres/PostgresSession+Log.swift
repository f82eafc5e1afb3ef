import Kernel
import Storage

extension PostgresSession: LogRows {
    private static let eventColumns = """
        position, tenant, stream, version, type, at, actor_kind, actor_id, operation, cause, \
        correlation, data
        """

    /// How far one read of the log looks when its types are rare.
    private static let scanLimit = 2000

    func append(_ events: [LogRow]) throws -> Int64 {
        var last: Int64 = 0
        for event in events {
            do {
                last =
                    try run(
                        """
                        INSERT INTO events(tenant, stream, version, type, at, actor_kind, actor_id,
                          operation, cause, correlation, data)
                        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING position
                        """,
                        .of(event.tenant).with(event.stream).with(event.version).with(event.type)
                            .with(event.at).with(event.actor.kind.rawValue).with(event.actor.id)
                            .with(event.operation).with(event.cause).with(event.correlation)
                            .with(blob: event.data)
                    ).first { $0.integer(0) } ?? last
            } catch let fault as StorageError where fault.reason == .duplicate {
                throw StorageError(.stale, "stream \(event.stream) grew meanwhile")
            }
        }
        return last
    }

    func stream(
        tenant: TenantID, stream: String, after version: Int64, limit: Int
    ) throws -> [LogRow] {
        try run(
            """
            SELECT \(Self.eventColumns) FROM events
            WHERE tenant = ? AND stream = ? AND version > ? ORDER BY version LIMIT ?
            """, .of(tenant).with(stream).with(version).with(limit)
        ).map(Self.logRow)
    }

    func streamHead(tenant: TenantID, stream: String) throws -> (version: Int64, at: Int64)? {
        try run(
            """
            SELECT version, at FROM events WHERE tenant = ? AND stream = ?
            ORDER BY version DESC LIMIT 1
            """, .of(tenant).with(stream)
        ).first { ($0.integer(0), $0.integer(1)) }
    }

    /// Reads what the present snapshot sees and the last one did not, in the order of numbers: an
    /// event that commits late under a low number belongs to a later piece, and an open writer holds
    /// up nobody.
    func log(
        tenant: TenantID?, after cursor: LogCursor, types: Set<String>?, limit: Int
    ) throws -> LogPage {
        var place = try PostgresCursor(cursor)
        let to = try place.to ?? presentEdge()
        if place.to == nil {
            place.to = to
            // With none begun since, no number is above it.
            place.from.below = try lowest(since: place.from, seenBy: to).map { $0 - 1 } ?? .max
        }
        let begin = place
        let size = min(max(limit, 1), Self.scanLimit)
        let rows = try rows(place, to, tenant, types, size)
        let isWhole = rows.count < size
        var next = place
        if isWhole {
            next = PostgresCursor()
            next.from = to
        } else if let last = rows.last {
            next.done = last.row.position
        }
        // Nothing came: the cursor stays, so that nobody takes the passing of time for news.
        let isNothing = rows.isEmpty && begin.done == 0
        return LogPage(
            events: rows.filter(\.isWanted).map(\.row), begin: begin.cursor,
            next: isNothing ? cursor : next.cursor, epoch: begin.epoch)
    }

    private func presentEdge() throws -> PostgresCursor.Edge {
        let text = try run("SELECT pg_current_snapshot()::text").first { $0.text(0) }
        return PostgresCursor.Edge(snapshot: text ?? "1:1:", below: 0)
    }

    /// The lowest number of those begun since an edge, by their transactions: few where little has
    /// happened since. Looked for once a piece; adding nothing keeps the server from walking the
    /// numbers instead.
    private func lowest(
        since edge: PostgresCursor.Edge, seenBy to: PostgresCursor.Edge
    ) throws -> Int64? {
        guard edge != .start else { return 1 }
        return try run(
            """
            SELECT min(position + 0) FROM events WHERE txid >= ?::text::xid8
              AND pg_visible_in_snapshot(txid, ?::text::pg_snapshot)
            """, PostgresValues().with(edge.end).with(to.snapshot)
        ).first { $0.optionalInteger(0) } ?? nil
    }

    func extent(at cursor: LogCursor) throws -> (reached: Int64, last: Int64) {
        let place = try PostgresCursor(cursor)
        let last = try run("SELECT coalesce(max(position), 0) FROM events").first { $0.integer(0) }
        return (max(place.from.below == .max ? 0 : place.from.below, place.done), last ?? 0)
    }

    private func rows(
        _ place: PostgresCursor, _ to: PostgresCursor.Edge, _ tenant: TenantID?,
        _ types: Set<String>?, _ size: Int
    ) throws -> [(row: LogRow, isWanted: Bool)] {
        let wanted = types.map { $0.sorted() } ?? []
        let isWanted = types == nil ? "true" : "type = ANY(?)"
        let mine = tenant == nil ? "" : " AND tenant = ?"
        func values(_ first: PostgresValues) -> PostgresValues {
            var values = types == nil ? PostgresValues() : PostgresValues().with(texts: wanted)
            values = first.prepended(by: values)
            if let tenant { values = values.with(tenant.rawValue) }
            return values.with(size)
        }
        let columns = "\(Self.eventColumns), (\(isWanted))::int::bigint"
        // Begun since, and seen by now.
        let later = try run(
            """
            SELECT \(columns) FROM events WHERE position > ? AND txid >= ?::text::xid8
              AND pg_visible_in_snapshot(txid, ?::text::pg_snapshot)\(mine)
            ORDER BY position LIMIT ?
            """,
            values(
                PostgresValues().with(max(place.done, place.from.below)).with(place.from.end)
                    .with(to.snapshot))
        ).map(Self.markedRow)
        // Open then, and committed since: few, and found by their transactions.
        guard !place.from.open.isEmpty else { return later }
        let late = try run(
            """
            SELECT \(columns) FROM events WHERE position > ? AND txid = ANY(?::text[]::xid8[])
              AND pg_visible_in_snapshot(txid, ?::text::pg_snapshot)\(mine)
            ORDER BY position LIMIT ?
            """,
            values(
                PostgresValues().with(place.done).with(texts: place.from.open).with(to.snapshot))
        ).map(Self.markedRow)
        return Array((late + later).sorted { $0.row.position < $1.row.position }.prefix(size))
    }

    func event(at position: Int64) throws -> LogRow? {
        try run(
            "SELECT \(Self.eventColumns) FROM events WHERE position = ?",
            PostgresValues().with(position)
        ).first(Self.logRow)
    }

    private static func markedRow(_ row: PostgresRow) throws -> (row: LogRow, isWanted: Bool) {
        (try logRow(row), row.integer(12) == 1)
    }

    private static func logRow(_ row: PostgresRow) throws -> LogRow {
        LogRow(
            position: row.integer(0), tenant: try row.tenant(1), stream: row.text(2),
            version: row.integer(3), type: row.text(4), at: row.integer(5),
            actor: Actor(Actor.Kind(rawValue: row.text(6)) ?? .platform, row.text(7)),
            operation: row.optionalText(8), cause: row.optionalText(9), correlation: row.text(10),
            data: row.blob(11))
    }
}

extension PostgresSession: OperationRows {
    func operation(
        tenant: TenantID, _ id: OperationID
    ) throws -> (fingerprint: String, result: [UInt8])? {
        try run(
            "SELECT fingerprint, result FROM operations WHERE tenant = ? AND id = ?",
            .of(tenant).with(id.rawValue)
        ).first { ($0.text(0), $0.blob(1)) }
    }

    func saveOperation(
        tenant: TenantID, _ id: OperationID, fingerprint: String, result: [UInt8], at: Int64
    ) throws {
        _ = try run(
            "INSERT INTO operations(tenant, id, fingerprint, result, at) VALUES(?, ?, ?, ?, ?)",
            .of(tenant).with(id.rawValue).with(fingerprint).with(blob: result).with(at))
    }

    func pruneOperations(before: Int64, limit: Int) throws -> Int {
        try run(
            """
            DELETE FROM operations WHERE (tenant, id) IN (
              SELECT tenant, id FROM operations WHERE at < ? LIMIT ?)
            """, PostgresValues().with(before).with(limit)
        ).changed
    }
}
