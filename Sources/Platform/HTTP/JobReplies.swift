import Jobs
import Kernel
import Storage

struct RetryRequest: Decodable, Sendable {
    let payload: JSONValue?
}

struct JobReply: Encodable, Sendable {
    struct Progress: Encodable, Sendable {
        let done: Int64
        let total: Int64?
    }

    let number: Int64
    let kind: String
    let state: String
    let queue: String
    let connection: String?
    let limit: String?
    let priority: Int
    let attempt: Int
    let due: Instant
    let deadline: Instant?
    let enqueued: Instant
    let started: Instant?
    let finished: Instant?
    let fault: RecordedFault?
    let isSuspect: Bool
    let isCancelling: Bool
    let correlation: String
    let cause: String?
    let progress: Progress?
    let batch: String?
    /// How many jobs of its chain follow.
    let following: Int
    let tags: [String]
    let payload: JSONValue?

    init(_ row: JobRow, withPayload: Bool = false) {
        let partition = JobPartition(row.partition)
        number = row.number
        kind = row.kind
        state = row.state.name
        queue = partition?.queue ?? JobPartition.standardQueue
        connection = partition?.connection
        limit = partition?.key
        priority = row.priority
        attempt = row.attempt
        due = Instant(microseconds: row.due)
        deadline = row.deadline.map(Instant.init)
        enqueued = Instant(microseconds: row.enqueued)
        started = row.started.map(Instant.init)
        finished = row.finished.map(Instant.init)
        fault = row.fault
        isSuspect = row.isSuspect
        isCancelling = row.isCancelling
        correlation = row.correlation
        cause = row.cause
        progress = row.progress.map { Progress(done: $0.done, total: $0.total) }
        batch = row.extras?.batch
        following = row.extras?.chain?.count ?? 0
        tags = row.extras?.tags ?? []
        payload = withPayload ? try? BodyCoder.decode(JSONValue.self, from: row.payload) : nil
    }
}

/// What waits and runs of one kind under one limit.
struct QueueReply: Encodable, Sendable {
    let queue: String
    let kind: String
    let connection: String?
    let limit: String?
    let scheduled: Int
    let available: Int
    let running: Int
    let retryable: Int
    /// For how long the oldest that could run has waited; seconds.
    let waitingSeconds: Int64

    static func all(of tenant: TenantID, _ tallies: [JobTally], now: Instant) -> [QueueReply] {
        Dictionary(grouping: tallies, by: \.partition)
            .compactMap { text, parts in
                JobPartition(text).map { (partition: $0, parts: parts) }
            }
            .filter { $0.partition.tenant == tenant }
            .sorted { $0.partition.description < $1.partition.description }
            .map { QueueReply($0.partition, $0.parts, now) }
    }

    private init(_ partition: JobPartition, _ parts: [JobTally], _ now: Instant) {
        func count(_ state: JobState) -> Int { parts.first { $0.state == state }?.count ?? 0 }
        queue = partition.queue
        kind = partition.kind
        connection = partition.connection
        limit = partition.key
        scheduled = count(.scheduled)
        available = count(.available)
        running = count(.running)
        retryable = count(.retryable)
        let oldest = parts.first { $0.state == .available }?.oldestDue ?? now.microseconds
        waitingSeconds = max(0, now.microseconds - oldest) / 1_000_000
    }
}

struct BatchReply: Encodable, Sendable {
    let id: Identifier<BatchTag>
    let name: String
    let total: Int
    let left: Int
    let completed: Int
    let discarded: Int
    let cancelled: Int
    let createdAt: Instant
    let endedAt: Instant?

    init(_ batch: JobBatch) {
        id = batch.id
        name = batch.name
        total = batch.total
        left = batch.left
        completed = batch.completed
        discarded = batch.discarded
        cancelled = batch.cancelled
        createdAt = batch.createdAt
        endedAt = batch.endedAt
    }
}
