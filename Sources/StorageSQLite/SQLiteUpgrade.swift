import Kernel
import Storage

/// Brings the engine's own tables from an older release to this one, in one transaction.
struct SQLiteUpgrade {
    /// Kept as `user_version`; databases of the first releases have 0.
    static let version = 4

    let connection: SQLiteConnection

    /// - Throws: `StorageError.newerVersion`, before anything is touched.
    func run() throws {
        let found = Int(try connection.text("PRAGMA user_version") ?? "0") ?? 0
        guard found <= Self.version else {
            throw StorageError(
                .newerVersion,
                "the database is of format \(found), this program knows \(Self.version): "
                    + "run the newer program that wrote it")
        }
        guard found < Self.version else { return }
        try connection.execute("BEGIN IMMEDIATE")
        do {
            if found < 2, try hasTable("jobs") {
                for table in ["jobs", "job_history"] { try rebuild(table) }
            }
            for statement in SQLiteSchema.statements { try connection.execute(statement) }
            try connection.execute("PRAGMA user_version = \(Self.version)")
            try connection.execute("COMMIT")
        } catch {
            try connection.execute("ROLLBACK")
            throw error
        }
    }

    private func hasTable(_ name: String) throws -> Bool {
        try connection.statement("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
            .bind(name).first { _ in true } ?? false
    }

    /// The queue's columns changed: partitions name all their parts, keys their way of being unique.
    private func rebuild(_ table: String) throws {
        let old = table + "_before_2"
        try connection.execute("ALTER TABLE \(table) RENAME TO \(old)")
        try connection.execute("CREATE TABLE \(table)(\(SQLiteSchema.jobColumns))")
        let kept = """
            number, tenant, kind, unique_key, state, priority, due, rank, attempt, crashes, suspect,
            ran_alone, payload, correlation, cause, enqueued, started, finished, fault_kind,
            fault_code, fault_detail
            """
        try connection.execute(
            """
            INSERT INTO \(table)(\(kept), partition, uniqueness, cancelling, fence)
            SELECT \(kept), tenant || '//default/' || kind || '/'
                || CASE WHEN partition LIKE 'tenant:%' THEN '' ELSE partition END,
              CASE WHEN unique_key IS NULL THEN 0 WHEN unique_until_start = 1 THEN 1 ELSE 2 END, 0, 0
            FROM \(old)
            """)
        // Numbers are never used again, not even those of jobs that are gone.
        try connection.execute("DELETE FROM sqlite_sequence WHERE name = '\(table)'")
        try connection.execute(
            """
            INSERT INTO sqlite_sequence(name, seq)
            SELECT '\(table)', seq FROM sqlite_sequence WHERE name = '\(old)'
            """)
        try connection.execute("DROP TABLE \(old)")
    }
}
