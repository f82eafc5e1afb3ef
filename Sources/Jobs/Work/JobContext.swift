package import Kernel
package import Storage

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
    /// What an earlier attempt saved, if any did.
    package let progress: JobProgress?

    package init(
        number: Int64, attempt: Int, call: Call, store: Store, timekeeper: any Timekeeper,
        allowance: Allowance, progress: JobProgress? = nil
    ) {
        self.number = number
        self.attempt = attempt
        self.call = call
        self.store = store
        self.timekeeper = timekeeper
        self.allowance = allowance
        self.progress = progress
    }

    /// A write that counts only while this attempt is the current one: what an attempt that was
    /// given up writes late changes nothing.
    /// - Throws: `JobsError.stale`; what the closure threw.
    package func write<T: Sendable>(
        lane: WriteLane = .settling, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        let (number, attempt) = (number, attempt)
        return try await store.writeUnrepeated(call, lane: lane) { transaction in
            guard try transaction.bookkeeping({ try $0.holds(number, attempt: attempt) }) else {
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
        let (number, attempt) = (number, attempt)
        _ = try await write { transaction in
            try transaction.bookkeeping {
                try $0.saveProgress(number, attempt: attempt, progress)
            }
        }
    }

    /// Where the attempt before this one stopped; `nil` at the first.
    package func place<T: Decodable>(_ type: T.Type) throws -> T? {
        try progress?.checkpoint.map { try BodyCoder.decode(type, from: $0) }
    }
}
