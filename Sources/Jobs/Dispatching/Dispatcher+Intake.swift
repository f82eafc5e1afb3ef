import HeapModule
import Kernel
import Logging
import Storage

/// What becomes known to the dispatcher, and what it takes up.
extension Dispatcher {
    private static let promoteLimit = 500
    /// What is due and cannot be had, as while another process' open transaction holds it, is asked
    /// for again after this.
    private static let promoteAgain = Duration.milliseconds(100)
    /// A clock that is corrected by less is let be.
    static let clockTolerance = Duration.seconds(1)
    /// Waits for another try are shorter than this.
    private static let shortWait = Duration.seconds(600)
    /// Where others work on the queue too, it is read again so often, whatever was heard.
    static let lookAgain = Duration.seconds(1)
    /// So many crashes while it ran alone, and a job runs no more.
    private static let crashLimit = 2

    /// Takes up the queue after a start.
    package func recover() async throws {
        let now = timekeeper.now
        // What was written down later than now was written before the clock was set back.
        if let latest = try await store.bookkeeping({ try $0.latestTime() }) {
            let step = Instant(microseconds: latest).duration(since: now)
            if step > Self.clockTolerance {
                try await bringForward(by: step, now, writtenAfter: now.microseconds)
            }
        }
        try await takeUp([:])
    }

    /// Everything that ran at the crash is a suspect and runs alone; only a crash while alone
    /// counts, and twice means quarantine.
    /// - Parameter gained: the shares it is about, with their terms; where there is one process only,
    ///   all of the work is.
    private func takeUp(_ gained: [Int: Int64]) async throws {
        let now = timekeeper.now
        // Read while the shares are held: what another takes over later has another fence.
        let all = try await store.writeUnrepeated(call(tenant: .platform), lane: .dispatching) {
            [leases] transaction in
            try transaction.bookkeeping {
                try leases.confirm(gained, in: $0)
                return try $0.runningJobs()
            }
        }
        func isOurs(_ partition: JobPartition?) -> Bool {
            leases.isExclusive || partition.map { gained[Shard.of($0.tenant)] != nil } ?? false
        }
        // What this process itself still runs ends by itself, though its share had lapsed.
        let ran = all.filter {
            isOurs(JobPartition($0.partition)) && running[$0.number]?.row.fence != $0.fence
        }
        var suspects: [Int64] = []
        for row in ran {
            do { if try await sortOut(row, now) { suspects.append(row.number) } } catch let fault
                as JobsError where fault.reason == .stale
            {
                // It ended while it was looked at.
            }
        }
        let numbers = suspects
        let headers = try await store.bookkeeping { session in
            try numbers.compactMap { try session.job($0)?.header }
        }
        core.offerSuspects(headers)
        try await readQueue()
        if !suspects.isEmpty {
            logger.warning(
                "jobs ran when the process died", metadata: ["count": "\(suspects.count)"])
        }
    }

    /// Learns what stands in the queue and when the next of it is due.
    private func readQueue() async throws {
        for name in try await store.bookkeeping({ try $0.readyPartitions() }) where isOurs(name) {
            core.noteMore(name)
        }
        if let next = try await store.bookkeeping({ try $0.nextDue() }) {
            noteDue(Instant(microseconds: next))
        }
    }

    /// Takes up what became this process' own, and ends what is so no more.
    func heedLeases() async throws {
        guard !leases.isExclusive else { return }
        let active = leases.active
        let held = leases.held
        stopLapsed(held)
        let gained = active.filter { known[$0.key] != $0.value }
        known = active
        guard !gained.isEmpty else { return }
        // What another process gave of a limit is not known here.
        budgets.empty()
        do {
            try await takeUp(gained)
        } catch {
            for shard in gained.keys { known[shard] = nil }
            throw error
        }
    }

    /// What another process may have taken over by now ends here.
    func stopLapsed(_ held: [Int: Int64]) {
        for attempt in running.values where held[attempt.share.shard] != attempt.share.term {
            attempt.stop.fire(.stopping)
        }
    }

    /// What other processes said to this one, should the word of it have been lost.
    private func hearOthers() async throws {
        try await loadControls()
        guard !running.isEmpty else { return }
        let cancelled = try await store.bookkeeping { session in
            try session.runningJobs().filter(\.isCancelling).map { ($0.number, $0.fence) }
        }
        for (number, fence) in cancelled where running[number]?.row.fence == fence {
            running[number]?.stop.fire(.cancelled)
        }
    }

    private func isOurs(_ partition: String) -> Bool {
        guard !leases.isExclusive else { return true }
        return partitions.partition(partition).map { known[Shard.of($0.tenant)] != nil } ?? false
    }

    /// Puts what ran back into the queue, as a suspect; ends what is not to run again.
    /// - Returns: whether it is a suspect now.
    private func sortOut(_ row: JobRow, _ now: Instant) async throws -> Bool {
        var job = row
        if job.ranAlone, !FailurePoint.isPlanted("forgetCrashes") { job.crashes += 1 }
        guard job.crashes < Self.crashLimit else {
            FailurePoint.reach("jobs.quarantined")
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
        // It did not fail: whoever died of it, or took it away, is not its fault.
        job.attempt = max(0, job.attempt - 1)
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
        if controlsSeen != store.signals.controls.generation { try await loadControls() }
        hearControls(timekeeper.steady)
        let (fresh, isComplete) = store.signals.takeFreshJobs()
        // By state, not by time: what one clock calls due may lie ahead of another's now.
        core.offer(fresh.filter { $0.isReady && isOurs($0.partition) })
        for header in fresh where !header.isReady {
            noteDue(Instant(microseconds: header.due))
        }
        missesSome = missesSome || !isComplete
        if !leases.isExclusive, lookedAt.map({ $0 + Self.lookAgain <= timekeeper.steady }) ?? true {
            lookedAt = timekeeper.steady
            missesSome = true
        }
        if missesSome {
            if !leases.isExclusive { try await hearOthers() }
            try await readQueue()
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
        do {
            if leases.isExclusive {
                try await bringForward(by: before - lead, now, writtenAfter: .min)
            } else {
                try await bringForwardOwn(by: before - lead, now)
            }
        } catch {
            clockLead = before
            throw error
        }
    }

    /// - Parameter writtenAfter: only jobs enqueued, or put off, by a clock that was ahead of this.
    private func bringForward(
        by step: Duration, _ now: Instant, writtenAfter: Int64
    ) async throws {
        FailurePoint.reach("jobs.broughtForward")
        let last = now + step + Self.shortWait
        let horizon = (now + Self.shortWait).microseconds
        // What was put off for a moment by the clock that was ahead is due about where it stood.
        let moment = (now + step - Self.shortWait).microseconds
        let moved = try await changeDue(now) { session in
            try session.bringForward(
                by: step.microseconds, dueUntil: last.microseconds, writtenAfter: writtenAfter,
                putOffAfter: moment, horizon: horizon)
        }
        logger.warning("the clock was set back", metadata: ["by": "\(step)", "jobs": "\(moved)"])
    }

    /// Where several clocks write, one of them says something only of this process' own work that is due
    /// about where the clock stood: what is due before may have been written by another.
    private func bringForwardOwn(by step: Duration, _ now: Instant) async throws {
        let stood = now + step
        let own = known
        let moved = try await changeDue(now) { session in
            try session.bringForwardOwn(
                by: step.microseconds, dueAfter: (stood - Self.shortWait).microseconds,
                dueUntil: (stood + Self.shortWait).microseconds
            ) { own[Shard.of($0)] != nil }
        }
        logger.warning("the clock was set back", metadata: ["by": "\(step)", "jobs": "\(moved)"])
    }

    /// Changes what is due, and learns what is due next.
    private func changeDue<T: Sendable>(
        _ now: Instant, _ change: @escaping @Sendable (any EngineSession) throws -> T
    ) async throws -> T {
        // What is settled while this waits may set an earlier time: merge, never overwrite.
        nextDue = nil
        do {
            let platform = call(tenant: .platform)
            let (result, next) = try await store.writeUnrepeated(platform, lane: .dispatching) {
                try $0.bookkeeping { (try change($0), try $0.nextDue()) }
            }
            if let next { noteDue(Instant(microseconds: next)) }
            return result
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
        for (connection, allowed) in breakers.wake(now) {
            core.throttle(LimitScope.connection(connection), to: allowed)
        }
    }

    /// What people set for the queue: pauses and limits.
    private func loadControls() async throws {
        let generation = store.signals.controls.generation
        let (pauses, limits) = try await store.read(.platform) { reader in
            (try Self.all(QueuePause.byScope, reader), try Self.all(QueueLimit.byScope, reader))
        }
        core.pause(Set(pauses.map(\.scope)))
        budgets.impose(limits)
        controlsSeen = generation
    }

    private static func all<R: Record>(_ index: Index<R>, _ reader: ReadTransaction) throws -> [R] {
        var all: [R] = []
        var place: PageCursor?
        repeat {
            let page = try reader.page(index, after: place, limit: 1000)
            all += page.items
            place = page.next
        } while place != nil
        return all
    }

    private func promote(_ now: Instant) async throws {
        FailurePoint.reach("jobs.promoted")
        let headers = try await changeDue(now) {
            try $0.promoteDue(now: now.microseconds, limit: Self.promoteLimit)
        }
        if headers.isEmpty, let due = nextDue, due <= now { nextDue = now + Self.promoteAgain }
        core.offer(headers.filter { isOurs($0.partition) })
        // Who promotes tells those whose it is.
        if headers.contains(where: { !isOurs($0.partition) }) { store.announce(.jobs) }
    }

    func claim(
        _ all: [DispatcherCore.Start], isAlone: Bool
    ) async throws -> [(JobRow, AttemptStop)] {
        if isAlone, let only = all.first {
            // An event may be on trial too: a death must say which of them it was.
            FailurePoint.reach("jobs.suspectAlone")
            await leases.loneTurn.enter(.long)
            suspect = only.number
        }
        var starts: [(start: DispatcherCore.Start, share: Share)] = []
        for start in all {
            // Another process has it by now: it stands in the queue as before.
            guard let share = enter(start.partition) else {
                finish(start.number)
                continue
            }
            starts.append((start, share))
        }
        guard !starts.isEmpty else { return [] }
        do { return try await claimed(starts, isAlone: isAlone) } catch {
            // They stay available in the queue: forget them here, and read them again.
            for (start, share) in starts {
                leases.leave(share.shard, share.term)
                finish(start.number)
                core.noteMore(start.partition)
                // Where the answer was lost, they may have been claimed all the same.
                known[share.shard] = nil
            }
            throw error
        }
    }

    /// An attempt is over, or was none.
    func finish(_ number: Int64) {
        core.finished(number)
        guard suspect == number else { return }
        suspect = nil
        leases.loneTurn.leave()
    }

    private func enter(_ partition: String) -> Share? {
        guard !leases.isExclusive else { return Share(shard: 0, term: 0) }
        guard let tenant = partitions.partition(partition)?.tenant else { return nil }
        let shard = Shard.of(tenant)
        return leases.enter(shard).map { Share(shard: shard, term: $0) }
    }

    private func claimed(
        _ starts: [(start: DispatcherCore.Start, share: Share)], isAlone: Bool
    ) async throws -> [(JobRow, AttemptStop)] {
        let numbers = starts.map(\.start.number)
        let terms = Dictionary(starts.map { ($0.share.shard, $0.share.term) }) { first, _ in first }
        let now = timekeeper.now.microseconds
        let claimed = try await store.writeUnrepeated(
            call(tenant: .platform), lane: .dispatching
        ) { [leases] transaction in
            try transaction.bookkeeping {
                try leases.confirm(terms, in: $0)
                return try $0.claim(numbers, now: now, isAlone: isAlone)
            }
        }
        FailurePoint.pass("jobs.afterClaim")
        let rows = Dictionary(claimed.map { ($0.number, $0) }) { first, _ in first }
        let begun = timekeeper.steady
        var attempts: [(JobRow, AttemptStop)] = []
        for (start, share) in starts {
            guard let row = rows[start.number] else {
                leases.leave(share.shard, share.term)
                finish(start.number)
                continue
            }
            let stop = AttemptStop()
            if let older = running[row.number] {
                // Its attempt was taken from it: it ends as a stranger, and holds nothing.
                leases.leave(older.share.shard, older.share.term)
            }
            running[row.number] = Running(row: row, stop: stop, share: share)
            let timeout = ending.registry.entry(row.kind)?.timeout ?? .seconds(60)
            watch(Expiry(at: begun + timeout, number: row.number, fence: row.fence))
            attempts.append((row, stop))
        }
        let count = attempts.count
        board.count { $0.started += count }
        return attempts
    }

    /// Times of attempts that ended long before are let go of: at ten thousand a second they would be
    /// what memory is full of.
    private func watch(_ expiry: Expiry) {
        if expiries.count > 4 * running.count + 1024 {
            expiries = Heap(expiries.unordered.filter { running[$0.number]?.row.fence == $0.fence })
        }
        expiries.insert(expiry)
    }

    /// Ends attempts past their time, and gives up those whose handler will not end.
    private func expire(_ now: Instant) async throws {
        while let expiry = expiries.min, expiry.at <= now {
            expiries.removeMin()
            guard let attempt = running[expiry.number], attempt.row.fence == expiry.fence
            else { continue }
            guard !attempt.isSettling else {
                // It has ended, and that is being written.
                expiries.insert(
                    Expiry(at: now + settings.grace, number: expiry.number, fence: expiry.fence))
                continue
            }
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
