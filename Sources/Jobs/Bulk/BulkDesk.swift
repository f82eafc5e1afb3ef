package import Kernel
package import Storage

/// Begins and ends runs over many items.
package struct BulkDesk: Sendable {
    /// Matching items are counted up to so many: the writer waits meanwhile.
    package static let countLimit = 5000

    private let operations: [String: any BulkOperation]

    package init(_ operations: [any BulkOperation]) {
        self.operations = Dictionary(
            uniqueKeysWithValues: operations.map { (type(of: $0).name, $0) })
    }

    func operation(_ name: String) throws -> any BulkOperation {
        guard let operation = operations[name] else {
            throw JobsError(.unknownOperation, "no operation is called \(name)", field: "operation")
        }
        return operation
    }

    /// How many items a plan means, and the first of them with what speaks against each; nothing is
    /// changed.
    /// - Parameter counting: so many are counted at most.
    package func preview(
        _ plan: BulkRun.Plan, counting: Int, at now: Instant, in transaction: ReadTransaction
    ) throws -> (count: Int, first: [(item: String, objection: RecordedFault?)]) {
        let run = try draft(
            plan, total: 0, id: Identifier(at: now, high: 0, low: 0), by: "", at: now)
        let operation = try operation(plan.operation)
        var (count, place) = (0, String?.none)
        var first: [String] = []
        while count < counting {
            let limit = min(500, counting - count)
            let items = try operation.items(of: run, after: place, limit: limit, in: transaction)
            if first.isEmpty { first = Array(items.prefix(20)) }
            count += items.count
            place = items.last
            if items.count < limit { break }
        }
        return (
            count,
            try first.map { ($0, try operation.objection(to: $0, of: run, in: transaction)) }
        )
    }

    /// Begins a run; a job sees it through.
    /// - Throws: `JobsError`: `.planMalformed`, `.unknownOperation`.
    package func begin(_ plan: BulkRun.Plan, in transaction: Transaction) throws -> BulkRun {
        let now = transaction.decision.now
        let count = try preview(plan, counting: Self.countLimit, at: now, in: transaction).count
        let run = try draft(
            plan, total: count, id: transaction.decision.newID(),
            by: transaction.call.actor.description, at: now)
        try transaction.insert(run)
        try transaction.enqueue(
            RunBulk(run: run.id),
            JobOptions(
                priority: 1, uniqueness: .untilFinished(run.id.rawValue), queue: "remedies"))
        return run
    }

    /// Leaves the rest untouched. - Throws: `JobsError.alreadyFinished`.
    package func cancel(
        _ id: Identifier<BulkRunTag>, in transaction: Transaction
    ) throws -> BulkRun {
        var run = try transaction.require(BulkRun.self, id)
        guard run.state.isLive else {
            throw JobsError(.alreadyFinished, "the run is \(run.state.rawValue)")
        }
        try end(&run, as: .cancelled, "by \(transaction.call.actor)", in: transaction)
        return run
    }

    func end(
        _ run: inout BulkRun, as state: BulkRun.State, _ note: String?, in transaction: Transaction
    ) throws {
        run.state = state
        run.note = note
        run.endedAt = transaction.decision.now
        let operation = try operation(run.operation)
        run.argument = operation.kept(of: run.argument)
        try transaction.update(run)
        try operation.ended(run, in: transaction)
    }

    private func draft(
        _ plan: BulkRun.Plan, total: Int, id: Identifier<BulkRunTag>, by: String, at now: Instant
    ) throws -> BulkRun {
        guard (0...1000).contains(plan.canary) else {
            throw JobsError(.planMalformed, "must be 0 to 1000", field: "canary")
        }
        guard (0...10_000).contains(plan.perSecond) else {
            throw JobsError(.planMalformed, "must be 0 to 10000", field: "perSecond")
        }
        guard (plan.selected?.count ?? 0) <= BulkRun.selectionLimit else {
            throw JobsError(
                .planMalformed, "may name \(BulkRun.selectionLimit) at most", field: "selected")
        }
        return BulkRun(
            id: id, operation: plan.operation, subject: plan.subject,
            argument: plan.argument, selected: plan.selected.map { Array(Set($0)).sorted() },
            reason: plan.reason, by: by, canary: plan.canary,
            perSecond: plan.perSecond, total: total, state: plan.canary > 0 ? .trying : .running,
            createdAt: now)
    }
}
