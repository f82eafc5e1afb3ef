import Kernel
import Storage

extension PostgresSession: LeaseRows {
    func beat(_ member: String) throws {
        _ = try run(
            """
            INSERT INTO members(name, beat) VALUES(?, 1)
            ON CONFLICT(name) DO UPDATE SET beat = members.beat + 1
            """, PostgresValues().with(member))
    }

    func members() throws -> [String: Int64] {
        let rows = try run("SELECT name, beat FROM members").map { ($0.text(0), $0.integer(1)) }
        return Dictionary(rows) { first, _ in first }
    }

    func leases() throws -> [LeaseRow] {
        try run("SELECT shard, holder, term FROM leases ORDER BY shard").map {
            LeaseRow(shard: Int($0.integer(0)), holder: $0.optionalText(1), term: $0.integer(2))
        }
    }

    func take(_ leases: [LeaseRow], for member: String) throws -> [LeaseRow] {
        try leases.compactMap { lease in
            try run(
                """
                UPDATE leases SET holder = ?, term = term + 1 WHERE shard IN (
                  SELECT shard FROM leases WHERE shard = ? AND term = ?
                  AND (holder IS NULL OR holder = ?) FOR UPDATE SKIP LOCKED)
                RETURNING term
                """,
                PostgresValues().with(member).with(lease.shard).with(lease.term)
                    .with(lease.holder ?? "")
            ).first { LeaseRow(shard: lease.shard, holder: member, term: $0.integer(0)) }
        }
    }

    func release(_ shards: Set<Int>, by member: String) throws {
        for shard in shards.sorted() {
            _ = try run(
                "UPDATE leases SET holder = NULL WHERE shard = ? AND holder = ?",
                PostgresValues().with(shard).with(member))
        }
    }

    func forget(_ member: String) throws {
        // Never waiting: who is frozen in the middle of a transaction must not freeze the others.
        _ = try run(
            """
            UPDATE leases SET holder = NULL WHERE shard IN (
              SELECT shard FROM leases WHERE holder = ? ORDER BY shard FOR UPDATE SKIP LOCKED)
            """, PostgresValues().with(member))
        _ = try run("DELETE FROM members WHERE name = ?", PostgresValues().with(member))
    }

    func confirm(_ terms: [Int: Int64], of member: String) throws -> Bool {
        let pairs = terms.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
        // Shared locks: who takes over waits until this transaction is done, and it fails after.
        let held = try run(
            """
            SELECT shard FROM leases WHERE holder = ? AND shard || ':' || term = ANY(?)
            ORDER BY shard FOR SHARE
            """, PostgresValues().with(member).with(texts: pairs)
        ).count
        return held == terms.count
    }
}
