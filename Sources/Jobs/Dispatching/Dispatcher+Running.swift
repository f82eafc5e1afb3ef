import Kernel
import Logging
import Storage

/// An attempt, from its start to its being written down.
extension Dispatcher {
    /// A kind without a worker waits for a release that has one; that burns no attempt.
    private static let missingHandlerPause = Duration.seconds(60)
    /// What our own database could not do it may be able to do soon.
    private static let ownTroublePause = Duration.seconds(5)
    /// A job that is never given up counts as trouble after so many tries.
    private static let troubleAfter = 5

    static func timedOut(_ row: JobRow) -> JobsError {
        JobsError(.timedOut, "attempt \(row.attempt) took longer than \(row.kind) may")
    }

    func perform(_ row: JobRow, _ stop: AttemptStop) async throws {
        let share = running[row.number]?.share
        let result = await attempt(
            row, under: partitions.partition(row.partition)?.key, stop
        ) { [leases] in
            stop.reason == nil
                && (leases.isExclusive || share.map { leases.held[$0.shard] == $0.term } ?? false)
        }
        guard let current = running[row.number], current.row.fence == row.fence,
            !current.isSettling
        else {
            // Given up meanwhile: another attempt does the work, or did.
            board.count { $0.staleEnds += 1 }
            logger.warning(
                "an attempt ended too late", metadata: ["job": "\(row.number)"])
            return
        }
        try await settle(row, result, stop)
    }

    private nonisolated func attempt(
        _ row: JobRow, under scope: String?, _ stop: AttemptStop,
        whileCurrent isCurrent: @escaping @Sendable () -> Bool
    ) async -> Result<JobOutcome, any Error> {
        guard let entry = ending.registry.entry(row.kind) else {
            logger.error("no worker", metadata: ["kind": "\(row.kind)"])
            return .failure(
                JobsError(.handlerMissing, "this release has no worker for \(row.kind)"))
        }
        if let deadline = row.deadline, deadline < timekeeper.now.microseconds {
            return .failure(
                JobsError(.deadlinePassed, "it was not begun before its deadline"))
        }
        let context = JobContext(
            of: row, call: call(for: row), store: store, timekeeper: timekeeper,
            allowance: Allowance(
                scope: scope, budgets: budgets,
                isPrepaid: !row.ranAlone), isCurrent: isCurrent)
        do {
            return .success(
                try await withThrowingTaskGroup(of: JobOutcome?.self) { group in
                    group.addTask { try await entry.run(row.payload, context) }
                    group.addTask {
                        await stop.wait()
                        return nil
                    }
                    defer { group.cancelAll() }
                    if let outcome = try await group.next() ?? nil { return outcome }
                    // Told to end: what the handler makes of it still counts.
                    group.cancelAll()
                    guard let last = try await group.next(), let outcome = last else {
                        return .completed
                    }
                    return outcome
                })
        } catch { return .failure(error) }
    }

    /// Writes an outcome down; it must not be lost to a full disk: it waits until there is room.
    func settle(
        _ row: JobRow, _ result: Result<JobOutcome, any Error>, _ stop: AttemptStop
    ) async throws {
        FailurePoint.pass("jobs.beforeSettle")
        running[row.number]?.isSettling = true
        // What opens a breaker pays for it; what fails while it is open does not.
        let isParked = isParked(row)
        note(row, result, stop)
        if case .success(.completed) = result {
            let ended = row.ended(.completed, at: timekeeper.now)
            if ending.isPlain(ended) { return try await flush(ended) }
        }
        try await untilWritten { try await self.write(row, result, stop, isParked) }
        release(row)
    }

    /// Frees the place of an attempt; a second ending of it frees nothing of the attempt after it.
    private func release(_ row: JobRow) {
        guard let attempt = running[row.number], attempt.row.fence == row.fence else { return }
        running[row.number] = nil
        leases.leave(attempt.share.shard, attempt.share.term)
        finish(row.number)
        store.signals.jobs.raise()
    }

    private func untilWritten(_ body: () async throws -> Void) async throws {
        var tries = 0
        while true {
            do { return try await body() } catch {
                if let breakage = store.breakage { throw breakage }
                tries += 1
                FailurePoint.reach("jobs.endWrittenLater")
                logger.error("outcome not written", metadata: ["error": "\(error)"])
                // A full disk, or a database that is away, may take as long as it will.
                guard tries < 60 || RecordedFault(error).kind == .unavailable else { throw error }
                try await timekeeper.sleep(for: .seconds(1))
            }
        }
    }

    /// Writes plain ends, many as one: who comes while others are written joins the next.
    private func flush(_ row: JobRow) async throws {
        finished.append(row)
        guard !isFlushing else { return }
        isFlushing = true
        defer { isFlushing = false }
        while !finished.isEmpty {
            let rows = Array(finished.prefix(256))
            finished.removeFirst(rows.count)
            try await untilWritten {
                let ended = try await self.store.writeUnrepeated(
                    self.call(tenant: .platform), lane: .dispatching
                ) {
                    try $0.bookkeeping { try $0.finish(rows, from: nil) }
                }
                self.board.count {
                    $0.completed += ended.count
                    $0.staleEnds += rows.count - ended.count
                }
            }
            for row in rows { release(row) }
        }
    }

    private func write(
        _ row: JobRow, _ result: Result<JobOutcome, any Error>, _ stop: AttemptStop,
        _ isParked: Bool
    ) async throws {
        let now = timekeeper.now
        do {
            switch result {
            case .success(let outcome):
                do {
                    try await save(
                        Settlement(row, outcome, now: now), of: row, with: outcome.writes)
                } catch {
                    // What cannot be written for a reason of its own is a failed attempt.
                    let isPassing = RecordedFault(error).kind == .unavailable
                    if store.breakage != nil || isPassing || Self.isStale(error) { throw error }
                    try await write(row, .failure(error), stop, isParked)
                }
            case .failure(let error):
                try await save(failed(row, error, stop, isParked, now), of: row)
            }
        } catch  where Self.isStale(error) {
            board.count { $0.staleEnds += 1 }
            logger.warning("an attempt ended too late", metadata: ["job": "\(row.number)"])
        }
    }

    private static func isStale(_ error: any Error) -> Bool {
        (error as? JobsError)?.reason == .stale
    }

    private func failed(
        _ row: JobRow, _ error: any Error, _ stop: AttemptStop, _ isParked: Bool, _ now: Instant
    ) -> Settlement {
        switch stop.reason {
        case .cancelled: return Settlement(row, stoppedBy: .cancelled, now: now)
        case .stopping: return Settlement(row, stoppedBy: .stopping, now: now)
        case nil where Self.isEnding(error):
            return Settlement(row, stoppedBy: .stopping, now: now)
        case .timedOut, nil: break
        }
        let cause: any Error = stop.reason == .timedOut ? Self.timedOut(row) : error
        log(cause, row)
        if Self.isMissingHandler(cause) {
            return Settlement(
                row, excusing: cause, isTrouble: true, for: Self.missingHandlerPause, now: now)
        }
        if Self.isOwnTrouble(cause) {
            FailurePoint.reach("jobs.excused")
            return Settlement(
                row, excusing: cause, isTrouble: false, for: Self.ownTroublePause, now: now)
        }
        var generator = DrawnRandomness(draw: settings.randomness)
        return Settlement(
            row, cause, givesUp: ending.registry.entry(row.kind)?.givesUp ?? false,
            isParked: isParked && RecordedFault(cause).kind == .unavailable, now: now,
            using: &generator)
    }

    /// Whether the process ends, and the handler with it: all tasks may be cancelled before anybody
    /// was told to stop.
    private static func isEnding(_ error: any Error) -> Bool {
        error is CancellationError || Task.isCancelled
    }

    private static func isMissingHandler(_ error: any Error) -> Bool {
        (error as? JobsError)?.reason == .handlerMissing
    }

    /// Whether it was our own database that could not be written or read: neither the job nor whom it
    /// calls can help it.
    private static func isOwnTrouble(_ error: any Error) -> Bool {
        (error as? StorageError)?.kind == .unavailable
    }

    /// Whether the connection's breaker is open: then failing for its sake costs no attempt.
    private func isParked(_ row: JobRow) -> Bool {
        partitions.partition(row.partition)?.connection.map { !breakers.isClosed($0) } ?? false
    }

    /// Tells the connection's breaker how it went.
    private func note(
        _ row: JobRow, _ result: Result<JobOutcome, any Error>, _ stop: AttemptStop
    ) {
        guard let connection = partitions.partition(row.partition)?.connection else { return }
        switch result {
        // Waiting and giving up are said without having called.
        case .success(.snooze), .success(.discard): break
        case .success:
            answered(connection)
        case .failure(let error) where Self.isMissingHandler(error) || Self.isOwnTrouble(error):
            break
        case .failure(let error):
            let fault = RecordedFault(error)
            guard stop.reason == nil ? !Self.isEnding(error) : stop.reason == .timedOut else {
                return
            }
            guard fault.kind == .unavailable || stop.reason == .timedOut else {
                // A refusal is an answer too: the other side is there.
                if ![.limited, .defect].contains(fault.kind) { answered(connection) }
                return
            }
            let jitter = Double(settings.randomness() >> 11) / Double(UInt64(1) << 53)
            if let allowed = breakers.failed(
                connection, fault, at: timekeeper.steady, jitter: jitter)
            {
                FailurePoint.reach("breaker.opened")
                core.throttle(LimitScope.connection(connection), to: allowed)
            }
        }
    }

    private func answered(_ connection: String) {
        let wasRecovering = breakers.isRecovering(connection)
        guard let allowed = breakers.succeeded(connection, at: timekeeper.steady) else { return }
        FailurePoint.reach(wasRecovering ? "breaker.moreAllowed" : "breaker.cameBack")
        core.throttle(LimitScope.connection(connection), to: allowed)
        // Tokens saved up while nothing could be tried would all be spent at once.
        if !wasRecovering { budgets.empty(core.scopes(of: connection)) }
    }

    func save(
        _ settlement: Settlement, of row: JobRow,
        with writes: (@Sendable (Transaction) throws -> Void)? = nil
    ) async throws {
        let lead = timekeeper.now.duration(since: timekeeper.steady)
        do { try await write(settlement, of: row, writes, tells: true, isHeard: true) } catch {
            guard mayGoOn(after: error, settlement, "nobody was told how a job fared") else {
                throw error
            }
            do { try await write(settlement, of: row, writes, tells: true, isHeard: false) } catch {
                // Whoever waits for it cannot hear of the end: the end itself is written all the same.
                guard settlement.row.state.isFinal,
                    mayGoOn(after: error, settlement, "nobody was told that a job was given up")
                else { throw error }
                try await write(settlement, of: row, writes, tells: false, isHeard: false)
            }
        }
        count(settlement.row)
        guard !settlement.row.state.isFinal else { return }
        noteDue(Instant(microseconds: settlement.row.due))
        // Written down by a clock that was set back before it was on disk: it is due at once.
        let now = timekeeper.now
        guard lead - now.duration(since: timekeeper.steady) > Self.clockTolerance else { return }
        _ = try await store.writeUnrepeated(call(for: row)) { transaction in
            let header = try transaction.bookkeeping {
                try $0.hasten(
                    tenant: row.tenant, row.number, now: now.microseconds, payload: nil)
            }
            transaction.announce(header.map { [$0] } ?? [])
        }
    }

    private func mayGoOn(
        after error: any Error, _ settlement: Settlement, _ words: Logger.Message
    ) -> Bool {
        // What is there already will be there the next time too.
        let isDuplicate = (error as? StorageError)?.reason == .duplicate
        let isPassing =
            !isDuplicate
            && [.unavailable, .conflict, .limited].contains(RecordedFault(error).kind)
        guard store.breakage == nil, !isPassing, !Self.isStale(error) else { return false }
        logger.error(
            words, metadata: ["job": "\(settlement.row.number)", "error": "\(error)"])
        return true
    }

    private func write(
        _ settlement: Settlement, of row: JobRow,
        _ writes: (@Sendable (Transaction) throws -> Void)?, tells: Bool, isHeard: Bool
    ) async throws {
        let next = settlement.row
        let now = timekeeper.now
        try await store.writeUnrepeated(call(for: row)) { [ending] transaction in
            try writes?(transaction)
            guard !next.state.isFinal else {
                guard
                    try ending.end(
                        next, from: nil, tells: tells, isHeard: isHeard, in: transaction)
                else {
                    throw JobsError(.stale, "attempt \(row.attempt) is over")
                }
                return
            }
            switch try transaction.bookkeeping({ try $0.reschedule(next) }) {
            case .cancelled:
                try ending.end(
                    Settlement.cancelled(row, at: now), from: nil, tells: tells, isHeard: isHeard,
                    in: transaction)
            case .stale: throw JobsError(.stale, "attempt \(row.attempt) is over")
            case .superseded:
                try ending.end(
                    Settlement.superseded(row, at: now), from: nil, tells: false,
                    isHeard: isHeard, in: transaction)
            case .returned:
                if next.state == .available { transaction.announce([next.header]) }
                if row.fault != nil, next.fault == nil {
                    // It did what it could, and forgets what went wrong before.
                    for observer in isHeard ? ending.observers : [] {
                        try observer.recovered(next, in: transaction)
                    }
                }
                guard isHeard, settlement.isTrouble || next.attempt >= Self.troubleAfter,
                    let fault = next.fault, next.state == .retryable
                else { return }
                for observer in ending.observers {
                    try observer.failed(next, fault, in: transaction)
                }
            }
        }
    }

    private func count(_ row: JobRow) {
        board.count { figures in
            switch row.state {
            case .completed: figures.completed += 1
            case .discarded: figures.discarded += 1
            case .cancelled: figures.cancelled += 1
            case .retryable: figures.retried += 1
            default: figures.snoozed += 1
            }
        }
    }

    private func log(_ error: any Error, _ row: JobRow) {
        let level: Logger.Level =
            switch RecordedFault(error).kind {
            case .defect: .error
            // Waiting for room and running once more are everyday; all else needs somebody's look.
            case .limited, .conflict: .info
            default: .warning
            }
        logger.log(
            level: level, "attempt failed",
            metadata: [
                "job": "\(row.number)", "kind": "\(row.kind)", "error": "\(error)",
                "correlation": "\(row.correlation)",
            ])
    }
}

/// Chance as it is handed in.
private struct DrawnRandomness: RandomNumberGenerator {
    let draw: @Sendable () -> UInt64
    mutating func next() -> UInt64 { draw() }
}
