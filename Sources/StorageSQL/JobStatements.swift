package import Kernel
package import Storage

// A job is found by its number. "+ 0" keeps its state out of the choice of an index: a planner that
// takes the queue for empty would rather look through all that are running or due, by the small
// indexes of those.
extension JobRows where Self: StatementRunner {
    package func insertJob(
        _ job: JobRow, unlessSince window: JobWindow?
    ) throws -> JobInsertion {
        try insertAtOnce(job, unlessSince: window)
    }

    package func insertAtOnce(
        _ job: JobRow, unlessSince window: JobWindow?
    ) throws -> JobInsertion {
        // Another process may start or end the job in the way between two statements.
        for _ in 0..<3 {
            if let number = try add(job) {
                guard let window, let earlier = try finished(like: job, window) else {
                    return .added(number)
                }
                try change("DELETE FROM jobs WHERE number = ?", [.integer(number)])
                return .kept(earlier)
            }
            if let known = try keepOrReplace(job) { return known }
        }
        throw StorageError(.stale, "the unique key \(job.uniqueKey ?? "") is in motion")
    }

    private func add(_ job: JobRow) throws -> Int64? {
        try first(
            JobColumns.insertNew, Array(try JobColumns.values(job, number: .null).dropFirst())
        ) { $0.integer(0) }
    }

    private func finished(like job: JobRow, _ window: JobWindow) throws -> Int64? {
        let states = window.states.map(\.rawValue).sorted()
        guard !states.isEmpty else { return nil }
        return try first(
            """
            SELECT number FROM job_history WHERE tenant = ? AND kind = ? AND unique_key = ?
            AND enqueued >= ? AND state IN (\(Self.marks(states.count))) LIMIT 1
            """,
            [
                .text(job.tenant.rawValue), .text(job.kind), .optional(job.uniqueKey),
                .integer(window.since),
            ] + states.map(SQLValue.count)
        ) { $0.integer(0) }
    }

    private func keepOrReplace(_ job: JobRow) throws -> JobInsertion? {
        let key: [SQLValue] = [
            .text(job.tenant.rawValue), .text(job.kind), .optional(job.uniqueKey),
        ]
        let taken = """
            tenant = ? AND kind = ? AND unique_key = ? AND (state <> 2 OR uniqueness = 2)
            """
        guard job.uniqueness == .latest else {
            // Touched, so that whoever claims it waits for this transaction: what counts on it must be
            // there when it begins. One claimed meanwhile is found no more.
            return try first(
                "UPDATE jobs SET cause = cause WHERE \(taken) RETURNING number", key
            ) { .kept($0.integer(0)) }
        }
        // What failed was the older value: the newer one has all its tries, and need not wait for them.
        return try first(
            """
            UPDATE jobs SET payload = ?, correlation = ?, cause = ?, deadline = ?, attempt = 0,
              due = CASE WHEN state = 3 THEN ? ELSE due END,
              rank = CASE WHEN state = 3 THEN ? ELSE rank END
            WHERE \(taken) RETURNING number
            """,
            [
                .blob(job.payload), .text(job.correlation), .optional(job.cause),
                .optional(job.deadline), .integer(job.due), .integer(job.rank),
            ] + key
        ) { .replaced($0.integer(0)) }
    }

    package func readyJobs(
        partition: String, after rank: Int64, limit: Int
    ) throws -> [JobHeader] {
        try rows(
            """
            SELECT \(JobColumns.header) FROM jobs
            WHERE state = 1 AND partition = ? AND rank >= ? ORDER BY rank, number LIMIT ?
            """, [.text(partition), .integer(rank), .count(limit)], JobColumns.header)
    }

    /// From one partition to the next by index: millions of ready jobs are not looked at.
    package func readyPartitions() throws -> [String] {
        try rows(
            """
            WITH RECURSIVE found(name) AS (
              SELECT (SELECT partition FROM jobs WHERE state = 1 ORDER BY partition LIMIT 1)
              UNION ALL
              SELECT (SELECT partition FROM jobs WHERE state = 1 AND partition > found.name
                ORDER BY partition LIMIT 1) FROM found WHERE found.name IS NOT NULL)
            SELECT name FROM found WHERE name IS NOT NULL
            """, []
        ) { $0.text(0) }
    }

    package func promoteDue(now: Int64, limit: Int) throws -> [JobHeader] {
        try rows(
            """
            UPDATE jobs SET state = 1 WHERE number IN (
              SELECT number FROM jobs WHERE state IN (0, 3) AND due <= ? ORDER BY due LIMIT ?)
            RETURNING \(JobColumns.header)
            """, [.integer(now), .count(limit)], JobColumns.header)
    }

    package func nextDue() throws -> Int64? {
        try first("SELECT due FROM jobs WHERE state IN (0, 3) ORDER BY due LIMIT 1", []) {
            $0.integer(0)
        }
    }

    package func latestTime() throws -> Int64? {
        try first(
            """
            SELECT max(t) FROM (
              SELECT * FROM (SELECT at AS t FROM events ORDER BY position DESC LIMIT 1) a
              UNION ALL
              SELECT * FROM (SELECT enqueued FROM jobs ORDER BY number DESC LIMIT 1) b
              UNION ALL SELECT max(started) FROM jobs WHERE state = 2) times
            """, []
        ) { $0.optionalInteger(0) } ?? nil
    }

    package func bringForward(
        by step: Int64, dueUntil last: Int64, writtenAfter time: Int64, putOffAfter moment: Int64,
        horizon: Int64
    ) throws -> Int {
        try change(
            """
            UPDATE jobs SET due = due - ?, rank = rank - ? WHERE state IN (0, 3) AND due <= ?
            AND (enqueued > ? OR due > ? OR (state = 3 AND due > ?))
            """,
            [
                .integer(step), .integer(step), .integer(last), .integer(time), .integer(moment),
                .integer(horizon),
            ])
    }

    package func bringForwardOwn(
        by step: Int64, dueAfter first: Int64, dueUntil last: Int64,
        isOurs: (TenantID) throws -> Bool
    ) throws -> Int {
        let tenants = try rows(
            """
            SELECT DISTINCT tenant FROM jobs WHERE state IN (0, 3) AND due > ? AND due <= ?
            """, [.integer(first), .integer(last)]
        ) { $0.text(0) }
        var moved = 0
        for tenant in try tenants.filter({ try TenantID($0).map(isOurs) ?? false }) {
            moved += try change(
                """
                UPDATE jobs SET due = due - ?, rank = rank - ?
                WHERE tenant = ? AND state IN (0, 3) AND due > ? AND due <= ?
                """,
                [
                    .integer(step), .integer(step), .text(tenant), .integer(first),
                    .integer(last),
                ])
        }
        return moved
    }

    package func claim(_ numbers: [Int64], now: Int64, isAlone: Bool) throws -> [JobRow] {
        try numbers.compactMap { number in
            try first(
                JobColumns.claim, [.integer(now), .flag(isAlone), .integer(number)], JobColumns.job)
        }
    }

    package func job(_ number: Int64) throws -> JobRow? {
        for table in ["jobs", "job_history"] {
            let row = try first(
                "SELECT \(JobColumns.all) FROM \(table) WHERE number = ?", [.integer(number)],
                JobColumns.job)
            if let row { return row }
        }
        return nil
    }

    package func holds(_ number: Int64, fence: Int64) throws -> Bool {
        try first(
            "SELECT 1 FROM jobs WHERE number = ? AND state + 0 = 2 AND fence = ?",
            [.integer(number), .integer(fence)]
        ) { _ in true } ?? false
    }

    package func reschedule(_ job: JobRow) throws -> JobReturn {
        let isCancelling = try first(
            "SELECT cancelling FROM jobs WHERE number = ? AND state + 0 = 2 AND fence = ?",
            [.integer(job.number), .integer(job.fence)]
        ) { $0.integer(0) == 1 }
        guard let isCancelling else { return .stale }
        if isCancelling { return .cancelled }
        if job.uniqueKey != nil, [.untilStarted, .latest].contains(job.uniqueness) {
            let newer = try first(
                """
                SELECT number FROM jobs WHERE tenant = ? AND kind = ? AND unique_key = ?
                AND state <> 2 AND number <> ?
                """,
                [
                    .text(job.tenant.rawValue), .text(job.kind), .optional(job.uniqueKey),
                    .integer(job.number),
                ]
            ) { $0.integer(0) }
            if newer != nil { return .superseded }
        }
        let changed = try change(
            """
            UPDATE jobs SET state = ?, due = ?, rank = ?, attempt = ?, crashes = ?, suspect = ?,
              ran_alone = 0, cancelling = 0, started = NULL, fault_kind = ?, fault_code = ?,
              fault_detail = ? WHERE number = ? AND state + 0 = 2 AND fence = ?
            """,
            [
                .count(job.state.rawValue), .integer(job.due), .integer(job.rank),
                .count(job.attempt), .count(job.crashes), .flag(job.isSuspect),
                .optional(job.fault?.kind.rawValue), .optional(job.fault?.code),
                .optional(job.fault?.detail), .integer(job.number), .integer(job.fence),
            ])
        return changed == 1 ? .returned : .stale
    }

    package func finish(_ jobs: [JobRow], from states: Set<JobState>?) throws -> Set<Int64> {
        try finishEach(jobs, from: states)
    }

    package func finishEach(
        _ jobs: [JobRow], from states: Set<JobState>?
    ) throws -> Set<Int64> {
        var ended: Set<Int64> = []
        for job in jobs {
            if states == nil, job.state == .completed, job.fault == nil {
                if try complete(job) { ended.insert(job.number) }
                continue
            }
            var sql = "DELETE FROM jobs WHERE number = ? AND "
            var values: [SQLValue] = [.integer(job.number)]
            if let states {
                sql += "state + 0 IN (\(Self.marks(states.count)))"
                values += states.map(\.rawValue).sorted().map(SQLValue.count)
            } else {
                sql += "state + 0 = 2 AND fence = ?"
                values.append(.integer(job.fence))
            }
            // What the attempt saved of its progress is newer than what it was claimed with.
            let progress = try first(sql + " RETURNING done, total, checkpoint", values) { row in
                row.optionalInteger(0).map {
                    JobProgress(
                        done: $0, total: row.optionalInteger(1), checkpoint: row.optionalBlob(2))
                }
            }
            guard let progress else { continue }
            var job = job
            job.progress = progress
            try change(
                JobColumns.insertHistory, JobColumns.values(job, number: .integer(job.number)))
            ended.insert(job.number)
        }
        return ended
    }

    /// What went well changes little: the row goes over as it stands.
    private func complete(_ job: JobRow) throws -> Bool {
        let moved = try change(
            JobColumns.complete,
            [.optional(job.finished), .integer(job.number), .integer(job.fence)])
        guard moved == 1 else { return false }
        try change("DELETE FROM jobs WHERE number = ?", [.integer(job.number)])
        return true
    }

    package func saveProgress(
        _ number: Int64, fence: Int64, _ progress: JobProgress
    ) throws -> Bool {
        try change(
            """
            UPDATE jobs SET done = ?, total = ?, checkpoint = ?
            WHERE number = ? AND state + 0 = 2 AND fence = ?
            """,
            [
                .integer(progress.done), .optional(progress.total),
                .optional(progress.checkpoint), .integer(number), .integer(fence),
            ]) == 1
    }

    package func requestCancellation(_ number: Int64) throws -> Bool {
        try change(
            "UPDATE jobs SET cancelling = 1 WHERE number = ? AND state + 0 = 2", [.integer(number)])
            == 1
    }

    package func runningJobs() throws -> [JobRow] {
        try rows(
            "SELECT \(JobColumns.all) FROM jobs WHERE state = 2 ORDER BY number", [],
            JobColumns.job)
    }

    package func revive(
        tenant: TenantID, _ number: Int64, now: Int64, payload: [UInt8]?
    ) throws -> JobRevival {
        let found = try first(
            "SELECT \(JobColumns.all) FROM job_history WHERE number = ? AND tenant = ?",
            [.integer(number), .text(tenant.rawValue)], JobColumns.job)
        guard var job = found else { return .absent }
        if job.uniqueness == .latest, try isOutdated(job) { return .superseded }
        job.state = .available
        job.due = now
        // The time it had was for the first try; a person decided to have another.
        job.deadline = nil
        job.attempt = 0
        job.crashes = 0
        job.isCancelling = false
        job.started = nil
        job.finished = nil
        if let payload { job.payload = payload }
        let added = try change(
            """
            INSERT INTO jobs(\(JobColumns.all)) VALUES(\(Self.marks(JobColumns.count)))
            ON CONFLICT DO NOTHING
            """, JobColumns.values(job, number: .integer(job.number)))
        guard added == 1 else { return .superseded }
        try change("DELETE FROM job_history WHERE number = ?", [.integer(number)])
        return .revived(job.header)
    }

    /// Whether there is a newer value than this job's: sent, given up, or on its way.
    private func isOutdated(_ job: JobRow) throws -> Bool {
        let newer: [SQLValue] = [
            .text(job.tenant.rawValue), .text(job.kind), .optional(job.uniqueKey),
            .integer(job.number),
        ]
        return try first(
            """
            SELECT 1 FROM job_history WHERE tenant = ? AND kind = ? AND unique_key = ?
            AND number > ? AND state IN (4, 6)
            UNION ALL
            SELECT 1 FROM jobs WHERE tenant = ? AND kind = ? AND unique_key = ? AND number > ?
            LIMIT 1
            """, newer + newer
        ) { _ in true } ?? false
    }

    package func hasten(
        tenant: TenantID, _ number: Int64, now: Int64, payload: [UInt8]?
    ) throws -> JobHeader? {
        if let payload {
            try change(
                """
                UPDATE jobs SET payload = ?, attempt = 0
                WHERE number = ? AND tenant = ? AND state + 0 IN (0, 3)
                """, [.blob(payload), .integer(number), .text(tenant.rawValue)])
        }
        return try first(
            """
            UPDATE jobs SET state = 1, due = ?, rank = ? - priority * \(JobRow.priorityStep)
            WHERE number = ? AND tenant = ? AND state + 0 IN (0, 3) RETURNING \(JobColumns.header)
            """, [.integer(now), .integer(now), .integer(number), .text(tenant.rawValue)],
            JobColumns.header)
    }

    package func dismiss(tenant: TenantID, _ number: Int64) throws -> Bool {
        try change(
            "UPDATE job_history SET state = 5 WHERE number = ? AND tenant = ? AND state = 6",
            [.integer(number), .text(tenant.rawValue)]) == 1
    }
}
