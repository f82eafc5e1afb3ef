package import Kernel
import Storage

/// Sees one run over many items through, a chunk at a time.
package struct RunBulk: Job {
    package static let kind: JobKind = "jobs.runBulk"
    package let run: Identifier<BulkRunTag>
}

struct RunBulkWorker: JobWorker {
    let desk: BulkDesk

    private static let chunk = 100
    private static let askAgain = Duration.milliseconds(500)
    /// Chunks in one attempt, so that no run holds a place for ever.
    private static let chunksPerAttempt = 20

    private enum Next: Sendable { case goOn, pause(Duration), over }

    func work(_ job: RunBulk, in context: JobContext) async throws -> JobOutcome {
        for _ in 0..<Self.chunksPerAttempt {
            let (next, items) = try await context.write(lane: .bulk) { try plan(job.run, in: $0) }
            for item in items {
                guard try await apply(item, job.run, context) else { return .completed }
            }
            switch next {
            case .over: return .completed
            case .pause(let pause): return .snooze(pause)
            case .goOn: continue
            }
        }
        return .snooze(.milliseconds(1))
    }

    func gaveUp(_ job: RunBulk, because fault: RecordedFault, in transaction: Transaction) throws {
        guard var run = try transaction.get(BulkRun.self, job.run), run.state.isLive else { return }
        try desk.end(&run, as: .halted, fault.description, in: transaction)
    }

    /// What to do now, and what to do after it. Each item has a transaction of its own, so that one
    /// that fails halfway leaves nothing behind.
    private func plan(
        _ id: Identifier<BulkRunTag>, in transaction: Transaction
    ) throws -> (Next, [String]) {
        guard var run = try transaction.get(BulkRun.self, id), run.state.isLive else {
            return (.over, [])
        }
        let operation = try desk.operation(run.operation)
        if run.state == .awaiting {
            return (try hearOut(&run, operation, in: transaction), [])
        }
        if run.state == .trying, run.done >= run.canary {
            return (try judge(&run, operation, in: transaction), [])
        }
        let limit = limit(for: run)
        let items = try operation.items(
            of: run, after: run.place, limit: limit, in: transaction)
        guard items.isEmpty else {
            let isCapped = run.state == .running && run.perSecond > 0
            let wait = 1_000_000 * Int64(items.count) / Int64(max(run.perSecond, 1))
            return (isCapped ? .pause(.microseconds(wait)) : .goOn, items)
        }
        // All there is has been applied; a canary that is everything is judged all the same.
        if run.state == .trying { return (try judge(&run, operation, in: transaction), []) }
        guard try operation.isAwaited(run) else {
            try desk.end(&run, as: .done, nil, in: transaction)
            return (.over, [])
        }
        run.state = .awaiting
        run.appliedAt = transaction.decision.now
        try transaction.update(run)
        return (.goOn, [])
    }

    /// Notes what became of what was applied, in the order it was, as far as it is known.
    private func hearOut(
        _ run: inout BulkRun, _ operation: any BulkOperation, in transaction: Transaction
    ) throws -> Next {
        let place = run.judged.map {
            PageCursor(after: $0, at: [run.judgedOrdinal ?? 0], among: BulkResult.byRun)
        }
        let results = try transaction.page(
            BulkResult.byRun, equals: [run.id], after: place, limit: Self.chunk
        ).items
        let isLate =
            transaction.decision.now >= (run.appliedAt ?? run.createdAt) + BulkRun.awaitedFor
        for result in results {
            if result.fault == nil {
                switch try operation.verdict(on: result.item, of: run, in: transaction) {
                case .good: try note(result, nil, &run, in: transaction)
                case .bad(let why): try note(result, why, &run, in: transaction)
                case .pending where isLate: break
                case .pending:
                    try transaction.update(run)
                    return .pause(Self.askAgain)
                }
            }
            (run.judged, run.judgedOrdinal) = (result.id, result.ordinal)
        }
        guard results.count < Self.chunk else {
            try transaction.update(run)
            return .goOn
        }
        let known = (run.cameOutWell ?? 0) + (run.failedAgain ?? 0)
        let open = run.applied - known
        try desk.end(&run, as: .done, open > 0 ? "\(open) still under way" : nil, in: transaction)
        return .over
    }

    private func note(
        _ result: BulkResult, _ why: String?, _ run: inout BulkRun, in transaction: Transaction
    ) throws {
        var result = result
        result.failedAgain = why
        result.cameOutWell = why == nil
        try transaction.update(result)
        if why == nil {
            run.cameOutWell = (run.cameOutWell ?? 0) + 1
        } else {
            run.failedAgain = (run.failedAgain ?? 0) + 1
        }
    }

    private func limit(for run: BulkRun) -> Int {
        if run.state == .trying { return min(Self.chunk, run.canary - run.done) }
        return run.perSecond > 0 ? min(Self.chunk, run.perSecond) : Self.chunk
    }

    /// - Returns: whether the run goes on.
    private func apply(
        _ item: String, _ id: Identifier<BulkRunTag>, _ context: JobContext
    ) async throws -> Bool {
        do {
            return try await context.write(lane: .bulk) { transaction in
                try note(item, of: id, nil, in: transaction) { run in
                    try desk.operation(run.operation).apply(item, of: run, in: transaction)
                }
            }
        } catch {
            // What passes by itself is for the next attempt of this job, and so is what says that this
            // one is over.
            let fault = RecordedFault(error)
            guard ![.unavailable, .conflict].contains(fault.kind), !(error is CancellationError)
            else { throw error }
            return try await context.write(lane: .bulk) { try note(item, of: id, fault, in: $0) }
        }
    }

    /// Counts and keeps what came of one item, once `change` has gone well.
    /// - Returns: whether the run is still live; when not, nothing is changed.
    private func note(
        _ item: String, of id: Identifier<BulkRunTag>, _ fault: RecordedFault?,
        in transaction: Transaction, after change: (BulkRun) throws -> Void = { _ in }
    ) throws -> Bool {
        guard var run = try transaction.get(BulkRun.self, id), run.state.isLive else {
            return false
        }
        try change(run)
        if fault == nil { run.applied += 1 } else { run.refused += 1 }
        run.place = item
        try transaction.update(run)
        try transaction.insert(
            BulkResult(
                id: transaction.decision.newID(), run: run.id, ordinal: run.done, item: item,
                fault: fault, at: transaction.decision.now))
        return true
    }

    /// Goes on only when all of the canary came out well.
    private func judge(
        _ run: inout BulkRun, _ operation: any BulkOperation, in transaction: Transaction
    ) throws -> Next {
        let results = try transaction.page(
            BulkResult.byRun, equals: [run.id], limit: 1000
        ).items
        var isPending = false
        for result in results {
            if let fault = result.fault {
                return try halt(&run, "the canary was refused: \(fault)", in: transaction)
            }
            switch try operation.verdict(on: result.item, of: run, in: transaction) {
            case .good: continue
            case .pending: isPending = true
            case .bad(let why):
                for result in results where result.fault == nil {
                    switch try operation.verdict(on: result.item, of: run, in: transaction) {
                    case .good: try note(result, nil, &run, in: transaction)
                    case .bad(let why): try note(result, why, &run, in: transaction)
                    case .pending: break
                    }
                }
                return try halt(&run, "the canary failed: \(why)", in: transaction)
            }
        }
        if isPending {
            guard transaction.decision.now < run.createdAt + BulkRun.patience else {
                return try halt(&run, "the canary did not end in time", in: transaction)
            }
            try transaction.update(run)
            return .pause(Self.askAgain)
        }
        run.state = .running
        try transaction.update(run)
        return .goOn
    }

    private func halt(
        _ run: inout BulkRun, _ note: String, in transaction: Transaction
    ) throws -> Next {
        try desk.end(&run, as: .halted, note, in: transaction)
        return .over
    }
}
