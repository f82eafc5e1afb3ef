package import Kernel
package import Storage

/// Hears, in the same transaction, of work that needs a person or no longer does.
package protocol JobObserver: Sendable {
    /// A job was discarded, or goes on failing although it is never given up.
    func failed(_ job: JobRow, _ fault: RecordedFault, in transaction: Transaction) throws
    /// A job that had failed before has completed or was cancelled.
    func recovered(_ job: JobRow, in transaction: Transaction) throws
}

/// Ends jobs, whoever ends them: the one place where all that hangs on an end is done with it.
package struct JobEnding: Sendable {
    let registry: JobRegistry
    let observers: [any JobObserver]

    package init(registry: JobRegistry, observers: [any JobObserver] = []) {
        self.registry = registry
        self.observers = observers
    }

    /// - Parameters:
    ///   - states: see `JobRows.finish`.
    ///   - tells: whether those who wait for it hear of its being given up.
    ///   - isHeard: whether observers hear of it.
    /// - Returns: `false` when the attempt was no longer the current one; nothing was changed.
    @discardableResult
    func end(
        _ job: JobRow, from states: Set<JobState>?, tells: Bool = true, isHeard: Bool = true,
        in transaction: Transaction
    ) throws -> Bool {
        let ended = try transaction.bookkeeping { try $0.finish([job], from: states) }
        guard !ended.isEmpty else { return false }
        if let fault = job.fault, job.state == .discarded || job.state == .cancelled, tells {
            try registry.entry(job.kind)?.gaveUp(job.payload, fault, transaction)
        }
        if job.state == .completed, let chain = job.extras?.chain, let next = chain.first {
            _ = try transaction.insert(
                next, chain: Array(chain.dropFirst()), batch: job.extras?.batch)
        } else if let batch = job.extras?.batch {
            try transaction.endInBatch(batch, as: job.state)
        }
        let stop = try stopChain(of: job, in: transaction)
        for observer in isHeard ? observers : [] {
            if job.state == .discarded, let fault = stop ?? job.fault {
                try observer.failed(job, fault, in: transaction)
            } else if job.fault != nil {
                try observer.recovered(job, in: transaction)
            }
        }
        return true
    }

    /// What was to follow a job that did not complete does not run: that is written down, and where no
    /// person wanted it, somebody has to look.
    /// - Returns: the trouble there is, where the end itself is none.
    private func stopChain(
        of job: JobRow, in transaction: Transaction
    ) throws -> RecordedFault? {
        guard job.state != .completed, let rest = job.extras?.chain, !rest.isEmpty else {
            return nil
        }
        let reason = job.fault?.detail ?? job.state.name
        try transaction.note(
            ChainStopped(
                number: job.number, kind: job.kind, reason: reason, following: rest.map(\.kind)),
            of: job.number)
        guard job.state == .discarded, job.fault?.code == Settlement.discardedCode else {
            return nil
        }
        return RecordedFault(
            JobsError(
                .chainStopped,
                "its worker ended it (\(reason)), and \(rest.count) jobs that follow stand still"))
    }

    /// Whether nothing hangs on this end but the row itself: then many are written as one.
    func isPlain(_ job: JobRow) -> Bool {
        job.state == .completed && job.extras?.chain == nil && job.extras?.batch == nil
            && job.fault == nil
    }
}
