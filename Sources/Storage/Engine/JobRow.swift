package import Kernel

package enum JobState: Int, Sendable, Codable, CaseIterable {
    case scheduled = 0
    case available, running, retryable, completed, cancelled, discarded

    package var isFinal: Bool { self == .completed || self == .cancelled || self == .discarded }

    package var name: String {
        switch self {
        case .scheduled: "scheduled"
        case .available: "available"
        case .running: "running"
        case .retryable: "retryable"
        case .completed: "completed"
        case .cancelled: "cancelled"
        case .discarded: "discarded"
        }
    }
}

/// What the dispatcher keeps of a waiting job in memory.
package struct JobHeader: Hashable, Sendable {
    package let number: Int64
    package let tenant: TenantID
    package let partition: String
    /// Due time less priority times a step: the order of claims, so that waiting counts.
    package let rank: Int64
    package let due: Int64

    package init(number: Int64, tenant: TenantID, partition: String, rank: Int64, due: Int64) {
        self.number = number
        self.tenant = tenant
        self.partition = partition
        self.rank = rank
        self.due = due
    }
}

/// A job as the queue holds it.
package struct JobRow: Sendable {
    package var number: Int64 = 0
    package let tenant: TenantID
    package let kind: String
    /// What limits act on: a connection and operation, else the tenant.
    package let partition: String
    package var uniqueKey: String?
    /// Whether the unique key is given back when the job starts rather than when it ends.
    package let isUniqueUntilStart: Bool
    package var state: JobState
    package let priority: Int
    package var due: Int64
    package var attempt: Int = 0
    /// How often the process died while this job ran alone.
    package var crashes: Int = 0
    package var isSuspect = false
    package var ranAlone = false
    package let payload: [UInt8]
    package let correlation: String
    package let cause: String?
    package let enqueued: Int64
    package var started: Int64?
    package var finished: Int64?
    package var fault: RecordedFault?

    package init(
        tenant: TenantID, kind: String, partition: String, uniqueKey: String?,
        isUniqueUntilStart: Bool, state: JobState, priority: Int, due: Int64, payload: [UInt8],
        correlation: String, cause: String?, enqueued: Int64
    ) {
        self.tenant = tenant
        self.kind = kind
        self.partition = partition
        self.uniqueKey = uniqueKey
        self.isUniqueUntilStart = isUniqueUntilStart
        self.state = state
        self.priority = priority
        self.due = due
        self.payload = payload
        self.correlation = correlation
        self.cause = cause
        self.enqueued = enqueued
    }

    /// One priority step is worth ten seconds of waiting.
    package static let priorityStep: Int64 = 10_000_000

    package var rank: Int64 { due - Int64(priority) * Self.priorityStep }

    package var header: JobHeader {
        JobHeader(number: number, tenant: tenant, partition: partition, rank: rank, due: due)
    }
}
