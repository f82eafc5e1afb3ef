package import Kernel
package import Storage

/// What a worker may use besides its own parts.
package struct JobContext: Sendable {
    package let number: Int64
    /// 1 for the first.
    package let attempt: Int
    let fence: Int64
    /// Writes made under it name the job as actor and cause.
    package let call: Call
    package let store: Store
    package let timekeeper: any Timekeeper
    package let allowance: Allowance
    /// What an earlier attempt saved, if any did.
    package let progress: JobProgress?
    private let isCurrent: @Sendable () -> Bool

    /// - Parameter isCurrent: whether this attempt may still begin something, as far as this process
    ///   knows without asking anybody.
    package init(
        of row: JobRow, call: Call, store: Store, timekeeper: any Timekeeper,
        allowance: Allowance, isCurrent: @escaping @Sendable () -> Bool = { true }
    ) {
        self.isCurrent = isCurrent
        number = row.number
        attempt = row.attempt
        fence = row.fence
        self.call = call
        self.store = store
        self.timekeeper = timekeeper
        self.allowance = allowance
        progress = row.progress
    }

    /// To be asked right before each call to the outside, which no fence can take back: a process that
    /// stood still for long finds here that the work is another's by now.
    /// - Throws: `JobsError.stale`.
    package func confirm() throws {
        guard isCurrent() else {
            throw JobsError(.stale, "attempt \(attempt) of job \(number) is over")
        }
    }

    /// A write that counts only while this attempt is the current one: what an attempt that was
    /// given up writes late changes nothing.
    /// - Throws: `JobsError.stale`; what the closure threw.
    package func write<T: Sendable>(
        lane: WriteLane = .settling, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        let (number, attempt, fence) = (number, attempt, fence)
        return try await store.writeUnrepeated(call, lane: lane) { transaction in
            guard try transaction.bookkeeping({ try $0.holds(number, fence: fence) }) else {
                throw JobsError(.stale, "attempt \(attempt) of job \(number) is over")
            }
            return try body(transaction)
        }
    }

    /// Keeps how far the job is, and where a later attempt goes on.
    /// - Parameter total: of the same unit as `done`; `nil` while it is not known.
    /// - Throws: `JobsError.stale`.
    package func checkpoint(
        done: Int64, of total: Int64?, at place: some Encodable & Sendable
    ) async throws {
        let progress = JobProgress(
            done: done, total: total, checkpoint: try BodyCoder.encode(place))
        let (number, fence) = (number, fence)
        _ = try await write { transaction in
            try transaction.bookkeeping {
                try $0.saveProgress(number, fence: fence, progress)
            }
        }
    }

    /// Where the attempt before this one stopped; `nil` at the first.
    package func place<T: Decodable>(_ type: T.Type) throws -> T? {
        try progress?.checkpoint.map { try BodyCoder.decode(type, from: $0) }
    }
}
