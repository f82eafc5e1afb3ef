package import Kernel
package import Storage

extension JobListing where Self: StatementRunner {
    package func jobs(
        _ filter: JobFilter, before number: Int64?, limit: Int
    ) throws -> [JobRow] {
        let states = filter.states.map(\.rawValue).sorted()
        guard !states.isEmpty else { return [] }
        var condition = "tenant = ? AND state IN (\(Self.marks(states.count))) AND number < ?"
        var values = [SQLValue.text(filter.tenant.rawValue)] + states.map(SQLValue.count)
        values.append(.integer(number ?? .max))
        if let kind = filter.kind {
            condition += " AND kind = ?"
            values.append(.text(kind))
        }
        if let code = filter.faultCode {
            condition += " AND fault_code = ?"
            values.append(.text(code))
        }
        let part = "SELECT \(JobColumns.all) FROM"
        return try rows(
            """
            SELECT * FROM (\(part) jobs WHERE \(condition)
              UNION ALL \(part) job_history WHERE \(condition)) both_parts
            ORDER BY number DESC LIMIT ?
            """, values + values + [.count(limit)], JobColumns.job)
    }

    package func jobCounts(tenant: TenantID?) throws -> [JobState: Int] {
        var counts: [JobState: Int] = [:]
        for table in ["jobs", "job_history"] {
            let found = try rows(
                "SELECT state, count(*) FROM \(table)"
                    + (tenant == nil ? "" : " WHERE tenant = ?") + " GROUP BY state",
                tenant.map { [.text($0.rawValue)] } ?? []
            ) { (Int($0.integer(0)), Int($0.integer(1))) }
            for (state, count) in found {
                if let state = JobState(rawValue: state) { counts[state, default: 0] += count }
            }
        }
        return counts
    }

    package func jobTallies() throws -> [JobTally] {
        try rows(
            """
            SELECT partition, state, count(*), min(due) FROM jobs
            GROUP BY partition, state ORDER BY partition, state
            """, []
        ) { row in
            JobTally(
                partition: row.text(0),
                state: JobState(rawValue: Int(row.integer(1))) ?? .discarded,
                count: Int(row.integer(2)), oldestDue: row.integer(3))
        }
    }

    package func runningPartitions() throws -> [String: Int] {
        let found = try rows(
            "SELECT partition, count(*) FROM jobs WHERE state = 2 GROUP BY partition", []
        ) { ($0.text(0), Int($0.integer(1))) }
        return Dictionary(found) { first, _ in first }
    }

    package func pruneHistory(
        after number: Int64, before: Int64, limit: Int
    ) throws -> (next: Int64?, removed: Int) {
        let seen = try rows(
            """
            SELECT number, enqueued FROM job_history WHERE number > ?
            ORDER BY number LIMIT ?
            """, [.integer(number), .count(limit)]
        ) { ($0.integer(0), $0.integer(1)) }
        guard let last = seen.last else { return (nil, 0) }
        // Discarded work is kept until a person has dealt with it.
        let removed = try change(
            """
            DELETE FROM job_history WHERE number > ? AND number <= ? AND finished < ?
            AND state <> ?
            """,
            [
                .integer(number), .integer(last.0), .integer(before),
                .count(JobState.discarded.rawValue),
            ])
        // What was enqueued after that time ended after it too, and so did all with higher numbers.
        return (seen.count == limit && last.1 < before ? last.0 : nil, removed)
    }
}
