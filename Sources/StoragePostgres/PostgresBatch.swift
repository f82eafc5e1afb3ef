import Kernel
import Storage

/// What is open on a writing connection: whom it acts for, and what goes over together at its end.
///
/// Most closures enqueue jobs and ask nothing. Their jobs are kept here and go over in one statement
/// for all, with numbers drawn ahead; a closure has a savepoint only once it has a statement of its
/// own. So only who needs an answer waits for one.
final class PostgresBatch {
    /// Numbers drawn ahead are used for so long: a job's number tells about when it was enqueued.
    private static let freshness = Duration.seconds(1)
    private static let fewest = 16
    private static let most = 2048
    /// So many rows go over in one statement …
    private static let piece = 1000
    /// … and so many bytes are kept; a closure that enqueues more sends the rest at once.
    private static let keptBytes = 4 * 1_048_576

    let connection: PostgresConnection
    /// A statement for several closures failed: which one is to blame shows when each has its own.
    private(set) var sharedFault: (any Error)?

    /// Every statement goes over at once.
    private let isCareful: Bool
    private let supply: JobNumbers
    private var tenant = TenantID.platform
    private var hasSavepoint = false
    /// Whom the role and the tenant of the open savepoint were set for: said again only when it is
    /// another, since every word is a round trip.
    private var actsFor: TenantID?
    /// Of closures that stand.
    private var settled: [JobRow] = []
    /// Of closures that stand, sent since the open savepoint began.
    private var sent: [JobRow] = []
    /// Of the closure that runs.
    private var own: [JobRow] = []
    private var bytes = 0

    /// Numbers for jobs that are not yet in the database. They go with the connection that drew them:
    /// a server that died may give those that nobody used once more.
    final class JobNumbers {
        fileprivate var drawn: ArraySlice<Int64> = []
        fileprivate var until = ContinuousClock.now
        fileprivate var count = PostgresBatch.fewest
    }

    init(_ connection: PostgresConnection, numbers: JobNumbers, isCareful: Bool) {
        (self.connection, supply, self.isCareful) = (connection, numbers, isCareful)
    }

    /// Begins a closure; nothing is said to the server yet.
    func begin(_ tenant: TenantID) throws {
        self.tenant = tenant
        hasSavepoint = false
        own = []
        if isCareful { try open() }
    }

    /// The closure stands.
    func keep() {
        settled += own
        own = []
        sent = []
        if hasSavepoint { actsFor = tenant }
    }

    /// Takes back what the closure did.
    func undo() throws {
        own = []
        guard hasSavepoint else { return }
        try connection.execute("ROLLBACK TO closure; RELEASE closure")
        actsFor = nil
        // Others' jobs went with it, and go over once more.
        settled = sent + settled
        sent = []
    }

    /// Sends what is kept, to be committed.
    func end() throws {
        guard !settled.isEmpty else { return }
        if actsFor != .platform {
            try connection.execute("SET LOCAL ROLE \(PostgresSchema.engineRole)")
        }
        try shared { try insert(settled) }
        settled = []
    }

    /// What of the jobs that this batch has enqueued a statement looks at.
    enum Sight {
        case none, own, all
    }

    /// Before a statement of the closure's own.
    func prepare(_ sight: Sight) throws {
        if sight == .all { try send() }
        if !hasSavepoint { try open() }
        guard sight != .none, !own.isEmpty else { return }
        let jobs = own
        own = []
        try insert(jobs)
    }

    /// - Returns: the number the job will have; `nil` when it has to be inserted at once.
    func enqueue(_ job: JobRow) throws -> Int64? {
        // The engine's role sends it, whom no wall stops: only one's own tenant's, or for the platform.
        guard !isCareful, job.isFresh, job.tenant == tenant || tenant == .platform,
            bytes < Self.keptBytes, Self.isStorable(job)
        else { return nil }
        bytes += job.payload.count
        var job = job
        job.number = try shared { try number() }
        own.append(job)
        return job.number
    }

    /// Jobs that are inserted at once have the database's next numbers: those enqueued after them get
    /// higher ones.
    func forgetNumbers() {
        supply.drawn = []
        supply.count = Self.fewest
    }

    /// What only this job is to blame for is found before it goes over with others'.
    private static func isStorable(_ job: JobRow) -> Bool {
        [job.kind, job.partition, job.lane ?? "", job.correlation, job.cause ?? ""]
            .allSatisfy { !$0.utf8.contains(0) }
    }

    private func open() throws {
        // Ends the savepoint of the closure before, and begins this one's, in one round trip. The
        // platform's own closures keep the books of all tenants, and see the records of none but
        // their own.
        var words = actsFor == nil ? "" : "RELEASE closure; "
        words += "SAVEPOINT closure"
        if actsFor != tenant {
            let role =
                tenant == .platform ? PostgresSchema.engineRole : PostgresSchema.recordsRole
            words +=
                "; SET LOCAL ROLE \(role); SET LOCAL longshore.tenant = '\(tenant.rawValue)'"
        }
        try shared { try connection.execute(words) }
        hasSavepoint = true
        actsFor = tenant
    }

    /// Sends others' jobs before the closure looks at them.
    private func send() throws {
        guard !settled.isEmpty else { return }
        try shared {
            if actsFor != .platform {
                try connection.execute("SET LOCAL ROLE \(PostgresSchema.engineRole)")
            }
            try insert(settled)
            if hasSavepoint, tenant != .platform {
                try connection.execute("SET LOCAL ROLE \(PostgresSchema.recordsRole)")
            }
        }
        if hasSavepoint {
            sent += settled
        } else if let actsFor, actsFor != .platform {
            // The role of the savepoint before is another now.
            try shared { try connection.execute("RELEASE closure") }
            self.actsFor = nil
        }
        settled = []
    }

    private func shared<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch {
            sharedFault = error
            throw error
        }
    }

    private func number() throws -> Int64 {
        let now = ContinuousClock.now
        if supply.drawn.isEmpty || supply.until < now {
            // Who needs more within a moment gets more at once.
            supply.count =
                supply.until < now ? Self.fewest : min(supply.count * 4, Self.most)
            supply.drawn = try connection.run(
                "SELECT nextval('jobs_number_seq') FROM generate_series(1, ?)",
                PostgresValues().with(supply.count)
            ).map { $0.integer(0) }[...]
            supply.until = now + Self.freshness
        }
        guard let number = supply.drawn.popFirst() else {
            throw StorageError(.engine, "PostgreSQL gave no number for a job")
        }
        return number
    }

    private func insert(_ jobs: [JobRow]) throws {
        bytes = 0
        for start in stride(from: 0, to: jobs.count, by: Self.piece) {
            try insertPiece(jobs[start..<min(start + Self.piece, jobs.count)])
        }
    }

    private func insertPiece(_ jobs: ArraySlice<JobRow>) throws {
        _ = try connection.run(
            Self.insertion,
            PostgresValues().with(numbers: jobs.map(\.number))
                .with(texts: jobs.map(\.tenant.rawValue))
                .with(texts: jobs.map(\.kind))
                .with(texts: jobs.map(\.partition))
                .with(texts: jobs.map(\.lane))
                .with(numbers: jobs.map { Int64($0.uniqueness.rawValue) })
                .with(numbers: jobs.map { Int64($0.state.rawValue) })
                .with(numbers: jobs.map { Int64($0.priority) })
                .with(numbers: jobs.map(\.due)).with(numbers: jobs.map(\.deadline))
                .with(numbers: jobs.map(\.rank)).with(blobs: jobs.map(\.payload))
                .with(texts: jobs.map(\.correlation))
                .with(texts: jobs.map(\.cause))
                .with(numbers: jobs.map(\.enqueued))
                .with(blobs: try jobs.map { try $0.extras.map { try BodyCoder.encode($0) } }))
    }

    private static let insertion = """
        INSERT INTO jobs(number, tenant, kind, partition, lane, uniqueness, state, priority, due,
          deadline, rank, payload, correlation, cause, enqueued, extras, attempt, crashes, suspect,
          ran_alone, cancelling, fence)
        SELECT *, 0, 0, 0, 0, 0, 0
        FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
}
