package import Kernel
import Synchronization

package enum JobsFaultCode: String, FaultCode {
    case budgetSpent, timedOut, unknownJob, notFinished

    package static let service = "jobs"

    package var kind: FaultKind {
        switch self {
        case .budgetSpent: .limited
        case .timedOut: .unavailable
        case .unknownJob: .notFound
        case .notFinished: .refused
        }
    }
}

package typealias JobsError = CodedFault<JobsFaultCode>

/// What a partition may do at once and per minute.
package struct PartitionLimit: Hashable, Sendable {
    package let concurrency: Int
    package let rate: RateLimit?

    package init(concurrency: Int, rate: RateLimit? = nil) {
        self.concurrency = max(1, concurrency)
        self.rate = rate
    }
}

/// The token buckets of all partitions in this process.
package final class Budgets: Sendable {
    private struct State {
        var limits: [String: PartitionLimit] = [:]
        var buckets: [String: TokenBucket] = [:]
    }

    private static let unlimited = PartitionLimit(concurrency: 48)
    private let state = Mutex(State())
    private let timekeeper: any Timekeeper

    package init(timekeeper: any Timekeeper) { self.timekeeper = timekeeper }

    /// Sets a partition's limit; the same again changes nothing, another starts an empty bucket.
    package func configure(_ partition: String, _ limit: PartitionLimit) {
        let now = timekeeper.now
        state.withLock { state in
            guard state.limits[partition] != limit else { return }
            state.limits[partition] = limit
            state.buckets[partition] = limit.rate.map { TokenBucket($0, at: now) }
        }
    }

    func concurrency(of partition: String) -> Int {
        state.withLock { $0.limits[partition] ?? Self.unlimited }.concurrency
    }

    /// Takes a token. - Returns: zero when given, else how long to wait.
    package func take(_ partition: String) -> Duration {
        let now = timekeeper.now
        return state.withLock { $0.buckets[partition]?.take(now) ?? .zero }
    }

    func giveBack(_ partition: String) {
        state.withLock { $0.buckets[partition]?.giveBack() }
    }

    package func pause(_ partition: String, until instant: Instant) {
        state.withLock { $0.buckets[partition]?.pause(until: instant) }
    }
}

/// The tokens of one attempt: the one it was started with, then the partition's own.
package final class Allowance: Sendable {
    private let partition: String
    private let budgets: Budgets
    private let isPrepaid: Mutex<Bool>

    package init(partition: String, budgets: Budgets, isPrepaid: Bool) {
        self.partition = partition
        self.budgets = budgets
        self.isPrepaid = Mutex(isPrepaid)
    }

    /// Spends one call on a partition. - Throws: `JobsError.budgetSpent` with the time to wait.
    package func spend(on partition: String) throws {
        let paid = isPrepaid.withLock { isPrepaid in
            guard isPrepaid, partition == self.partition else { return false }
            isPrepaid = false
            return true
        }
        if paid { return }
        let wait = budgets.take(partition)
        guard wait > .zero else { return }
        throw JobsError(
            .budgetSpent, "the published limit of \(partition) is used up", retryAfter: wait)
    }

    /// The attempt makes no call after all: its token goes back.
    package func giveBack() {
        let isUnused = isPrepaid.withLock { isPrepaid in
            defer { isPrepaid = false }
            return isPrepaid
        }
        if isUnused { budgets.giveBack(partition) }
    }

    /// The other side asked for a pause.
    package func pause(_ partition: String, until instant: Instant) {
        budgets.pause(partition, until: instant)
    }
}
