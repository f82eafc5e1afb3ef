package import Kernel
package import Storage

/// Wire name of a kind of job, such as `walmart.acknowledgeOrder`: stable for ever.
package struct JobKind: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let rawValue: String

    package init(_ rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { rawValue = value }
    package var description: String { rawValue }
}

/// A unit of background work: identifiers only, never personal data.
package protocol Job: Codable, Sendable {
    static var kind: JobKind { get }
    /// After so long an attempt is given up as unavailable.
    static var timeout: Duration { get }
    /// Whether faults that may heal end the job after many tries. What is owed to a channel never
    /// gives up: it stays in sight, tried every few minutes.
    static var givesUp: Bool { get }
}

extension Job {
    package static var timeout: Duration { .seconds(60) }
    package static var givesUp: Bool { true }
}

/// How an attempt ended; a thrown fault's kind decides the rest.
package enum JobOutcome: Sendable {
    case completed
    /// Completed, with these writes in the same transaction as the job's end.
    case commit(@Sendable (Transaction) throws -> Void)
    /// Again later, at no cost in attempts.
    case snooze(Duration)
    /// Will never be done, for a reason a person can read.
    case discard(reason: String)
}

/// Does one kind of job. It re-reads the truth and is safe to run twice.
package protocol JobWorker: Sendable {
    associatedtype Work: Job
    func work(_ job: Work, in context: JobContext) async throws -> JobOutcome
    /// The job is discarded or quarantined, and will not be tried again by itself: tells those who
    /// wait for it, in the transaction that ends it. A person's retry may still do it later.
    func gaveUp(_ job: Work, because fault: RecordedFault, in transaction: Transaction) throws
}

extension JobWorker {
    package func gaveUp(
        _ job: Work, because fault: RecordedFault, in transaction: Transaction
    ) throws {}
}

/// When, how urgently and how often at most a job runs.
package struct JobOptions: Sendable {
    package enum Uniqueness: Sendable {
        case none
        /// No second one with this key until it has ended.
        case untilFinished(String)
        /// No second one with this key until it has started: what comes while it runs counts.
        case untilStarted(String)
    }

    package var delay: Duration = .zero
    /// Higher runs sooner; one step outweighs ten seconds of waiting.
    package var priority = 0
    package var uniqueness = Uniqueness.none
    /// What limits act on; default: the tenant.
    package var partition: String?

    package init(
        delay: Duration = .zero, priority: Int = 0, uniqueness: Uniqueness = .none,
        partition: String? = nil
    ) {
        self.delay = delay
        self.priority = priority
        self.uniqueness = uniqueness
        self.partition = partition
    }
}

extension Transaction {
    /// Enqueues a job that exists if, and only if, this transaction commits.
    /// - Returns: its number, or `nil` where its unique key is taken.
    @discardableResult
    package func enqueue<J: Job>(_ job: J, _ options: JobOptions = JobOptions()) throws -> Int64? {
        let due = decision.now + options.delay
        var key: String?
        var untilStarted = false
        switch options.uniqueness {
        case .none: break
        case .untilFinished(let text): key = text
        case .untilStarted(let text): (key, untilStarted) = (text, true)
        }
        return try insertJob(
            JobRow(
                tenant: tenant, kind: J.kind.rawValue,
                partition: options.partition ?? "tenant:" + tenant.rawValue, uniqueKey: key,
                isUniqueUntilStart: untilStarted,
                state: options.delay > .zero ? .scheduled : .available,
                priority: options.priority, due: due.microseconds,
                payload: try BodyCoder.encode(job), correlation: call.correlation,
                cause: call.cause, enqueued: decision.now.microseconds))
    }
}

/// What a worker may use besides its own parts.
package struct JobContext: Sendable {
    package let number: Int64
    /// 1 for the first.
    package let attempt: Int
    /// Writes made under it name the job as actor and cause.
    package let call: Call
    package let store: Store
    package let timekeeper: any Timekeeper
    package let allowance: Allowance

    package init(
        number: Int64, attempt: Int, call: Call, store: Store, timekeeper: any Timekeeper,
        allowance: Allowance
    ) {
        self.number = number
        self.attempt = attempt
        self.call = call
        self.store = store
        self.timekeeper = timekeeper
        self.allowance = allowance
    }
}
