import Connectors
import Jobs
import Kernel
import Orders
import Storage

/// Forgets what is kept for a time only: results of operations, history of finished jobs, raw
/// arrivals and contacts.
struct Prune: Job {
    static let kind: JobKind = "platform.prune"
    static let options = JobOptions(
        priority: -1, uniqueness: .untilFinished("prune"), partition: "maintenance")
}

struct PruneWorker: JobWorker {
    /// An `Idempotency-Key` is honoured for this long.
    static let operationsKept = Duration.seconds(7 * 86_400)
    static let historyKept = Duration.seconds(30 * 86_400)
    static let chunk = 500

    let timekeeper: any Timekeeper
    let personalData: PersonalDataRetention
    let tenants: @Sendable () async throws -> [TenantID]

    func work(_ job: Prune, in context: JobContext) async throws -> JobOutcome {
        let operations = (timekeeper.now - Self.operationsKept).microseconds
        let history = (timekeeper.now - Self.historyKept).microseconds
        var most = try await context.store.writeUnrepeated(context.call, lane: .bulk) {
            try $0.bookkeeping { session in
                try session.pruneOperations(before: operations, limit: Self.chunk)
                    + session.pruneHistory(before: history, limit: Self.chunk)
            }
        }
        for tenant in try await tenants() {
            most = max(most, try await personalData.forget(for: tenant, at: timekeeper.now))
        }
        return .snooze(most < Self.chunk ? .seconds(3600) : .milliseconds(100))
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
