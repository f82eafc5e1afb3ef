import Connectors
import Issues
import Jobs
import Kernel
import Orders
import Storage

/// Forgets what is kept for a time only: results of operations, history of finished jobs, settled
/// effects, ended batches, raw arrivals and contacts.
struct Prune: Job {
    static let kind: JobKind = "platform.prune"
    static let timeout = Duration.seconds(3600)

    static func hourly() throws -> Schedule {
        try Schedule(
            "platform.retention", "@hourly",
            options: JobOptions(
                priority: -1, uniqueness: .untilFinished("prune"), queue: "maintenance")
        ) { _ in Prune() }
    }
}

struct PruneWorker: JobWorker {
    /// An `Idempotency-Key` is honoured for this long.
    static let operationsKept = Duration.seconds(7 * 86_400)
    static let historyKept = Duration.seconds(30 * 86_400)
    static let issuesKept = Duration.seconds(90 * 86_400)
    /// Longer than any job that may ask about an effect again is kept.
    static let effectsKept = Duration.seconds(90 * 86_400)
    static let chunk = 500
    /// Of the history of jobs, which is forgotten while jobs run: who waits for the writer waits for
    /// one bite at most.
    private static let historyChunk = 100

    let timekeeper: any Timekeeper
    let personalData: PersonalDataRetention
    let tenants: @Sendable () async throws -> [TenantID]

    func work(_ job: Prune, in context: JobContext) async throws -> JobOutcome {
        let now = timekeeper.now
        var most = try await context.store.writeUnrepeated(context.call, lane: .bulk) {
            let old = (now - Self.operationsKept).microseconds
            let operations = try $0.bookkeeping {
                try $0.pruneOperations(before: old, limit: Self.chunk)
            }
            return max(
                operations,
                try Scheduler.forget(
                    before: now - Self.historyKept, limit: Self.chunk, in: $0))
        }
        for tenant in try await tenants() {
            most = max(most, try await personalData.forget(for: tenant, at: now))
            let call = context.call.within(tenant)
            let gone = try await context.store.writeUnrepeated(call, lane: .bulk) {
                try max(
                    IssuesModule.forget(
                        before: now - Self.issuesKept, limit: Self.chunk, in: $0),
                    JobsModule.forget(
                        before: now - Self.effectsKept, limit: Self.chunk, in: $0))
            }
            most = max(most, gone)
        }
        guard most < Self.chunk else { return .snooze(.milliseconds(100)) }
        try await pruneHistory(before: now - Self.historyKept, in: context)
        return .completed
    }

    /// Small bites in the lane that yields to all others: the queue itself never waits for it.
    private func pruneHistory(before: Instant, in context: JobContext) async throws {
        var place: Int64? = 0
        while let number = place {
            place = try await context.store.writeUnrepeated(context.call, lane: .bulk) {
                try $0.bookkeeping {
                    try $0.pruneHistory(
                        after: number, before: before.microseconds, limit: Self.historyChunk
                    ).next
                }
            }
        }
    }
}

/// How long personal data stays: what has been dealt with is forgotten after a time of its own.
struct PersonalDataRetention: Sendable {
    let store: Store
    let contacts: ContactsService
    let rawKept: Duration
    let contactsKept: Duration

    /// Forgets a chunk of each. - Returns: the larger of both counts.
    func forget(for tenant: TenantID, at now: Instant) async throws -> Int {
        let call = Call(
            tenant: tenant, actor: .platform, at: now, correlation: "retention")
        let before = now - rawKept
        let raw = try await store.writeUnrepeated(call, lane: .bulk) {
            try Inbox.forget(before: before, limit: PruneWorker.chunk, in: $0)
        }
        let erased = try await contacts.forget(
            before: now - contactsKept, limit: PruneWorker.chunk, call: call)
        return max(raw, erased)
    }
}
