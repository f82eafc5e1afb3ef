import Kernel
import Storage
import StorageSQL

extension PostgresRow: StatementRow {}

extension PostgresSession: StatementRunner {
    func rows<T>(
        _ sql: String, _ values: [SQLValue], _ read: (PostgresRow) throws -> T
    ) throws -> [T] {
        try run(sql, PostgresValues(values)).map(read)
    }

    @discardableResult
    func change(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try run(sql, PostgresValues(values)).changed
    }
}

extension PostgresValues {
    init(_ values: [SQLValue]) {
        self.init()
        for value in values {
            switch value {
            case .null: add(Kind.unknown, nil)
            case .integer(let number): add(number)
            case .text(let text): add(Kind.text, Array(text.utf8), isBinary: false)
            case .blob(let bytes): add(Kind.bytes, bytes)
            }
        }
    }
}

extension PostgresSession: JobRows, JobListing {
    /// What went well goes over in one statement; the others one by one.
    func finish(_ jobs: [JobRow], from states: Set<JobState>?) throws -> Set<Int64> {
        let plain = jobs.filter { states == nil && $0.state == .completed && $0.fault == nil }
        guard plain.count > 1 else { return try finishEach(jobs, from: states) }
        let values = PostgresValues().with(numbers: plain.map(\.number))
            .with(numbers: plain.map(\.fence)).with(numbers: plain.map { $0.finished ?? 0 })
        let ended = Set(try run(Self.complete, values).map { $0.integer(0) })
        let numbers = Set(plain.map(\.number))
        return try ended.union(
            finishEach(jobs.filter { !numbers.contains($0.number) }, from: states))
    }

    private static let complete = """
        WITH gone AS (
          DELETE FROM jobs j USING unnest(?, ?, ?) AS e(job, term, ended)
          WHERE j.number = e.job AND j.state = 2 AND j.fence = e.term RETURNING j.*, e.ended)
        INSERT INTO job_history(\(JobColumns.all))
        SELECT \(JobColumns.completed(at: "ended")) FROM gone RETURNING number
        """

    /// One statement for all: every round trip to the server costs more than the rows.
    func claim(_ numbers: [Int64], now: Int64, isAlone: Bool) throws -> [JobRow] {
        try run(
            """
            UPDATE jobs SET state = 2, attempt = attempt + 1, fence = fence + 1, started = ?, ran_alone = ?
            WHERE number = ANY(?) AND state = 1 RETURNING \(JobColumns.all)
            """,
            PostgresValues().with(now).with(isAlone ? 1 : 0)
                .with(numbers: numbers)
        ).map(JobColumns.job)
    }
}
