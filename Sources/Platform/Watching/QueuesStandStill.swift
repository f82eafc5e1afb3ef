import Issues
import Jobs
import Kernel
import Storage

/// Partitions of the queue whose first job is due and not begun.
struct QueuesStandStill: AbsenceDetector {
    let name = "jobs.standstill"
    let store: Store

    private static let limit = Duration.seconds(15 * 60)

    func absences(
        of tenants: [TenantID], at now: Instant
    ) async throws -> [TenantID: [Absence]] {
        let heads = try await store.oldestReadyJobs()
        let known = Set(tenants)
        var found: [TenantID: [Absence]] = [:]
        for head in heads where known.contains(head.tenant) {
            let due = Instant(microseconds: head.due)
            guard due < now - Self.limit, let partition = JobPartition(head.partition) else {
                continue
            }
            found[head.tenant, default: []].append(
                Absence(
                    subject: head.partition,
                    fault: RecordedFault(
                        kind: .unavailable, code: "jobs.standstill",
                        detail: "\(partition.kind) is due since \(due), not begun")))
        }
        return found
    }
}
