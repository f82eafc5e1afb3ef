package import Kernel

/// What the dispatcher keeps of a waiting job in memory.
package struct JobHeader: Hashable, Sendable {
    package let number: Int64
    package let tenant: TenantID
    package let partition: String
    /// Jobs of one lane run one at a time, in order of rank.
    package let lane: String?
    /// The order of claims; see ``JobRow/rank``.
    package let rank: Int64
    package let due: Int64
    /// Whether it may be begun now; else it waits for its time.
    package let isReady: Bool

    package init(
        number: Int64, tenant: TenantID, partition: String, lane: String? = nil, rank: Int64,
        due: Int64, isReady: Bool = true
    ) {
        self.isReady = isReady
        self.number = number
        self.tenant = tenant
        self.partition = partition
        self.lane = lane
        self.rank = rank
        self.due = due
    }
}

/// A job that follows when the one before it has completed.
package struct JobLink: Codable, Sendable, Hashable {
    package let kind: String
    /// The payload's bytes, as text.
    package let payload: String
    package let connection: String?
    package let queue: String
    package let key: String?
    package let priority: Int

    package init(
        kind: String, payload: String, connection: String?, queue: String, key: String?,
        priority: Int
    ) {
        self.kind = kind
        self.payload = payload
        self.connection = connection
        self.queue = queue
        self.key = key
        self.priority = priority
    }
}

/// What few jobs have.
package struct JobExtras: Codable, Sendable, Hashable {
    /// The batch whose completion waits for this job.
    package var batch: String?
    /// What follows, in order, once this one has completed.
    package var chain: [JobLink]?
    package var tags: [String]?

    package init(batch: String? = nil, chain: [JobLink]? = nil, tags: [String]? = nil) {
        self.batch = batch
        self.chain = chain
        self.tags = tags
    }
}

/// How far a long job is, and where it goes on after a crash.
package struct JobProgress: Sendable, Hashable {
    package var done: Int64
    package var total: Int64?
    package var checkpoint: [UInt8]?

    package init(done: Int64, total: Int64?, checkpoint: [UInt8]?) {
        self.done = done
        self.total = total
        self.checkpoint = checkpoint
    }
}

/// A job as the queue holds it. Times are microseconds since 1970.
package struct JobRow: Sendable {
    package var number: Int64 = 0
    package let tenant: TenantID
    package let kind: String
    /// See ``JobPartition``.
    package let partition: String
    package var lane: String?
    package var uniqueKey: String?
    package var uniqueness = JobUniqueness.none
    package var state: JobState
    package let priority: Int
    package var due: Int64
    /// It is not begun after this.
    package var deadline: Int64?
    package var attempt: Int = 0
    /// Raised by every claim and never set back: what an attempt with an older one writes is refused.
    package var fence: Int64 = 0
    /// How often the process died while this job ran alone.
    package var crashes: Int = 0
    package var isSuspect = false
    package var ranAlone = false
    /// Someone asked for the running attempt to end.
    package var isCancelling = false
    package var payload: [UInt8]
    package let correlation: String
    package let cause: String?
    package let enqueued: Int64
    package var started: Int64?
    package var finished: Int64?
    package var fault: RecordedFault?
    package var progress: JobProgress?
    package var extras: JobExtras?

    package init(
        tenant: TenantID, kind: String, partition: String, state: JobState, priority: Int,
        due: Int64, payload: [UInt8], correlation: String, cause: String?, enqueued: Int64
    ) {
        self.tenant = tenant
        self.kind = kind
        self.partition = partition
        self.state = state
        self.priority = priority
        self.due = due
        self.payload = payload
        self.correlation = correlation
        self.cause = cause
        self.enqueued = enqueued
    }

    /// As it is enqueued: nothing has become of it yet, and none stands in its way.
    package var isFresh: Bool {
        uniqueKey == nil && attempt == 0 && fence == 0 && crashes == 0 && !isSuspect && !ranAlone
            && !isCancelling && started == nil && finished == nil && fault == nil
            && progress == nil
    }

    /// One priority step is worth ten seconds of waiting.
    package static let priorityStep: Int64 = 10_000_000
    /// A deadline nearer than this makes a job more urgent than its age.
    package static let urgency: Int64 = 3_600_000_000

    /// Due time less priority times a step, so that waiting counts; a near deadline counts as
    /// waiting too, so that of two the nearer goes first.
    package var rank: Int64 {
        let urgent = deadline.map { min(due, max($0, 0) - Self.urgency) } ?? due
        return urgent - Int64(priority) * Self.priorityStep
    }

    package var header: JobHeader {
        JobHeader(
            number: number, tenant: tenant, partition: partition, lane: lane, rank: rank, due: due,
            isReady: state == .available)
    }
}

/// What came of putting a job into the queue.
package enum JobInsertion: Sendable, Hashable {
    case added(Int64)
    /// One with the same unique key is there, or was within the window.
    case kept(Int64)
    /// One with the same key waits, and does the newer payload now.
    case replaced(Int64)

    package var number: Int64 {
        switch self {
        case .added(let number), .kept(let number), .replaced(let number): number
        }
    }
}

/// What came of moving a finished job back into the queue.
package enum JobRevival: Sendable, Hashable {
    case revived(JobHeader)
    /// Another has its unique key, or has brought a newer value already: nothing was changed.
    case superseded
    case absent
}

/// What came of putting an attempted job back.
package enum JobReturn: Sendable, Hashable {
    case returned
    /// A newer one with the same key waits: it will do the work.
    case superseded
    /// The attempt was no longer the current one: nothing was changed.
    case stale
    /// A person asked for it to end: nothing was changed, and it is not to be tried again.
    case cancelled
}

/// Which finished jobs keep a key taken, and for how long after they were enqueued.
package struct JobWindow: Sendable, Hashable {
    package let since: Int64
    package let states: Set<JobState>

    package init(since: Int64, states: Set<JobState>) {
        self.since = since
        self.states = states
    }
}

/// Which jobs a list shows.
package struct JobFilter: Sendable, Hashable {
    package let tenant: TenantID
    package var states: Set<JobState>
    package var kind: String?
    package var faultCode: String?

    package init(
        tenant: TenantID, states: Set<JobState> = Set(JobState.allCases), kind: String? = nil,
        faultCode: String? = nil
    ) {
        self.tenant = tenant
        self.states = states
        self.kind = kind
        self.faultCode = faultCode
    }
}

/// Live jobs of one partition in one state.
package struct JobTally: Sendable, Hashable {
    package let partition: String
    package let state: JobState
    package let count: Int
    /// The earliest due time among them.
    package let oldestDue: Int64

    package init(partition: String, state: JobState, count: Int, oldestDue: Int64) {
        self.partition = partition
        self.state = state
        self.count = count
        self.oldestDue = oldestDue
    }
}
