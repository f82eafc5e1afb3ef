import Jobs
import Kernel
import Storage

/// Forgets what is kept for a time only: results of operations, history of finished jobs.
struct Prune: Job {
    static let kind: JobKind = "platform.prune"
    static let options = JobOptions(
        priority: -1, uniqueness: .untilFinished("prune"), partition: "maintenance")
}

struct PruneWorker: JobWorker {
    /// An `Idempotency-Key` is honoured for this long.
    static let operationsKept = Duration.seconds(7 * 86_400)
    static let historyKept = Duration.seconds(30 * 86_400)
    private static let chunk = 500

    let timekeeper: any Timekeeper

    func work(_ job: Prune, in context: JobContext) async throws -> JobOutcome {
        let operations = (timekeeper.now - Self.operationsKept).microseconds
        let history = (timekeeper.now - Self.historyKept).microseconds
        let removed = try await context.store.writeUnrepeated(context.call, lane: .bulk) {
            try $0.bookkeeping { session in
                try session.pruneOperations(before: operations, limit: Self.chunk)
                    + session.pruneHistory(before: history, limit: Self.chunk)
            }
        }
        return .snooze(removed < Self.chunk ? .seconds(3600) : .milliseconds(100))
    }
}
