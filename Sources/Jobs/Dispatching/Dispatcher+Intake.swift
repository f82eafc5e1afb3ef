import HeapModule
import Kernel
import Logging
import Storage

/// What becomes known to the dispatcher, and what it takes up.
extension Dispatcher {
    private static let promoteLimit = 500
    /// A clock that is corrected by less is let be.
    static let clockTolerance = Duration.seconds(1)
    /// Waits for another try are shorter than this.
    private static let shortWait = Duration.seconds(600)
    /// So many crashes while it ran alone, and a job runs no more.
    private static let crashLimit = 2

    /// Everything that ran at the crash is a suspect and runs alone; only a crash while alone
    /// counts, and twice means quarantine.
    func recover() async throws {
        let now = timekeeper.now
        // What was written down later than now was written before the clock was set back.
        if let latest = try await store.bookkeeping({ try $0.latestTime() }) {
            let step = Instant(microseconds: latest).duration(since: now)
            if step > Self.clockTolerance {
                try await bringForward(by: step, now, writtenAfter: now.microseconds)
            }
        }
        let ran = try await store.bookkeeping { try $0.runningJobs() }
        var suspects: [Int64] = []
        for row in ran where try await sortOut(row, now) { suspects.append(row.number) }
        let numbers = suspects
        let headers = try await store.bookkeeping { session in
            try numbers.compactMap { try session.job($0)?.header }
        }
        core.offerSuspects(headers)
        for partition in try await store.bookkeeping({ try $0.readyPartitions() }) {
            core.noteMore(partition)
        }
        nextDue = try await store.bookkeeping { try $0.nextDue() }.map(Instant.init)
        if !suspects.isEmpty {
            logger.warning(
                "jobs ran when the process died", metadata: ["count": "\(suspects.count)"])
        }
    }

    /// Puts what ran back into the queue, as a suspect; ends what is not to run again.
    /// - Returns: whether it is a suspect now.
    private func sortOut(_ row: JobRow, _ now: Instant) async throws -> Bool {
        var job = row
        if job.ranAlone { job.crashes += 1 }
        guard job.crashes < Self.crashLimit else {
            logger.error("quarantined", metadata: ["job": "\(row.number)", "kind": "\(row.kind)"])
            board.count { $0.quarantined += 1 }
            try await save(Settlement(quarantining: job, now: now), of: row)
            return false
        }
        guard !row.isCancelling else {
            try await save(Settlement(row, stoppedBy: .cancelled, now: now), of: row)
            return false
        }
        job.state = .available
        job.isSuspect = true
        job.due = now.microseconds
        let back = job
        return try await store.writeUnrepeated(call(for: row)) { [ending] transaction in
            let came = try transaction.bookkeeping { try $0.reschedule(back) }
            guard came == .superseded else { return came == .returned }
            try ending.end(
                Settlement.superseded(row, at: now), from: nil, tells: false, in: transaction)
            return false
        }
    }

    func takeIn() async throws {
        let now = timekeeper.now
        try await noticeClock(now)
        try await expire(timekeeper.steady)
        hearControls(timekeeper.steady)
        if controlsSeen != store.signals.controls.generation { try await loadPauses() }
        let (fresh, isComplete) = store.signals.takeFreshJobs()
        // By state, not by time: what one clock calls due may lie ahead of another's now.
        core.offer(fresh.filter(\.isReady))
        for header in fresh where !header.isReady {
            noteDue(Instant(microseconds: header.due))
        }
        missesSome = missesSome || !isComplete
        if missesSome {
            for name in try await store.bookkeeping({ try $0.readyPartitions() }) {
                core.noteMore(name)
            }
            if let next = try await store.bookkeeping({ try $0.nextDue() }) {
                noteDue(Instant(microseconds: next))
            }
            missesSome = false
        }
        if let due = nextDue, due <= now { try await promote(now) }
        let limit = core.refillLimit
        for name in core.starving {
            let headers = try await store.bookkeeping {
                try $0.readyJobs(partition: name, after: .min, limit: limit)
            }
            core.refill(name, with: headers, isAll: headers.count < limit)
        }
    }

    /// What waits a moment waits for time to pass, not for the clock: set back, the clock takes its
    /// due times along. What is due later than minutes keeps the time it was promised for.
    private func noticeClock(_ now: Instant) async throws {
        let lead = now.duration(since: timekeeper.steady)
        let before = clockLead
        // Before anything is awaited: one step is answered once.
        clockLead = lead
        guard let before, before - lead > Self.clockTolerance else { return }
        do { try await bringForward(by: before - lead, now, writtenAfter: .min) } catch {
            clockLead = before
            throw error
        }
    }

    /// - Parameter writtenAfter: only jobs enqueued, or put off, by a clock that was ahead of this.
    private func bringForward(
        by step: Duration, _ now: Instant, writtenAfter: Int64
    ) async throws {
        let last = now + step + Self.shortWait
        let horizon = (now + Self.shortWait).microseconds
        // What was put off for a moment by the clock that was ahead is due about where it stood.
        let moment = (now + step - Self.shortWait).microseconds
        // What is settled while this waits may set an earlier time: merge, never overwrite.
        nextDue = nil
        do {
            let (moved, next) = try await store.writeUnrepeated(call(tenant: .platform)) {
                try $0.bookkeeping { session in
                    let moved = try session.bringForward(
                        by: step.microseconds, dueUntil: last.microseconds,
                        writtenAfter: writtenAfter, putOffAfter: moment, horizon: horizon)
                    return (moved, try session.nextDue())
                }
            }
            if let next { noteDue(Instant(microseconds: next)) }
            logger.warning(
                "the clock was set back", metadata: ["by": "\(step)", "jobs": "\(moved)"])
        } catch {
            noteDue(now)
            throw error
        }
    }

    private func hearControls(_ now: Instant) {
        for number in store.signals.takeCancellations() {
            running[number]?.stop.fire(.cancelled)
        }
        if let limits = budgets.limits(after: limitsSeen) {
            limitsSeen = limits.generation
            core.apply(limits)
        }
        for connection in breakers.wake(now) {
            core.throttle(LimitScope.connection(connection), to: 1)
        }
    }

    private func loadPauses() async throws {
        let generation = store.signals.controls.generation
        let scopes = try await store.read(.platform) { reader in
            try reader.page(QueuePause.byScope, limit: 1000).items.map(\.scope)
        }
        core.pause(Set(scopes))
        controlsSeen = generation
    }

    private func promote(_ now: Instant) async throws {
        // What is settled while this waits may set an earlier time: merge, never overwrite.
        nextDue = nil
        do {
            let (headers, next) = try await store.writeUnrepeated(call(tenant: .platform)) {
                try $0.bookkeeping { session in
                    let due = try session.promoteDue(
                        now: now.microseconds, limit: Self.promoteLimit)
                    return (due, try session.nextDue())
                }
            }
            core.offer(headers)
            if let next { noteDue(Instant(microseconds: next)) }
        } catch {
            noteDue(now)
            throw error
        }
    }

    func claim(
        _ starts: [DispatcherCore.Start], isAlone: Bool
    ) async throws -> [(JobRow, AttemptStop)] {
        do { return try await claimed(starts, isAlone: isAlone) } catch {
            // They stay available in the queue: forget them here, and read them again.
            for start in starts {
                core.finished(start.number)
                core.noteMore(start.partition)
            }
            throw error
        }
    }

    private func claimed(
        _ starts: [DispatcherCore.Start], isAlone: Bool
    ) async throws -> [(JobRow, AttemptStop)] {
        let numbers = starts.map(\.number)
        let now = timekeeper.now.microseconds
        let claimed = try await store.writeUnrepeated(call(tenant: .platform)) { transaction in
            try transaction.bookkeeping {
                try $0.claim(numbers, now: now, isAlone: isAlone)
            }
        }
        FailurePoint.pass("jobs.afterClaim")
        let rows = Dictionary(claimed.map { ($0.number, $0) }) { first, _ in first }
        let begun = timekeeper.steady
        var attempts: [(JobRow, AttemptStop)] = []
        for start in starts {
            guard let row = rows[start.number] else {
                core.finished(start.number)
                continue
            }
            let stop = AttemptStop()
            running[row.number] = Running(row: row, stop: stop)
            let timeout = ending.registry.entry(row.kind)?.timeout ?? .seconds(60)
            expiries.insert(
                Expiry(at: begun + timeout, number: row.number, fence: row.fence))
            attempts.append((row, stop))
        }
        let count = attempts.count
        board.count { $0.started += count }
        return attempts
    }

    /// Ends attempts past their time, and gives up those whose handler will not end.
    private func expire(_ now: Instant) async throws {
        while let expiry = expiries.min, expiry.at <= now {
            expiries.removeMin()
            guard let attempt = running[expiry.number], attempt.row.fence == expiry.fence
            else { continue }
            guard attempt.stop.reason == nil else {
                logger.error(
                    "an attempt would not end; its job is given to another",
                    metadata: ["job": "\(expiry.number)", "kind": "\(attempt.row.kind)"])
                board.count { $0.abandoned += 1 }
                do {
                    try await settle(
                        attempt.row, .failure(Self.timedOut(attempt.row)), attempt.stop)
                } catch {
                    expiries.insert(expiry)
                    throw error
                }
                continue
            }
            attempt.stop.fire(.timedOut)
            expiries.insert(
                Expiry(at: now + settings.grace, number: expiry.number, fence: expiry.fence))
        }
    }
}
