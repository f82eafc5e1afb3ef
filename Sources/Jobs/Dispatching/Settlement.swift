import Kernel
import Storage

/// What becomes of a job after an attempt: pure, so that every kind of ending can be tested.
struct Settlement {
    /// A worker's own decision, with a reason.
    static let discardedCode = "jobs.discarded"

    let row: JobRow
    /// A person is to hear of its fault at once, and not only when it comes again and again.
    private(set) var isTrouble = false

    init(_ row: JobRow, _ outcome: JobOutcome, now: Instant) {
        switch outcome {
        case .completed, .commit: self.row = row.ended(.completed, at: now)
        case .snooze(let pause), .commitThenSnooze(let pause, _):
            // It did what it could: earlier tries and crashes are not held against it.
            var again = row.again(.scheduled, at: now + pause)
            again.attempt = 0
            again.crashes = 0
            again.fault = nil
            self.row = again
        case .discard(let reason):
            var ended = row.ended(.discarded, at: now)
            ended.fault = RecordedFault(kind: .refused, code: Self.discardedCode, detail: reason)
            self.row = ended
        }
    }

    /// Ended by a person's wish or by the process' end, not by itself.
    init(_ row: JobRow, stoppedBy reason: AttemptStop.Reason, now: Instant) {
        switch reason {
        case .stopping:
            // Handed back as if it had not begun.
            var again = row.again(.available, at: Instant(microseconds: row.due))
            again.attempt -= 1
            self.row = again
        case .cancelled, .timedOut:
            self.row = Self.cancelled(row, at: now)
        }
    }

    static func cancelled(_ row: JobRow, at now: Instant) -> JobRow {
        var ended = row.ended(.cancelled, at: now)
        ended.fault = RecordedFault(
            JobsError(.cancelled, "cancelled before it was done"))
        return ended
    }

    static func superseded(_ row: JobRow, at now: Instant) -> JobRow {
        var ended = row.ended(.cancelled, at: now)
        ended.fault = RecordedFault(JobsError(.superseded, "a newer one does its work"))
        return ended
    }

    /// What stands in its way is not its own: it waits, and that costs it nothing.
    init(
        _ row: JobRow, excusing error: any Error, isTrouble: Bool, for pause: Duration, now: Instant
    ) {
        var next = row.again(.retryable, at: now + pause)
        next.attempt -= 1
        next.fault = RecordedFault(error)
        self.row = next
        self.isTrouble = isTrouble
    }

    /// It runs no more: the process died with it, time and again.
    init(quarantining row: JobRow, now: Instant) {
        var ended = row.ended(.discarded, at: now)
        ended.fault = RecordedFault(
            kind: .defect, code: "jobs.quarantined",
            detail: "the process died \(row.crashes) times while it ran alone")
        self.row = ended
    }

    init(
        _ row: JobRow, _ error: any Error, givesUp: Bool = true, isParked: Bool = false,
        now: Instant, using generator: inout some RandomNumberGenerator
    ) {
        let fault = RecordedFault(error)
        var next: JobRow
        switch isParked ? .snooze : fault.kind.jobReaction {
        case .discard: next = row.ended(.discarded, at: now)
        case .snooze:
            let pause = (error as? any Fault)?.retryAfter ?? .seconds(1)
            next = row.again(.scheduled, at: now + max(pause, .milliseconds(10)))
            next.attempt -= 1
        case .retryAtOnce(let times):
            // Who was told when is not to come at once.
            let asked = (error as? any Fault)?.retryAfter
            next =
                row.attempt <= times
                ? row.again(.retryable, at: now + (asked ?? .zero))
                : Self.later(row, after: row.attempt - times, of: 20, now, &generator)
        case .retryWithBackoff(let attempts):
            next = Self.later(row, after: row.attempt, of: attempts, now, &generator)
        }
        if !givesUp, next.state == .discarded, fault.kind.mayHeal {
            // Trying again will hardly help: somebody has to.
            next = row.again(.retryable, at: now + Backoff.limit)
            isTrouble = true
        }
        next.fault = fault
        self.row = next
    }

    private static func later(
        _ row: JobRow, after tries: Int, of limit: Int, _ now: Instant,
        _ generator: inout some RandomNumberGenerator
    ) -> JobRow {
        guard tries < limit else { return row.ended(.discarded, at: now) }
        return row.again(
            .retryable, at: now + Backoff.delay(attempt: tries, using: &generator))
    }
}

extension JobRow {
    /// The last instant a job may wait for: the end of the year 9999.
    static let lastInstant = Instant(microseconds: 253_402_300_799_999_999)

    func ended(_ state: JobState, at now: Instant) -> JobRow {
        var row = self
        row.state = state
        row.finished = now.microseconds
        return row
    }

    func again(_ state: JobState, at due: Instant) -> JobRow {
        var row = self
        row.state = state
        row.due = min(due, Self.lastInstant).microseconds
        row.isSuspect = false
        return row
    }
}
