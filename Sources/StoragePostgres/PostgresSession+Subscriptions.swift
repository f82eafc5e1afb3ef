import Kernel
import Storage

extension PostgresSession: SubscriptionRows {
    func floor(subscription: String) throws -> LogCursor? {
        try run(
            "SELECT floor FROM subscriptions WHERE name = ?", PostgresValues().with(subscription)
        ).first { LogCursor(text: $0.text(0)) }
    }

    func saveFloor(subscription: String, _ cursor: LogCursor) throws {
        _ = try run(
            """
            INSERT INTO subscriptions(name, floor) VALUES(?, ?)
            ON CONFLICT(name) DO UPDATE SET floor = excluded.floor
            """, PostgresValues().with(subscription).with(cursor.text))
    }

    func forget(subscription: String) throws {
        let name = PostgresValues().with(subscription)
        _ = try run("DELETE FROM subscriptions WHERE name = ?", name)
        _ = try run("DELETE FROM slots WHERE subscription = ?", name)
        _ = try run("DELETE FROM parked WHERE subscription = ?", name)
        _ = try run("DELETE FROM trials WHERE subscription = ?", name)
    }

    func replace(subscription: String, by other: String) throws {
        try forget(subscription: subscription)
        let names = PostgresValues().with(subscription).with(other)
        _ = try run("UPDATE subscriptions SET name = ? WHERE name = ?", names)
        _ = try run("UPDATE slots SET subscription = ? WHERE subscription = ?", names)
        _ = try run("UPDATE parked SET subscription = ? WHERE subscription = ?", names)
        _ = try run("UPDATE trials SET subscription = ? WHERE subscription = ?", names)
    }

    func projection(_ name: String) throws -> ProjectionRow? { try projection(name, holding: "") }

    func holdProjection(_ name: String, exclusively: Bool) throws -> ProjectionRow {
        let holding = exclusively ? "FOR UPDATE" : "FOR SHARE"
        if let known = try projection(name, holding: holding) { return known }
        _ = try run(
            """
            INSERT INTO projections(name, side, generation, version) VALUES(?, 0, 0, 0)
            ON CONFLICT DO NOTHING
            """, PostgresValues().with(name))
        return try projection(name, holding: holding) ?? ProjectionRow(name: name)
    }

    private func projection(_ name: String, holding: String) throws -> ProjectionRow? {
        try run(
            """
            SELECT side, generation, version, rebuilding_since, rebuilt_at, rebuilding_version
            FROM projections WHERE name = ? \(holding)
            """, PostgresValues().with(name)
        ).first {
            ProjectionRow(
                name: name, side: .init(rawValue: $0.integer(0)) ?? .first,
                generation: $0.integer(1), version: $0.integer(2),
                rebuildingSince: $0.optionalInteger(3), rebuiltAt: $0.optionalInteger(4),
                rebuildingVersion: $0.optionalInteger(5))
        }
    }

    func saveProjection(_ row: ProjectionRow) throws {
        _ = try run(
            """
            INSERT INTO projections(name, side, generation, version, rebuilding_since, rebuilt_at,
              rebuilding_version) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(name) DO UPDATE
            SET side = excluded.side, generation = excluded.generation,
              version = excluded.version, rebuilding_since = excluded.rebuilding_since,
              rebuilt_at = excluded.rebuilt_at, rebuilding_version = excluded.rebuilding_version
            """,
            PostgresValues().with(row.name).with(row.side.rawValue).with(row.generation)
                .with(row.version).with(row.rebuildingSince).with(row.rebuiltAt)
                .with(row.rebuildingVersion))
    }

    func slotPlaces(subscription: String) throws -> [Int: SlotPlace] {
        let rows = try run(
            "SELECT slot, epoch, position FROM slots WHERE subscription = ?",
            PostgresValues().with(subscription)
        ).map { (Int($0.integer(0)), SlotPlace(epoch: $0.text(1), position: $0.integer(2))) }
        return Dictionary(rows) { first, _ in first }
    }

    func saveSlot(subscription: String, slot: Int, _ place: SlotPlace) throws -> Bool {
        try run(
            """
            INSERT INTO slots(subscription, slot, epoch, position) VALUES(?, ?, ?, ?)
            ON CONFLICT(subscription, slot)
            DO UPDATE SET epoch = excluded.epoch, position = excluded.position
            WHERE slots.epoch <> excluded.epoch OR slots.position < excluded.position
            """,
            PostgresValues().with(subscription).with(slot).with(place.epoch).with(place.position)
        ).changed == 1
    }

    func subscriptions(from first: String, to last: String) throws -> [String] {
        try run(
            """
            SELECT name FROM (
              SELECT name COLLATE "C" AS name FROM subscriptions
              UNION SELECT subscription COLLATE "C" FROM slots) known
            WHERE name >= ? AND name < ?
            UNION SELECT subscription FROM parked WHERE subscription >= ? AND subscription < ?
            """, PostgresValues().with(first).with(last).with(first).with(last)
        ).map { $0.text(0) }
    }

    private static let parkedColumns = """
        number, subscription, slot, tenant, key, position, state, attempts, fault_kind, \
        fault_code, fault_detail, fault_field, since, retry_at, replacement
        """

    func parkedKeys(subscription: String) throws -> Set<ParkedKey> {
        Set(
            try run(
                "SELECT DISTINCT tenant, key FROM parked WHERE subscription = ?",
                PostgresValues().with(subscription)
            ).map { ParkedKey(tenant: try $0.tenant(0), key: $0.text(1)) })
    }

    func park(_ row: ParkedRow) throws {
        _ = try run(
            """
            INSERT INTO parked(subscription, slot, tenant, key, position, state, attempts,
              fault_kind, fault_code, fault_detail, fault_field, since, retry_at)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            PostgresValues().with(row.subscription).with(row.slot).with(row.key.tenant.rawValue)
                .with(row.key.key).with(row.position).with(row.state.rawValue).with(row.attempts)
                .with(row.fault?.kind.rawValue).with(row.fault?.code).with(row.fault?.detail)
                .with(row.fault?.field).with(row.since).with(row.retryAt))
    }

    func parked(subscription: String, key: ParkedKey, limit: Int) throws -> [ParkedRow] {
        try run(
            """
            SELECT \(Self.parkedColumns) FROM parked
            WHERE subscription = ? AND tenant = ? AND key = ? ORDER BY number LIMIT ?
            """,
            PostgresValues().with(subscription).with(key.tenant.rawValue).with(key.key).with(limit)
        ).map(Self.parkedRow)
    }

    func parkedList(tenant: TenantID, after: Int64, limit: Int) throws -> [ParkedRow] {
        try run(
            """
            SELECT \(Self.parkedColumns) FROM parked
            WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?
            """, .of(tenant).with(after).with(limit)
        ).map(Self.parkedRow)
    }

    func parkedRow(tenant: TenantID, number: Int64) throws -> ParkedRow? {
        try run(
            "SELECT \(Self.parkedColumns) FROM parked WHERE tenant = ? AND number = ?",
            .of(tenant).with(number)
        ).first(Self.parkedRow)
    }

    func updateParked(_ row: ParkedRow) throws {
        _ = try run(
            """
            UPDATE parked SET state = ?, attempts = ?, fault_kind = ?, fault_code = ?,
              fault_detail = ?, fault_field = ?, retry_at = ?, replacement = ? WHERE number = ?
            """,
            PostgresValues().with(row.state.rawValue).with(row.attempts)
                .with(row.fault?.kind.rawValue).with(row.fault?.code).with(row.fault?.detail)
                .with(row.fault?.field).with(row.retryAt).with(blob: row.replacement)
                .with(row.number))
    }

    func deleteParked(number: Int64) throws {
        _ = try run("DELETE FROM parked WHERE number = ?", PostgresValues().with(number))
    }

    func trials(subscription: String, position: Int64) throws -> Int {
        try run(
            "SELECT count FROM trials WHERE subscription = ? AND position = ?",
            PostgresValues().with(subscription).with(position)
        ).first { Int($0.integer(0)) } ?? 0
    }

    func saveTrials(subscription: String, position: Int64, _ count: Int) throws {
        let event = PostgresValues().with(subscription).with(position)
        guard count > 0 else {
            _ = try run("DELETE FROM trials WHERE subscription = ? AND position = ?", event)
            return
        }
        _ = try run(
            """
            INSERT INTO trials(subscription, position, count) VALUES(?, ?, ?)
            ON CONFLICT(subscription, position) DO UPDATE SET count = excluded.count
            """, event.with(count))
    }

    func parkedDue(
        subscription: String, now: Int64, horizon: Int64, limit: Int
    ) throws -> [ParkedRow] {
        try run(
            """
            SELECT \(Self.parkedColumns) FROM parked
            WHERE subscription = ? AND retry_at IS NOT NULL AND (retry_at <= ? OR retry_at > ?)
            ORDER BY retry_at LIMIT ?
            """, PostgresValues().with(subscription).with(now).with(horizon).with(limit)
        ).map(Self.parkedRow)
    }

    private static func parkedRow(_ row: PostgresRow) throws -> ParkedRow {
        ParkedRow(
            number: row.integer(0), subscription: row.text(1), slot: Int(row.integer(2)),
            key: ParkedKey(tenant: try row.tenant(3), key: row.text(4)),
            position: row.integer(5), state: ParkedRow.State(rawValue: row.text(6)) ?? .parked,
            attempts: Int(row.integer(7)), fault: row.optionalFault(8, field: 11),
            since: row.integer(12), retryAt: row.optionalInteger(13),
            replacement: row.optionalBlob(14))
    }
}
