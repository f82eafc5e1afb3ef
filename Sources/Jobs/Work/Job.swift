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
    /// Again later, with these writes in the same transaction.
    case commitThenSnooze(Duration, @Sendable (Transaction) throws -> Void)
    /// Will never be done, for a reason a person can read.
    case discard(reason: String)
}

extension JobOutcome {
    /// What commits with the end of the attempt.
    var writes: (@Sendable (Transaction) throws -> Void)? {
        switch self {
        case .commit(let writes), .commitThenSnooze(_, let writes): writes
        case .completed, .snooze, .discard: nil
        }
    }
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
