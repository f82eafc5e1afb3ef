import FoundationEssentials
import Kernel
package import Storage

/// The columns of the queue and its history, and a row read from or written to them.
package enum JobColumns {
    package static let all = """
        number, tenant, kind, partition, lane, unique_key, uniqueness, state, priority, due, \
        deadline, attempt, crashes, suspect, ran_alone, cancelling, payload, correlation, cause, \
        enqueued, started, finished, fault_kind, fault_code, fault_detail, done, total, \
        checkpoint, extras, rank, fence
        """
    package static let header = "number, tenant, partition, lane, rank, due"
    static let count = 31

    // The statements of every job's way, spelled out once rather than for each job.
    static let insertNew: String = {
        let columns = all.dropFirst("number, ".count)
        let marks = Array(repeating: "?", count: count - 1).joined(separator: ", ")
        return "INSERT INTO jobs(\(columns)) VALUES(\(marks)) "
            + "ON CONFLICT DO NOTHING RETURNING number"
    }()

    static let insertHistory: String = {
        let marks = Array(repeating: "?", count: count).joined(separator: ", ")
        return "INSERT INTO job_history(\(all)) VALUES(\(marks))"
    }()

    static let claim = """
        UPDATE jobs SET state = 2, attempt = attempt + 1, fence = fence + 1, started = ?,
          ran_alone = ?
        WHERE number = ? AND state + 0 = 1 RETURNING \(all)
        """

    static let complete =
        "INSERT INTO job_history(\(all)) SELECT \(completed(at: "?")) "
        + "FROM jobs WHERE number = ? AND state + 0 = 2 AND fence = ?"

    /// What the history keeps of a job that went well, from its row in the queue.
    /// - Parameter finished: the expression for when.
    package static func completed(at finished: String) -> String {
        let changed = [
            "state": "\(JobState.completed.rawValue)", "finished": finished, "fault_kind": "NULL",
            "fault_code": "NULL", "fault_detail": "NULL",
        ]
        return all.split(separator: ", ").map { changed[String($0)] ?? String($0) }
            .joined(separator: ", ")
    }

    static func values(_ job: JobRow, number: SQLValue) throws -> [SQLValue] {
        [
            number, .text(job.tenant.rawValue), .text(job.kind), .text(job.partition),
            .optional(job.lane), .optional(job.uniqueKey), .count(job.uniqueness.rawValue),
            .count(job.state.rawValue), .count(job.priority), .integer(job.due),
            .optional(job.deadline), .count(job.attempt), .count(job.crashes),
            .flag(job.isSuspect), .flag(job.ranAlone), .flag(job.isCancelling),
            .blob(job.payload), .text(job.correlation), .optional(job.cause),
            .integer(job.enqueued), .optional(job.started), .optional(job.finished),
            .optional(job.fault?.kind.rawValue), .optional(job.fault?.code),
            .optional(job.fault?.detail), .optional(job.progress?.done),
            .optional(job.progress?.total), .optional(job.progress?.checkpoint),
            .optional(try job.extras.map { try BodyCoder.encode($0) }), .integer(job.rank),
            .integer(job.fence),
        ]
    }

    package static func header(_ row: some StatementRow) throws -> JobHeader {
        JobHeader(
            number: row.integer(0), tenant: try tenant(row.text(1)), partition: row.text(2),
            lane: row.optionalText(3), rank: row.integer(4), due: row.integer(5))
    }

    package static func job(_ row: some StatementRow) throws -> JobRow {
        var job = JobRow(
            tenant: try tenant(row.text(1)), kind: row.text(2), partition: row.text(3),
            state: JobState(rawValue: Int(row.integer(7))) ?? .discarded,
            priority: Int(row.integer(8)), due: row.integer(9), payload: row.blob(16),
            correlation: row.text(17), cause: row.optionalText(18), enqueued: row.integer(19))
        job.number = row.integer(0)
        job.lane = row.optionalText(4)
        job.uniqueKey = row.optionalText(5)
        job.uniqueness = JobUniqueness(rawValue: Int(row.integer(6))) ?? .none
        job.deadline = row.optionalInteger(10)
        job.attempt = Int(row.integer(11))
        job.fence = row.integer(30)
        job.crashes = Int(row.integer(12))
        job.isSuspect = row.integer(13) == 1
        job.ranAlone = row.integer(14) == 1
        job.isCancelling = row.integer(15) == 1
        job.started = row.optionalInteger(20)
        job.finished = row.optionalInteger(21)
        if let kind = row.optionalText(22).flatMap(FaultKind.init(rawValue:)) {
            job.fault = RecordedFault(kind: kind, code: row.text(23), detail: row.text(24))
        }
        if let done = row.optionalInteger(25) {
            job.progress = JobProgress(
                done: done, total: row.optionalInteger(26), checkpoint: row.optionalBlob(27))
        }
        job.extras = try row.optionalBlob(28).map {
            try BodyCoder.decode(JobExtras.self, from: $0)
        }
        return job
    }

    private static func tenant(_ text: String) throws -> TenantID {
        guard let tenant = TenantID(text) else {
            throw StorageError(.engine, "a stored row has no readable tenant")
        }
        return tenant
    }
}
