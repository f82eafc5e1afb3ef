import Kernel
package import Storage

/// When, how urgently, under which limits and how often at most a job runs.
package struct JobOptions: Sendable {
    package enum Uniqueness: Sendable {
        case none
        /// No second one with this key until it has ended.
        case untilFinished(String)
        /// No second one with this key until it has started: what comes while it runs counts.
        case untilStarted(String)
        /// What comes before it starts takes its place with a newer payload. One with this key runs
        /// at a time, so that the last value given is the last one delivered.
        case latest(String)
        /// No second one with this key for so long after it was enqueued, while it is live or
        /// ended in one of these states.
        case within(Duration, String, endedAs: Set<JobState> = [.completed])
    }

    /// How long it waits before it may begin; what lies in the past waits no longer.
    package var delay: Duration = .zero
    /// Higher runs sooner; one step outweighs ten seconds of waiting. -100...100.
    package var priority = 0
    package var uniqueness = Uniqueness.none
    /// The connection to an outside system it works for.
    package var connection: String?
    package var queue = JobPartition.standardQueue
    /// A limit of its own, beside those of its tenant, connection, queue and kind.
    package var key: String?
    /// Past so long after being enqueued it is not begun any more, and ends as discarded.
    package var within: Duration?
    /// Jobs of one lane run one at a time, in order of rank.
    package var lane: String?
    package var tags: [String] = []

    package init(
        delay: Duration = .zero, priority: Int = 0, uniqueness: Uniqueness = .none,
        connection: String? = nil, queue: String = JobPartition.standardQueue, key: String? = nil
    ) {
        self.delay = delay
        self.priority = priority
        self.uniqueness = uniqueness
        self.connection = connection
        self.queue = queue
        self.key = key
    }

    package func begun(within limit: Duration) -> JobOptions { with { $0.within = limit } }
    package func inLane(_ lane: String) -> JobOptions { with { $0.lane = lane } }
    package func tagged(_ tags: String...) -> JobOptions { with { $0.tags += tags } }

    private func with(_ change: (inout JobOptions) -> Void) -> JobOptions {
        var options = self
        change(&options)
        return options
    }
}
