import Kernel
import Storage

extension PostgresSession: JobRows {
    private static let jobColumns = """
        number, tenant, kind, partition, unique_key, unique_until_start, state, priority, due, \
        attempt, crashes, suspect, ran_alone, payload, correlation, cause, enqueued, started, \
        finished, fault_kind, fault_code, fault_detail
        """

    func insertJob(_ job: JobRow) throws -> Int64? {
        try run(
            """
            INSERT INTO jobs(tenant, kind, partition, unique_key, unique_until_start, state,
              priority, due, rank, attempt, crashes, suspect, ran_alone, payload, correlation,
              cause, enqueued)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING RETURNING number
            """,
            .of(job.tenant).with(job.kind).with(job.partition).with(job.uniqueKey)
                .with(job.isUniqueUntilStart ? 1 : 0).with(job.state.rawValue).with(job.priority)
                .with(job.due).with(job.rank).with(blob: job.payload).with(job.correlation)
                .with(job.cause).with(job.enqueued)
        ).first { $0.integer(0) }
    }

    func readyJobs(partition: String, after rank: Int64, limit: Int) throws -> [JobHeader] {
        try run(
            """
            SELECT number, tenant, partition, rank, due FROM jobs
            WHERE state = 1 AND partition = ? AND rank >= ? ORDER BY rank LIMIT ?
            """, PostgresValues().with(partition).with(rank).with(limit)
        ).map(Self.header)
    }

    func readyPartitions() throws -> [String] {
        try run("SELECT DISTINCT partition FROM jobs WHERE state = 1").map { $0.text(0) }
    }

    func promoteDue(now: Int64, limit: Int) throws -> [JobHeader] {
        try run(
            """
            UPDATE jobs SET state = 1 WHERE number IN (
              SELECT number FROM jobs WHERE state IN (0, 3) AND due <= ? ORDER BY due LIMIT ?)
            RETURNING number, tenant, partition, rank, due
            """, PostgresValues().with(now).with(limit)
        ).map(Self.header)
    }

    func nextDue() throws -> Int64? {
        try run("SELECT due FROM jobs WHERE state IN (0, 3) ORDER BY due LIMIT 1")
            .first { $0.integer(0) }
    }

    func claim(_ numbers: [Int64], now: Int64, isAlone: Bool) throws -> [JobRow] {
        try run(
            """
            UPDATE jobs SET state = 2, attempt = attempt + 1, started = ?, ran_alone = ?,
              unique_key = CASE unique_until_start WHEN 1 THEN NULL ELSE unique_key END
            WHERE number = ANY(?::text[]::bigint[]) AND state = 1 RETURNING \(Self.jobColumns)
            """,
            PostgresValues().with(now).with(isAlone ? 1 : 0)
                .with(texts: numbers.map { String($0) })
        ).map(Self.jobRow)
    }

    func job(_ number: Int64) throws -> JobRow? {
        for table in ["jobs", "job_history"] {
            let row = try run(
                "SELECT \(Self.jobColumns) FROM \(table) WHERE number = ?",
                PostgresValues().with(number)
            ).first(Self.jobRow)
            if let row { return row }
        }
        return nil
    }

    func reschedule(_ job: JobRow) throws {
        _ = try run(
            """
            UPDATE jobs SET state = ?, due = ?, rank = ?, attempt = ?, crashes = ?, suspect = ?,
              ran_alone = 0, started = NULL, fault_kind = ?, fault_code = ?, fault_detail = ?
            WHERE number = ?
            """,
            PostgresValues().with(job.state.rawValue).with(job.due).with(job.rank)
                .with(job.attempt).with(job.crashes).with(job.isSuspect ? 1 : 0)
                .with(job.fault?.kind.rawValue).with(job.fault?.code).with(job.fault?.detail)
                .with(job.number))
    }

    func finish(_ job: JobRow) throws {
        _ = try run(
            """
            WITH gone AS (DELETE FROM jobs WHERE number = ?)
            INSERT INTO job_history(number, tenant, kind, partition, unique_key,
              unique_until_start, state, priority, due, rank, attempt, crashes, suspect,
              ran_alone, payload, correlation, cause, enqueued, started, finished, fault_kind,
              fault_code, fault_detail)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            PostgresValues().with(job.number).with(job.number).with(job.tenant.rawValue)
                .with(job.kind).with(job.partition).with(job.uniqueKey)
                .with(job.isUniqueUntilStart ? 1 : 0).with(job.state.rawValue).with(job.priority)
                .with(job.due).with(job.rank).with(job.attempt).with(job.crashes)
                .with(job.isSuspect ? 1 : 0).with(job.ranAlone ? 1 : 0).with(blob: job.payload)
                .with(job.correlation).with(job.cause).with(job.enqueued).with(job.started)
                .with(job.finished).with(job.fault?.kind.rawValue).with(job.fault?.code)
                .with(job.fault?.detail))
    }

    func runningJobs() throws -> [JobRow] {
        try run("SELECT \(Self.jobColumns) FROM jobs WHERE state = 2 ORDER BY number")
            .map(Self.jobRow)
    }

    func revive(tenant: TenantID, _ number: Int64, now: Int64) throws -> JobHeader? {
        let found = try run(
            """
            DELETE FROM job_history WHERE number = ? AND tenant = ? RETURNING \(Self.jobColumns)
            """, PostgresValues().with(number).with(tenant.rawValue)
        ).first(Self.jobRow)
        guard var job = found else { return nil }
        job.state = .available
        job.due = now
        job.attempt = 0
        _ = try run(
            """
            INSERT INTO jobs(number, tenant, kind, partition, unique_key, unique_until_start,
              state, priority, due, rank, attempt, crashes, suspect, ran_alone, payload,
              correlation, cause, enqueued)
            VALUES(?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, ?)
            """,
            PostgresValues().with(job.number).with(job.tenant.rawValue).with(job.kind)
                .with(job.partition).with(job.isUniqueUntilStart ? 1 : 0)
                .with(job.state.rawValue).with(job.priority).with(job.due).with(job.rank)
                .with(blob: job.payload).with(job.correlation).with(job.cause)
                .with(job.enqueued))
        return job.header
    }

    private static func header(_ row: PostgresRow) throws -> JobHeader {
        JobHeader(
            number: row.integer(0), tenant: try row.tenant(1), partition: row.text(2),
            rank: row.integer(3), due: row.integer(4))
    }

    private static func jobRow(_ row: PostgresRow) throws -> JobRow {
        var job = JobRow(
            tenant: try row.tenant(1), kind: row.text(2), partition: row.text(3),
            uniqueKey: row.optionalText(4), isUniqueUntilStart: row.integer(5) == 1,
            state: JobState(rawValue: Int(row.integer(6))) ?? .discarded,
            priority: Int(row.integer(7)), due: row.integer(8), payload: row.blob(13),
            correlation: row.text(14), cause: row.optionalText(15), enqueued: row.integer(16))
        job.number = row.integer(0)
        job.attempt = Int(row.integer(9))
        job.crashes = Int(row.integer(10))
        job.isSuspect = row.integer(11) == 1
        job.ranAlone = row.integer(12) == 1
        job.started = row.optionalInteger(17)
        job.finished = row.optionalInteger(18)
        job.fault = row.optionalFault(19)
        return job
    }
}

extension PostgresSession: JobListing {
    func jobs(
        tenant: TenantID, states: Set<JobState>, before number: Int64?, limit: Int
    ) throws -> [JobRow] {
        let wanted = states.map { String($0.rawValue) }.sorted()
        let part = "SELECT \(Self.jobColumns) FROM"
        let filter = "WHERE tenant = ? AND state = ANY(?::text[]::bigint[]) AND number < ?"
        var values = PostgresValues()
        for _ in 0..<2 {
            values = values.with(tenant.rawValue).with(texts: wanted).with(number ?? .max)
        }
        return try run(
            """
            SELECT * FROM (\(part) jobs \(filter) UNION ALL \(part) job_history \(filter)) both_parts
            ORDER BY number DESC LIMIT ?
            """, values.with(limit)
        ).map(Self.jobRow)
    }

    func jobCounts(tenant: TenantID?) throws -> [JobState: Int] {
        var counts: [JobState: Int] = [:]
        for table in ["jobs", "job_history"] {
            let rows = try run(
                """
                SELECT state, count(*) FROM \(table)
                WHERE tenant = coalesce(?, tenant) GROUP BY state
                """, PostgresValues().with(tenant?.rawValue)
            ).map { (Int($0.integer(0)), Int($0.integer(1))) }
            for (state, count) in rows {
                if let state = JobState(rawValue: state) { counts[state, default: 0] += count }
            }
        }
        return counts
    }

    func pruneHistory(before: Int64, limit: Int) throws -> Int {
        // Discarded work is kept until a person has dealt with it.
        try run(
            """
            DELETE FROM job_history WHERE number IN (
              SELECT number FROM job_history WHERE finished < ? AND state <> 6 LIMIT ?)
            """, PostgresValues().with(before).with(limit)
        ).changed
    }
}
