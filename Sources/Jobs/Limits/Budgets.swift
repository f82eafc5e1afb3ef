package import Kernel
import Synchronization

package enum JobsFaultCode: String, FaultCode {
    case budgetSpent, timedOut, unknownJob, notFinished, notWaiting, notDiscarded, alreadyFinished
    /// A person, or a newer job, ended it.
    case cancelled, superseded
    /// It was not begun in time.
    case deadlinePassed
    /// The process is stopping: the attempt is handed back and costs nothing.
    case stopping
    /// Another attempt took over: what this one writes changes nothing.
    case stale
    case unknownSchedule, cronMalformed, cronNeverFires, zoneUnknown
    case unknownScope, unknownOperation, payloadTooLarge, dueOutOfRange
    case payloadMalformed, planMalformed, limitMalformed
    /// This release has no worker for its kind: it waits for one that has.
    case handlerMissing
    /// A worker ended a job on which others were to follow: they wait for a person's retry.
    case chainStopped

    package static let service = "jobs"

    package var kind: FaultKind {
        switch self {
        case .budgetSpent: .limited
        case .timedOut, .stopping, .handlerMissing: .unavailable
        case .unknownJob, .unknownSchedule, .unknownOperation: .notFound
        case .notFinished, .notWaiting, .notDiscarded, .alreadyFinished, .cancelled, .superseded,
            .deadlinePassed, .chainStopped:
            .refused
        case .stale: .conflict
        case .cronMalformed, .cronNeverFires, .zoneUnknown, .unknownScope, .payloadTooLarge,
            .dueOutOfRange, .payloadMalformed, .planMalformed, .limitMalformed:
            .invalid
        }
    }
}

package typealias JobsError = CodedFault<JobsFaultCode>

/// What a scope may do at once and per minute.
package struct PartitionLimit: Hashable, Sendable {
    package let concurrency: Int
    package let rate: RateLimit?

    package init(concurrency: Int, rate: RateLimit? = nil) {
        self.concurrency = max(1, concurrency)
        self.rate = rate
    }

    /// What keeps both.
    func stricter(_ other: PartitionLimit) -> PartitionLimit {
        PartitionLimit(
            concurrency: min(concurrency, other.concurrency),
            rate: [rate, other.rate].compactMap { $0 }.min { $0.perMinute < $1.perMinute })
    }
}

/// The limits in force and the token buckets of all scopes in this process.
package final class Budgets: Sendable {
    private struct State {
        /// As connections publish them, and as people set them; in force is the stricter of both.
        var published: [String: PartitionLimit] = [:]
        var imposed: [String: PartitionLimit] = [:]
        var limits: [String: PartitionLimit] = [:]
        var buckets: [String: TokenBucket] = [:]
        var weights: [String: Int] = [:]
        var generation: UInt64 = 0

        /// Puts a scope's limit in force; the same again changes nothing, another starts an empty bucket.
        mutating func enforce(_ scope: String, at now: Instant) {
            let both = [published[scope], imposed[scope]].compactMap { $0 }
            let limit = both.dropFirst().reduce(both.first) { $0?.stricter($1) }
            guard limits[scope] != limit else { return }
            limits[scope] = limit
            buckets[scope] = limit?.rate.map { TokenBucket($0, at: now) }
            generation += 1
        }
    }

    /// What the dispatcher must know to decide by itself.
    struct Limits: Sendable {
        let generation: UInt64
        let limits: [String: PartitionLimit]
        /// By scope: tenants and connections.
        let weights: [String: Int]
    }

    private let state = Mutex(State())
    private let timekeeper: any Timekeeper

    package init(timekeeper: any Timekeeper) { self.timekeeper = timekeeper }

    /// Sets a scope's limit as it is published; the same again changes nothing.
    package func configure(_ scope: String, _ limit: PartitionLimit) {
        let now = timekeeper.steady
        state.withLock { state in
            state.published[scope] = limit
            state.enforce(scope, at: now)
        }
    }

    /// Puts in force what people set, in place of all they had set before.
    package func impose(_ all: [QueueLimit]) {
        let now = timekeeper.steady
        state.withLock { state in
            let former = state.imposed.keys
            state.imposed = Dictionary(
                all.compactMap { limit in limit.partitionLimit.map { (limit.scope, $0) } }
            ) { first, _ in first }
            for scope in Set(former).union(state.imposed.keys) { state.enforce(scope, at: now) }
            let weights = Dictionary(
                all.compactMap { limit in limit.weight.map { (limit.scope, $0) } }
            ) { first, _ in first }
            guard weights != state.weights else { return }
            state.weights = weights
            state.generation += 1
        }
    }

    /// Every bucket begins empty again: another process may have given what it holds.
    package func empty() {
        let now = timekeeper.steady
        state.withLock { state in
            // Not made anew: what a partner said of when it may be asked again still holds.
            for scope in state.buckets.keys { state.buckets[scope]?.empty(at: now) }
        }
    }

    /// These buckets begin empty again.
    func empty(_ scopes: Set<String>) {
        let now = timekeeper.steady
        state.withLock { state in
            for scope in scopes { state.buckets[scope]?.empty(at: now) }
        }
    }

    func limits(after generation: UInt64?) -> Limits? {
        state.withLock { state in
            guard state.generation != generation else { return nil }
            return Limits(
                generation: state.generation, limits: state.limits, weights: state.weights)
        }
    }

    /// Takes a token of each scope, or of none.
    /// - Returns: zero when given, else how long to wait.
    package func take(_ scopes: [String]) -> Duration {
        let now = timekeeper.steady
        return state.withLock { state in
            for (index, scope) in scopes.enumerated() {
                let wait = state.buckets[scope]?.take(now) ?? .zero
                guard wait > .zero else { continue }
                for taken in scopes[..<index] { state.buckets[taken]?.giveBack() }
                return wait
            }
            return .zero
        }
    }

    package func take(_ scope: String) -> Duration { take([scope]) }

    func giveBack(_ scope: String) {
        state.withLock { $0.buckets[scope]?.giveBack() }
    }

    package func pause(_ scope: String, for wait: Duration) {
        let end = timekeeper.steady + wait
        state.withLock { $0.buckets[scope]?.pause(until: end) }
    }
}

/// The tokens of one attempt: the one it was started with, then the scope's own.
package final class Allowance: Sendable {
    private let scope: String?
    private let budgets: Budgets
    private let isPrepaid: Mutex<Bool>

    /// - Parameter scope: the key whose token the attempt was started with.
    package init(scope: String?, budgets: Budgets, isPrepaid: Bool) {
        self.scope = scope
        self.budgets = budgets
        self.isPrepaid = Mutex(isPrepaid)
    }

    /// Spends one call on a scope. - Throws: `JobsError.budgetSpent` with the time to wait.
    package func spend(on scope: String) throws {
        let paid = isPrepaid.withLock { isPrepaid in
            guard isPrepaid, scope == self.scope else { return false }
            isPrepaid = false
            return true
        }
        if paid { return }
        let wait = budgets.take(scope)
        guard wait > .zero else { return }
        throw JobsError(
            .budgetSpent, "the published limit of \(scope) is used up", retryAfter: wait)
    }

    /// The attempt makes no call after all: its token goes back.
    package func giveBack() {
        let isUnused = isPrepaid.withLock { isPrepaid in
            defer { isPrepaid = false }
            return isPrepaid
        }
        if isUnused, let scope { budgets.giveBack(scope) }
    }

    /// The other side asked for a pause.
    package func pause(_ scope: String, for wait: Duration) {
        budgets.pause(scope, for: wait)
    }
}
