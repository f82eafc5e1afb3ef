import Events
package import Jobs
package import Kernel
package import Storage

/// What the error framework offers an installation.
package struct IssuesModule: Sendable {
    package static let collections: [any Record.Type] = [
        Issue.self, IssueOccurrence.self, IssueOrder.self,
    ]

    package let ledger: IssueLedger
    private let appraise: OrderAppraiser
    package let detectors: [any AbsenceDetector]
    private let tenants: @Sendable () async throws -> [TenantID]

    /// - Parameter tenants: everyone the detectors look after.
    package init(
        finders: [OrderFinder], detectors: [any AbsenceDetector],
        tenants: @escaping @Sendable () async throws -> [TenantID],
        appraise: @escaping OrderAppraiser
    ) {
        ledger = IssueLedger(finders: finders)
        self.appraise = appraise
        self.detectors = detectors
        self.tenants = tenants
    }

    package func addWorkers(to registry: inout JobRegistry) {
        registry.add(AppraiseIssueWorker(appraise: appraise))
        registry.add(WatchWorker(detectors: detectors, ledger: ledger, tenants: tenants))
    }

    package func schedules() throws -> [Schedule] { [try Watch.everyMinute()] }

    /// Forgets occurrences that ended, and issues closed, before a time.
    /// - Returns: how many of the larger; fewer than `limit` when none is left.
    package static func forget(
        before: Instant, limit: Int, in transaction: Transaction
    ) throws -> Int {
        var gone = 0
        for state in [IssueOccurrence.State.mended, .skipped, .resolved] {
            let ended = try transaction.page(
                IssueOccurrence.byState, equals: [state], limit: limit
            ).items.filter { ($0.endedAt ?? $0.lastSeen) < before }
            for occurrence in ended { try transaction.delete(IssueOccurrence.self, occurrence.id) }
            gone = max(gone, ended.count)
        }
        let closed = try transaction.page(
            Issue.byState, equals: [Issue.State.closed], limit: limit
        ).items.filter { ($0.closedAt ?? $0.lastSeen) < before }
        for issue in closed { try remove(issue, in: transaction) }
        return max(gone, closed.count, try forgetRuns(before: before, limit, in: transaction))
    }

    private static func forgetRuns(
        before: Instant, _ limit: Int, in transaction: Transaction
    ) throws -> Int {
        let old = try transaction.page(BulkRun.byCreation, limit: 20).items.filter {
            !$0.state.isLive && ($0.endedAt ?? $0.createdAt) < before
        }
        var gone = 0
        for run in old {
            let results = try transaction.page(BulkResult.byRun, equals: [run.id], limit: limit)
            for result in results.items { try transaction.delete(BulkResult.self, result.id) }
            gone += results.items.count
            guard results.next == nil else { return limit }
            try transaction.delete(BulkRun.self, run.id)
        }
        // A page of runs that were all forgotten may have more behind it.
        return old.count == 20 ? limit : min(gone, limit - 1)
    }

    private static func remove(_ issue: Issue, in transaction: Transaction) throws {
        let orders = try transaction.page(IssueOrder.byOrder, equals: [issue.id], limit: 1000)
        for order in orders.items { try transaction.delete(IssueOrder.self, order.id) }
        // An issue with more of them goes with the next call.
        if orders.next == nil { try transaction.delete(Issue.self, issue.id) }
    }
}
