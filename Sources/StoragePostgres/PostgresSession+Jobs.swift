import Kernel
import Storage
import StorageSQL

extension PostgresRow: StatementRow {}

extension PostgresSession: StatementRunner {
    func rows<T>(
        _ sql: String, _ values: [SQLValue], _ read: (PostgresRow) throws -> T
    ) throws -> [T] {
        try run(sql, PostgresValues(values), seeing: .all).map(read)
    }

    @discardableResult
    func change(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try run(sql, PostgresValues(values), seeing: .all).changed
    }
}

extension PostgresValues {
    init(_ values: [SQLValue]) {
        self.init()
        for value in values {
            switch value {
            case .null: add(Kind.unknown, nil)
            case .integer(let number): add(number)
            case .text(let text): add(Kind.text, Array(text.utf8))
            case .blob(let bytes): add(Kind.bytes, bytes)
            }
        }
    }
}

extension PostgresSession: JobRows, JobListing {
    /// What stands in nobody's way goes over with others'.
    func insertJob(_ job: JobRow, unlessSince window: JobWindow?) throws -> JobInsertion {
        do {
            if let number = try batch?.enqueue(job) { return .added(number) }
        } catch let fault as PostgresFault { throw fault.storageError }
        batch?.forgetNumbers()
        return try insertAtOnce(job, unlessSince: window)
    }

    /// What went well goes over in one statement for each fence, of which a batch has one or two; the
    /// others one by one.
    func finish(_ jobs: [JobRow], from states: Set<JobState>?) throws -> Set<Int64> {
        let plain = jobs.filter { states == nil && $0.state == .completed && $0.fault == nil }
        guard plain.count > 1 else { return try finishEach(jobs, from: states) }
        var ended: Set<Int64> = []
        for (fence, jobs) in Dictionary(grouping: plain, by: \.fence) {
            let numbers = jobs.map(\.number)
            let values = PostgresValues().with(numbers: numbers).with(fence)
                .with(numbers: numbers).with(numbers: jobs.map { $0.finished ?? 0 })
            ended.formUnion(
                try run(Self.complete, values, seeing: .own).map { $0.integer(0) })
        }
        let numbers = Set(plain.map(\.number))
        return try ended.union(
            finishEach(jobs.filter { !numbers.contains($0.number) }, from: states))
    }

    // "+ 0", here and below: as for single jobs, so that each is found by its number.
    private static let complete = """
        WITH gone AS (
          DELETE FROM jobs WHERE number = ANY(?) AND state + 0 = 2 AND fence = ? RETURNING *)
        INSERT INTO job_history(\(JobColumns.all))
        SELECT \(JobColumns.completed(at: "e.ended"))
        FROM gone JOIN unnest(?, ?) AS e(job, ended) ON gone.number = e.job RETURNING number
        """

    /// What another process is making ready at this moment is passed by: should it freeze in the middle,
    /// it holds up nobody else's claims.
    func promoteDue(now: Int64, limit: Int) throws -> [JobHeader] {
        try rows(
            """
            UPDATE jobs SET state = 1 WHERE number IN (
              SELECT number FROM jobs WHERE state IN (0, 3) AND due <= ? ORDER BY due LIMIT ?
              FOR UPDATE SKIP LOCKED)
            AND state + 0 IN (0, 3)
            RETURNING \(JobColumns.header)
            """, [.integer(now), .count(limit)], JobColumns.header)
    }

    /// Held to the commit: who takes the job over waits for what this attempt writes.
    func holds(_ number: Int64, fence: Int64) throws -> Bool {
        try first(
            "SELECT 1 FROM jobs WHERE number = ? AND state + 0 = 2 AND fence = ? FOR SHARE",
            [.integer(number), .integer(fence)]
        ) { _ in true } ?? false
    }

    /// One statement for all: every round trip to the server costs more than the rows.
    func claim(_ numbers: [Int64], now: Int64, isAlone: Bool) throws -> [JobRow] {
        try run(
            """
            UPDATE jobs SET state = 2, attempt = attempt + 1, fence = fence + 1, started = ?, ran_alone = ?
            WHERE number = ANY(?) AND state + 0 = 1 RETURNING \(JobColumns.all)
            """,
            PostgresValues().with(now).with(isAlone ? 1 : 0)
                .with(numbers: numbers), seeing: .own
        ).map(JobColumns.job)
    }
}
