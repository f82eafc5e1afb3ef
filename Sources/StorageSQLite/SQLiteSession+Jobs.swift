import Kernel
import Storage

extension SQLiteSession: JobRows {
    private static let jobColumns = """
        number, tenant, kind, partition, unique_key, unique_until_start, state, priority, due, \
        attempt, crashes, suspect, ran_alone, payload, correlation, cause, enqueued, started, \
        finished, fault_kind, fault_code, fault_detail
        """

    func insertJob(_ job: JobRow) throws -> Int64? {
        try with(
            """
            INSERT OR IGNORE INTO jobs(tenant, kind, partition, unique_key, unique_until_start,
              state, priority, due, rank, attempt, crashes, suspect, ran_alone, payload,
              correlation, cause, enqueued)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, ?)
            """
        ) {
            try $0.bind(job.tenant.rawValue).bind(job.kind).bind(job.partition)
                .bind(job.uniqueKey).bind(job.isUniqueUntilStart ? 1 : 0)
                .bind(job.state.rawValue).bind(job.priority).bind(job.due).bind(job.rank)
                .bind(blob: job.payload).bind(job.correlation).bind(job.cause)
                .bind(job.enqueued).run()
        }
        return changes() == 1 ? lastNumber() : nil
    }

    func readyJobs(partition: String, after rank: Int64, limit: Int) throws -> [JobHeader] {
        try with(
            """
            SELECT number, tenant, partition, rank, due FROM jobs
            WHERE state = 1 AND partition = ? AND rank >= ? ORDER BY rank LIMIT ?
            """
        ) { try $0.bind(partition).bind(rank).bind(limit).rows(Self.header) }
    }

    func readyPartitions() throws -> [String] {
        try with("SELECT DISTINCT partition FROM jobs WHERE state = 1") {
            try $0.rows { $0.text(0) }
        }
    }

    func promoteDue(now: Int64, limit: Int) throws -> [JobHeader] {
        try with(
            """
            UPDATE jobs SET state = 1 WHERE number IN (
              SELECT number FROM jobs WHERE state IN (0, 3) AND due <= ? ORDER BY due LIMIT ?)
            RETURNING number, tenant, partition, rank, due
            """
        ) { try $0.bind(now).bind(limit).rows(Self.header) }
    }

    func nextDue() throws -> Int64? {
        try with("SELECT due FROM jobs WHERE state IN (0, 3) ORDER BY due LIMIT 1") {
            try $0.first { $0.integer(0) }
        }
    }

    func claim(_ numbers: [Int64], now: Int64, isAlone: Bool) throws -> [JobRow] {
        try numbers.compactMap { number in
            try with(
                """
                UPDATE jobs SET state = 2, attempt = attempt + 1, started = ?, ran_alone = ?,
                  unique_key = CASE unique_until_start WHEN 1 THEN NULL ELSE unique_key END
                WHERE number = ? AND state = 1 RETURNING \(Self.jobColumns)
                """
            ) { try $0.bind(now).bind(isAlone ? 1 : 0).bind(number).first(Self.jobRow) }
        }
    }

    func job(_ number: Int64) throws -> JobRow? {
        for table in ["jobs", "job_history"] {
            let row = try with("SELECT \(Self.jobColumns) FROM \(table) WHERE number = ?") {
                try $0.bind(number).first(Self.jobRow)
            }
            if let row { return row }
        }
        return nil
    }

    func reschedule(_ job: JobRow) throws {
        try with(
            """
            UPDATE jobs SET state = ?, due = ?, rank = ?, attempt = ?, crashes = ?, suspect = ?,
              ran_alone = 0, started = NULL, fault_kind = ?, fault_code = ?, fault_detail = ?
            WHERE number = ?
            """
        ) {
            try $0.bind(job.state.rawValue).bind(job.due).bind(job.rank).bind(job.attempt)
                .bind(job.crashes).bind(job.isSuspect ? 1 : 0).bind(job.fault?.kind.rawValue)
                .bind(job.fault?.code).bind(job.fault?.detail).bind(job.number).run()
        }
    }

    func finish(_ job: JobRow) throws {
        try with("DELETE FROM jobs WHERE number = ?") { try $0.bind(job.number).run() }
        try with(
            """
            INSERT INTO job_history(number, tenant, kind, partition, unique_key,
              unique_until_start, state, priority, due, rank, attempt, crashes, suspect,
              ran_alone, payload, correlation, cause, enqueued, started, finished, fault_kind,
              fault_code, fault_detail)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        ) {
            try $0.bind(job.number).bind(job.tenant.rawValue).bind(job.kind).bind(job.partition)
                .bind(job.uniqueKey).bind(job.isUniqueUntilStart ? 1 : 0)
                .bind(job.state.rawValue).bind(job.priority).bind(job.due).bind(job.rank)
                .bind(job.attempt).bind(job.crashes).bind(job.isSuspect ? 1 : 0)
                .bind(job.ranAlone ? 1 : 0).bind(blob: job.payload).bind(job.correlation)
                .bind(job.cause).bind(job.enqueued).bind(job.started).bind(job.finished)
                .bind(job.fault?.kind.rawValue).bind(job.fault?.code).bind(job.fault?.detail)
                .run()
        }
    }

    func runningJobs() throws -> [JobRow] {
        try with("SELECT \(Self.jobColumns) FROM jobs WHERE state = 2 ORDER BY number") {
            try $0.rows(Self.jobRow)
        }
    }

    func revive(tenant: TenantID, _ number: Int64, now: Int64) throws -> JobHeader? {
        let found = try with(
            "SELECT \(Self.jobColumns) FROM job_history WHERE number = ? AND tenant = ?"
        ) { try $0.bind(number).bind(tenant.rawValue).first(Self.jobRow) }
        guard var job = found else { return nil }
        try with("DELETE FROM job_history WHERE number = ?") { try $0.bind(number).run() }
        job.state = .available
        job.due = now
        job.attempt = 0
        try with(
            """
            INSERT INTO jobs(number, tenant, kind, partition, unique_key, unique_until_start,
              state, priority, due, rank, attempt, crashes, suspect, ran_alone, payload,
              correlation, cause, enqueued)
            VALUES(?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?, ?)
            """
        ) {
            try $0.bind(job.number).bind(job.tenant.rawValue).bind(job.kind).bind(job.partition)
                .bind(job.isUniqueUntilStart ? 1 : 0).bind(job.state.rawValue)
                .bind(job.priority).bind(job.due).bind(job.rank).bind(blob: job.payload)
                .bind(job.correlation).bind(job.cause).bind(job.enqueued).run()
        }
        return job.header
    }

    private static func header(_ row: SQLiteStatement) throws -> JobHeader {
        JobHeader(
            number: row.integer(0), tenant: try tenant(row.text(1)), partition: row.text(2),
            rank: row.integer(3), due: row.integer(4))
    }

    private static func jobRow(_ row: SQLiteStatement) throws -> JobRow {
        var job = JobRow(
            tenant: try tenant(row.text(1)), kind: row.text(2), partition: row.text(3),
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
        if let kind = row.optionalText(19).flatMap(FaultKind.init(rawValue:)) {
            job.fault = RecordedFault(kind: kind, code: row.text(20), detail: row.text(21))
        }
        return job
    }
}

extension SQLiteSession: JobListing {
    func jobs(
        tenant: TenantID, states: Set<JobState>, before number: Int64?, limit: Int
    ) throws -> [JobRow] {
        let wanted = states.map(\.rawValue).sorted()
        let marks = Array(repeating: "?", count: wanted.count).joined(separator: ", ")
        let part = "SELECT \(Self.jobColumns) FROM"
        let filter = "WHERE tenant = ? AND state IN (\(marks)) AND number < ?"
        return try with(
            """
            SELECT * FROM (\(part) jobs \(filter) UNION ALL \(part) job_history \(filter))
            ORDER BY number DESC LIMIT ?
            """
        ) { statement in
            for _ in 0..<2 {
                statement.bind(tenant.rawValue)
                for state in wanted { statement.bind(state) }
                statement.bind(number ?? .max)
            }
            return try statement.bind(limit).rows(Self.jobRow)
        }
    }

    func jobCounts(tenant: TenantID?) throws -> [JobState: Int] {
        var counts: [JobState: Int] = [:]
        for table in ["jobs", "job_history"] {
            let rows = try with(
                "SELECT state, count(*) FROM \(table) WHERE tenant = coalesce(?, tenant) GROUP BY 1"
            ) {
                try $0.bind(tenant?.rawValue).rows { (Int($0.integer(0)), Int($0.integer(1))) }
            }
            for (state, count) in rows {
                if let state = JobState(rawValue: state) { counts[state, default: 0] += count }
            }
        }
        return counts
    }

    func pruneHistory(before: Int64, limit: Int) throws -> Int {
        // Discarded work is kept until a person has dealt with it.
        try with(
            """
            DELETE FROM job_history WHERE number IN (
              SELECT number FROM job_history WHERE finished < ? AND state <> 6 LIMIT ?)
            """
        ) { try $0.bind(before).bind(limit).run() }
        return changes()
    }
}
