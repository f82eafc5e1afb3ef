import Kernel
package import Storage

/// What a person does with jobs. Each verb stands in the caller's transaction, so that it commits
/// with the record of who did it.
package struct JobDesk: Sendable {
    private let ending: JobEnding

    package init(ending: JobEnding) { self.ending = ending }

    /// - Throws: `JobsError.unknownJob`.
    package func job(_ number: Int64, in transaction: ReadTransaction) throws -> JobRow {
        let row = try transaction.queueRow(number)
        guard let row, row.tenant == transaction.tenant else {
            throw JobsError(
                .unknownJob,
                "there is no job \(number) of this tenant; those of schedules belong to “platform”",
                field: "number")
        }
        return row
    }

    /// A finished job runs again from its first attempt.
    /// - Parameter payload: what it does instead; it must be of its kind.
    /// - Throws: `JobsError`: `.unknownJob`, `.notFinished`, `.payloadMalformed`, `.superseded` where
    ///   another with its unique key does its work.
    package func retry(
        _ number: Int64, replacing payload: [UInt8]? = nil, in transaction: Transaction
    ) throws {
        let row = try job(number, in: transaction)
        guard row.state.isFinal else {
            throw JobsError(.notFinished, "job \(number) is \(row.state.name), not finished")
        }
        if let payload { try check(payload, of: row.kind) }
        if let batch = row.extras?.batch {
            try transaction.reopenInBatch(batch, from: row.state)
        }
        let now = transaction.decision.now.microseconds
        let revival = try transaction.bookkeeping {
            try $0.revive(tenant: row.tenant, number, now: now, payload: payload)
        }
        switch revival {
        case .revived(let header):
            transaction.announce([header])
            try transaction.note(
                JobRetried(number: number, kind: row.kind, isEdited: payload != nil), of: number)
        case .superseded:
            throw JobsError(
                .superseded, "another job has the key of job \(number), or brought a newer value")
        case .absent:
            throw JobsError(.notFinished, "job \(number) was retried meanwhile")
        }
    }

    /// A job that waits, also for its next try, is due now.
    /// - Parameter payload: what it does instead, with all its tries; it must be of its kind.
    /// - Throws: `JobsError`: `.unknownJob`, `.notWaiting`, `.payloadMalformed`.
    package func hasten(
        _ number: Int64, replacing payload: [UInt8]? = nil, in transaction: Transaction
    ) throws {
        let row = try job(number, in: transaction)
        if let payload { try check(payload, of: row.kind) }
        let now = transaction.decision.now.microseconds
        let header = try transaction.bookkeeping {
            try $0.hasten(tenant: row.tenant, number, now: now, payload: payload)
        }
        guard let header else {
            throw JobsError(.notWaiting, "job \(number) is \(row.state.name)")
        }
        transaction.announce([header])
        try transaction.note(
            JobHastened(number: number, kind: row.kind, isEdited: payload != nil), of: number)
    }

    /// Tried again, whether it is finished or waits for its time or its next try.
    /// - Throws: as ``retry(_:replacing:in:)`` and ``hasten(_:replacing:in:)``; `.notFinished` while it
    ///   runs.
    package func retryOrHasten(
        _ number: Int64, replacing payload: [UInt8]? = nil, in transaction: Transaction
    ) throws {
        let state = try job(number, in: transaction).state
        // What is available begins at any moment: it cannot be changed, nor need it be hastened.
        guard state == .scheduled || state == .retryable else {
            return try retry(number, replacing: payload, in: transaction)
        }
        try hasten(number, replacing: payload, in: transaction)
    }

    /// - Throws: `JobsError.payloadMalformed` where a payload is not of its kind.
    package func check(_ payload: [UInt8], of kind: String) throws {
        guard let entry = ending.registry.entry(kind) else {
            throw JobsError(.payloadMalformed, "no worker knows \(kind)", field: "payload")
        }
        try JobKind(kind).check(payload)
        let known: [UInt8]
        do { known = try entry.read(payload) } catch {
            throw JobsError(
                .payloadMalformed, "is no \(kind): \(RecordedFault(error).detail)",
                field: "payload")
        }
        // What its kind does not know would change nothing, whatever a person meant by it.
        guard case .object(let given) = try BodyCoder.decode(JSONValue.self, from: payload),
            case .object(let members) = try BodyCoder.decode(JSONValue.self, from: known)
        else { return }
        let strange = given.filter { $0.value != .null && members[$0.key] == nil }.keys.sorted()
        guard strange.isEmpty else {
            throw JobsError(
                .payloadMalformed,
                "\(kind) has no \(strange.joined(separator: ", ")); it has "
                    + members.keys.sorted().joined(separator: ", "), field: "payload")
        }
    }

    /// A waiting job never runs; a running one is asked to end.
    /// - Returns: the state it is in now.
    /// - Throws: `JobsError`: `.unknownJob`, `.alreadyFinished`.
    package func cancel(_ number: Int64, in transaction: Transaction) throws -> JobState {
        let row = try job(number, in: transaction)
        switch row.state {
        case .completed, .cancelled, .discarded:
            throw JobsError(.alreadyFinished, "job \(number) is \(row.state.name)")
        case .scheduled, .available, .retryable:
            let ended = Settlement.cancelled(row, at: transaction.decision.now)
            if try ending.end(
                ended, from: JobState.waiting, tells: isReadable(row), in: transaction)
            {
                try transaction.note(
                    JobCancelled(number: number, kind: row.kind, ran: false), of: number)
                return .cancelled
            }
            // It was claimed since it was read.
            return try askToEnd(row, in: transaction)
        case .running: return try askToEnd(row, in: transaction)
        }
    }

    /// Nobody can be told of work that cannot be read; it can be cancelled all the same.
    private func isReadable(_ row: JobRow) -> Bool {
        guard let entry = ending.registry.entry(row.kind) else { return true }
        do { _ = try entry.read(row.payload) } catch { return false }
        return true
    }

    private func askToEnd(_ row: JobRow, in transaction: Transaction) throws -> JobState {
        let number = row.number
        guard try transaction.bookkeeping({ try $0.requestCancellation(number) }) else {
            throw JobsError(.alreadyFinished, "job \(number) ended meanwhile")
        }
        transaction.afterCommitSignal { $0.announce(cancelled: number) }
        try transaction.note(JobCancelled(number: number, kind: row.kind, ran: true), of: number)
        return .running
    }

    /// A discarded job has been dealt with otherwise.
    /// - Throws: `JobsError`: `.unknownJob`, `.notDiscarded`.
    package func dismiss(_ number: Int64, in transaction: Transaction) throws {
        let row = try job(number, in: transaction)
        let tenant = row.tenant
        guard try transaction.bookkeeping({ try $0.dismiss(tenant: tenant, number) }) else {
            throw JobsError(
                .notDiscarded, "job \(number) is \(row.state.name), not discarded")
        }
        try transaction.note(JobDismissed(number: number, kind: row.kind), of: number)
        var dismissed = row
        dismissed.state = .cancelled
        for observer in ending.observers {
            try observer.recovered(dismissed, in: transaction)
        }
    }

    /// Starts nothing under a scope until it is resumed; what runs goes on.
    /// - Throws: `JobsError.unknownScope`.
    package func pause(
        _ scope: String, reason: String, in transaction: Transaction
    ) throws -> QueuePause {
        try check(scope, levels: ["tenant", "connection", "queue", "kind", "key"])
        // A key is known by its bare name.
        let name = scope.hasPrefix("key:") ? String(scope.dropFirst(4)) : scope
        transaction.afterCommitSignal { $0.announceControls() }
        if let known = try transaction.find(QueuePause.byScope, name) { return known }
        let pause = QueuePause(
            id: transaction.decision.newID(), scope: name, reason: reason,
            by: transaction.call.actor.description, since: transaction.decision.now)
        try transaction.insert(pause)
        return pause
    }

    /// - Throws: `JobsError.unknownScope`.
    func check(_ scope: String, levels: [String]) throws {
        let parts = scope.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, levels.contains(String(parts[0])) else {
            throw JobsError(
                .unknownScope, "must be one of \(levels.joined(separator: ", ")), a colon, a name",
                field: "scope")
        }
        if parts[0] == "kind", ending.registry.entry(String(parts[1])) == nil {
            throw JobsError(
                .unknownScope,
                "there is no kind \(parts[1]); there is "
                    + ending.registry.kinds.joined(separator: ", "), field: "scope")
        }
    }

    /// - Returns: whether the scope was paused.
    package func resume(_ scope: String, in transaction: Transaction) throws -> Bool {
        let name = scope.hasPrefix("key:") ? String(scope.dropFirst(4)) : scope
        transaction.afterCommitSignal { $0.announceControls() }
        guard let pause = try transaction.find(QueuePause.byScope, name) else { return false }
        try transaction.delete(QueuePause.self, pause.id)
        try transaction.emit(QueueResumed(scope: name), to: "queues/\(name)")
        return true
    }
}
