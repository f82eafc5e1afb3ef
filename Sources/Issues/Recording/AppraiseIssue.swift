import Jobs
package import Kernel
import Storage

/// Asks what the orders an issue holds up are worth.
struct AppraiseIssue: Job {
    static let kind: JobKind = "issues.appraise"
    let issue: Identifier<IssueTag>
}

/// What the buyers paid for orders, by the orders' identifiers; an unknown one is left out.
package typealias OrderAppraiser =
    @Sendable (_ orders: [String], TenantID) async throws -> [String: Money]

struct AppraiseIssueWorker: JobWorker {
    let appraise: OrderAppraiser

    private static let chunk = 200

    func work(_ job: AppraiseIssue, in context: JobContext) async throws -> JobOutcome {
        let tenant = context.call.tenant
        let open = try await context.store.read(tenant) {
            try $0.page(
                IssueOrder.byValue, equals: [job.issue, false], limit: Self.chunk
            ).items
        }
        guard !open.isEmpty else { return .completed }
        let values = try await appraise(open.map(\.order), tenant)
        try await context.write(lane: .bulk) { transaction in
            guard var issue = try transaction.get(Issue.self, job.issue) else { return }
            for entry in open {
                // Another attempt may have asked meanwhile: no order counts twice.
                guard var known = try transaction.get(IssueOrder.self, entry.id),
                    known.value == nil, !known.isUnknown
                else { continue }
                known.value = values[known.order]
                known.isUnknown = known.value == nil
                if known.open > 0, let value = known.value { issue.count(value, +1) }
                try transaction.update(known)
            }
            try transaction.update(issue)
        }
        return open.count < Self.chunk ? .completed : .snooze(.milliseconds(1))
    }
}
