import Kernel
import Storage

extension SQLiteSession: SubscriptionRows {
    func floor(subscription: String) throws -> LogCursor? {
        try with("SELECT floor FROM subscriptions WHERE name = ?") {
            try $0.bind(subscription).first { LogCursor(text: String($0.integer(0))) }
        }
    }

    func saveFloor(subscription: String, _ cursor: LogCursor) throws {
        try with("INSERT OR REPLACE INTO subscriptions(name, floor) VALUES(?, ?)") {
            try $0.bind(subscription).bind(Int64(cursor.text) ?? 0).run()
        }
    }

    func forget(subscription: String) throws {
        try with("DELETE FROM subscriptions WHERE name = ?") { try $0.bind(subscription).run() }
        for table in ["slots", "parked", "trials"] {
            try with("DELETE FROM \(table) WHERE subscription = ?") {
                try $0.bind(subscription).run()
            }
        }
    }

    func replace(subscription: String, by other: String) throws {
        try forget(subscription: subscription)
        try with("UPDATE subscriptions SET name = ? WHERE name = ?") {
            try $0.bind(subscription).bind(other).run()
        }
        for table in ["slots", "parked", "trials"] {
            try with("UPDATE \(table) SET subscription = ? WHERE subscription = ?") {
                try $0.bind(subscription).bind(other).run()
            }
        }
    }

    func projection(_ name: String) throws -> ProjectionRow? {
        try with(
            """
            SELECT side, generation, version, rebuilding_since, rebuilt_at, rebuilding_version
            FROM projections WHERE name = ?
            """
        ) {
            try $0.bind(name).first {
                ProjectionRow(
                    name: name, side: .init(rawValue: $0.integer(0)) ?? .first,
                    generation: $0.integer(1), version: $0.integer(2),
                    rebuildingSince: $0.optionalInteger(3), rebuiltAt: $0.optionalInteger(4),
                    rebuildingVersion: $0.optionalInteger(5))
            }
        }
    }

    /// There is one writer: what it has read holds until it ends.
    func holdProjection(_ name: String, exclusively: Bool) throws -> ProjectionRow {
        try projection(name) ?? ProjectionRow(name: name)
    }

    func saveProjection(_ row: ProjectionRow) throws {
        try with(
            """
            INSERT OR REPLACE INTO projections(name, side, generation, version, rebuilding_since,
              rebuilt_at, rebuilding_version) VALUES(?, ?, ?, ?, ?, ?, ?)
            """
        ) {
            try $0.bind(row.name).bind(row.side.rawValue).bind(row.generation).bind(row.version)
                .bind(row.rebuildingSince).bind(row.rebuiltAt).bind(row.rebuildingVersion).run()
        }
    }

    func slotPlaces(subscription: String) throws -> [Int: SlotPlace] {
        let rows = try with("SELECT slot, position FROM slots WHERE subscription = ?") {
            try $0.bind(subscription).rows {
                (Int($0.integer(0)), SlotPlace(epoch: "", position: $0.integer(1)))
            }
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// One writer makes one order for ever: all places are of one epoch.
    func saveSlot(subscription: String, slot: Int, _ place: SlotPlace) throws -> Bool {
        try with(
            """
            INSERT INTO slots(subscription, slot, position) VALUES(?, ?, ?)
            ON CONFLICT(subscription, slot) DO UPDATE SET position = excluded.position
            WHERE slots.position < excluded.position
            """
        ) { try $0.bind(subscription).bind(slot).bind(place.position).run() }
        return changes() == 1
    }

    func subscriptions(from first: String, to last: String) throws -> [String] {
        try with(
            """
            SELECT name FROM subscriptions WHERE name >= ? AND name < ?
            UNION SELECT subscription FROM slots WHERE subscription >= ? AND subscription < ?
            UNION SELECT subscription FROM parked WHERE subscription >= ? AND subscription < ?
            """
        ) { statement in
            for _ in 0..<3 { statement.bind(first).bind(last) }
            return try statement.rows { $0.text(0) }
        }
    }

    private static let parkedColumns = """
        number, subscription, slot, tenant, key, position, state, attempts, fault_kind, \
        fault_code, fault_detail, fault_field, since, retry_at, replacement
        """

    func parkedKeys(subscription: String) throws -> Set<ParkedKey> {
        Set(
            try with("SELECT DISTINCT tenant, key FROM parked WHERE subscription = ?") {
                try $0.bind(subscription).rows {
                    ParkedKey(tenant: try Self.tenant($0.text(0)), key: $0.text(1))
                }
            })
    }

    func park(_ row: ParkedRow) throws {
        try with(
            """
            INSERT OR IGNORE INTO parked(subscription, slot, tenant, key, position, state,
              attempts, fault_kind, fault_code, fault_detail, fault_field, since, retry_at)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        ) {
            try $0.bind(row.subscription).bind(row.slot).bind(row.key.tenant.rawValue)
                .bind(row.key.key).bind(row.position).bind(row.state.rawValue).bind(row.attempts)
                .bind(row.fault?.kind.rawValue).bind(row.fault?.code).bind(row.fault?.detail)
                .bind(row.fault?.field).bind(row.since).bind(row.retryAt).run()
        }
    }

    func parked(subscription: String, key: ParkedKey, limit: Int) throws -> [ParkedRow] {
        try with(
            """
            SELECT \(Self.parkedColumns) FROM parked
            WHERE subscription = ? AND tenant = ? AND key = ? ORDER BY position LIMIT ?
            """
        ) {
            try $0.bind(subscription).bind(key.tenant.rawValue).bind(key.key).bind(limit)
                .rows(Self.parkedRow)
        }
    }

    func parkedList(tenant: TenantID, after: Int64, limit: Int) throws -> [ParkedRow] {
        try with(
            """
            SELECT \(Self.parkedColumns) FROM parked
            WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?
            """
        ) { try $0.bind(tenant.rawValue).bind(after).bind(limit).rows(Self.parkedRow) }
    }

    func parkedRow(tenant: TenantID, number: Int64) throws -> ParkedRow? {
        try with("SELECT \(Self.parkedColumns) FROM parked WHERE tenant = ? AND number = ?") {
            try $0.bind(tenant.rawValue).bind(number).first(Self.parkedRow)
        }
    }

    func updateParked(_ row: ParkedRow) throws {
        try with(
            """
            UPDATE parked SET state = ?, attempts = ?, fault_kind = ?, fault_code = ?,
              fault_detail = ?, fault_field = ?, retry_at = ?, replacement = ? WHERE number = ?
            """
        ) {
            try $0.bind(row.state.rawValue).bind(row.attempts).bind(row.fault?.kind.rawValue)
                .bind(row.fault?.code).bind(row.fault?.detail).bind(row.fault?.field)
                .bind(row.retryAt).bind(blob: row.replacement).bind(row.number).run()
        }
    }

    func deleteParked(number: Int64) throws {
        try with("DELETE FROM parked WHERE number = ?") { try $0.bind(number).run() }
    }

    func trials(subscription: String, position: Int64) throws -> Int {
        try with("SELECT count FROM trials WHERE subscription = ? AND position = ?") {
            try $0.bind(subscription).bind(position).first { Int($0.integer(0)) } ?? 0
        }
    }

    func saveTrials(subscription: String, position: Int64, _ count: Int) throws {
        guard count > 0 else {
            return try with("DELETE FROM trials WHERE subscription = ? AND position = ?") {
                try $0.bind(subscription).bind(position).run()
            }
        }
        try with("INSERT OR REPLACE INTO trials(subscription, position, count) VALUES(?, ?, ?)") {
            try $0.bind(subscription).bind(position).bind(count).run()
        }
    }

    func parkedDue(
        subscription: String, now: Int64, horizon: Int64, limit: Int
    ) throws -> [ParkedRow] {
        try with(
            """
            SELECT \(Self.parkedColumns) FROM parked
            WHERE subscription = ? AND retry_at IS NOT NULL AND (retry_at <= ? OR retry_at > ?)
            ORDER BY retry_at LIMIT ?
            """
        ) {
            try $0.bind(subscription).bind(now).bind(horizon).bind(limit).rows(Self.parkedRow)
        }
    }

    private static func parkedRow(_ row: SQLiteStatement) throws -> ParkedRow {
        var fault: RecordedFault?
        if let kind = row.optionalText(8).flatMap(FaultKind.init(rawValue:)) {
            fault = RecordedFault(
                kind: kind, code: row.text(9), detail: row.text(10), field: row.optionalText(11))
        }
        return ParkedRow(
            number: row.integer(0), subscription: row.text(1), slot: Int(row.integer(2)),
            key: ParkedKey(tenant: try tenant(row.text(3)), key: row.text(4)),
            position: row.integer(5), state: ParkedRow.State(rawValue: row.text(6)) ?? .parked,
            attempts: Int(row.integer(7)), fault: fault, since: row.integer(12),
            retryAt: row.optionalInteger(13), replacement: row.optionalBlob(14))
    }
}
