package import Kernel
package import Storage

/// Starts what schedules are due, from the queue itself: each schedule has one job that waits for
/// its next time.
package struct FireSchedule: Job {
    package static let kind: JobKind = "jobs.fireSchedule"
    package static let givesUp = false
    let schedule: String
}

package struct FireScheduleWorker: JobWorker {
    /// Entries of the ledger written for one waking; what is beyond is told in one.
    private static let entryLimit = 500
    private static let longestSleep = Duration.seconds(600)

    private let schedules: [String: Schedule]
    /// What jitter is drawn from: another in every process, and the same for one time however often
    /// it is looked at.
    private let salt: UInt64

    package init(
        _ schedules: [Schedule],
        randomness: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.schedules = Dictionary(schedules.map { ($0.name, $0) }) { first, _ in first }
        salt = randomness()
    }

    package func work(_ job: FireSchedule, in context: JobContext) async throws -> JobOutcome {
        guard let schedule = schedules[job.schedule] else {
            // A newer release may have it, and this is an older process beside it.
            return .snooze(Self.longestSleep)
        }
        let now = context.timekeeper.now
        // A time that is past may not have come yet, for its jitter.
        let early = schedule.cron.times(
            after: now - schedule.jitter, through: now, limit: Self.entryLimit
        ).first { start(of: $0, schedule) > now }
        guard let next = early ?? schedule.cron.next(after: now) else {
            return .discard(reason: "\(job.schedule) is never due again")
        }
        // A schedule that is changed is heard of soon, however far its next time was.
        let wait = min(start(of: next, schedule).duration(since: now), Self.longestSleep)
        return .commitThenSnooze(wait) { [self] in try fire(schedule, at: now, in: $0) }
    }

    /// When what is due then is begun: as much later as its jitter says.
    private func start(of due: Instant, _ schedule: Schedule) -> Instant {
        let bound = UInt64(max(schedule.jitter.microseconds, 1))
        let draw = StableHash.of("\(salt) \(schedule.name) \(due.microseconds)")
        return due + .microseconds(Int64(draw % bound))
    }

    private func fire(
        _ schedule: Schedule, at now: Instant, in transaction: Transaction
    ) throws {
        guard var state = try transaction.find(ScheduleState.byName, schedule.name) else { return }
        let due = Array(
            schedule.cron.times(
                after: state.settledThrough, through: now, limit: Self.entryLimit + 1
            ).prefix { start(of: $0, schedule) <= now })
        guard let last = due.last else { return }
        let before = state.settledThrough
        if due.count > Self.entryLimit {
            try Self.tellRest(schedule, due, now, in: transaction)
            if let latest = Self.latest(schedule.cron, through: now) {
                try Self.settle(schedule, latest, isLast: true, now, &state, in: transaction)
            }
            state.settledThrough = now
        } else {
            for time in due {
                let isLast = time == last
                try Self.settle(schedule, time, isLast: isLast, now, &state, in: transaction)
            }
            state.settledThrough = last
        }
        if FailurePoint.isPlanted("forgetFirings") { state.settledThrough = before }
        state.next = schedule.cron.next(after: state.settledThrough)
        try transaction.update(state)
    }

    private static func settle(
        _ schedule: Schedule, _ due: Instant, isLast: Bool, _ now: Instant,
        _ state: inout ScheduleState, in transaction: Transaction
    ) throws {
        func note(_ outcome: ScheduleFiring.Outcome, _ reason: String?, _ job: Int64?) throws {
            try transaction.insert(
                ScheduleFiring(
                    id: transaction.decision.newID(), schedule: schedule.name, due: due,
                    decidedAt: now, outcome: outcome, reason: reason, job: job, count: 1))
        }
        let late = now.duration(since: due)
        // What is a minute late was waited for, not missed.
        let isOnTime = late <= .seconds(60) + schedule.jitter
        if let person = state.pausedBy { return try note(.skipped, "paused by \(person)", nil) }
        if !isOnTime {
            guard late <= schedule.window, schedule.catchUp != .none else {
                return try note(.missed, "nothing ran at the time", nil)
            }
            if schedule.catchUp == .latest, !isLast {
                return try note(.skipped, "a later one is started in its place", nil)
            }
        }
        if schedule.overlap == .skip, let job = state.lastJob,
            let row = try transaction.queueRow(job), !row.state.isFinal
        {
            return try note(.skipped, "job \(job) is still \(row.state.name)", job)
        }
        let insertion = try schedule.start(due, transaction)
        state.lastJob = insertion.number
        switch insertion {
        case .kept(let number):
            try note(.skipped, "job \(number) does it already", number)
        case .added(let number), .replaced(let number):
            try note(.started, isOnTime ? nil : "late by \(late)", number)
        }
    }

    /// The last time it was due, looked for in ever longer spans.
    private static func latest(_ cron: CronExpression, through now: Instant) -> Instant? {
        for seconds in [60, 3600, 86_400, 86_400 * 31] as [Int64] {
            let found = cron.times(after: now - .seconds(seconds), through: now, limit: 1500)
            if let last = found.last { return last }
        }
        return nil
    }

    /// A long stop left out more than is worth an entry each.
    private static func tellRest(
        _ schedule: Schedule, _ due: [Instant], _ now: Instant, in transaction: Transaction
    ) throws {
        guard let first = due.first else { return }
        try transaction.insert(
            ScheduleFiring(
                id: transaction.decision.newID(), schedule: schedule.name, due: first,
                decidedAt: now, outcome: .missed,
                reason: "nothing ran from then on; at least so many were due", job: nil,
                count: due.count))
    }
}

/// What is done to schedules besides waiting for them.
package struct Scheduler: Sendable {
    private let schedules: [Schedule]

    package init(_ schedules: [Schedule]) { self.schedules = schedules }

    /// Lets every schedule wait for its next time; the same again changes nothing. A schedule that is
    /// new or was changed is first due after now.
    package func begin(in transaction: Transaction) throws {
        let now = transaction.decision.now
        for schedule in schedules {
            let next = schedule.cron.next(after: now)
            if var state = try transaction.find(ScheduleState.byName, schedule.name) {
                if state.cron != schedule.cron.description || state.zone != schedule.cron.zone {
                    state.cron = schedule.cron.description
                    state.zone = schedule.cron.zone
                    state.settledThrough = max(state.settledThrough, now)
                    state.next = next
                    try transaction.update(state)
                }
            } else {
                try transaction.insert(
                    ScheduleState(
                        id: transaction.decision.newID(), name: schedule.name,
                        cron: schedule.cron.description, zone: schedule.cron.zone,
                        settledThrough: now, next: next, lastJob: nil, pausedBy: nil,
                        pausedAt: nil))
            }
            // Due at once: it settles what was missed, then waits.
            try transaction.enqueue(
                FireSchedule(schedule: schedule.name),
                JobOptions(
                    priority: 50, uniqueness: .untilFinished(schedule.name), queue: "schedules"))
        }
    }

    /// - Throws: `JobsError.unknownSchedule`.
    package func setPaused(
        _ isPaused: Bool, _ name: String, in transaction: Transaction
    ) throws -> ScheduleState {
        var state = try state(name, in: transaction)
        state.pausedBy = isPaused ? transaction.call.actor.description : nil
        state.pausedAt = isPaused ? transaction.decision.now : nil
        try transaction.update(state)
        try transaction.emit(
            ScheduleChanged(schedule: name, act: isPaused ? .paused : .resumed),
            to: "schedules/\(name)")
        return state
    }

    /// Starts a schedule's work now, beside its times. - Throws: `JobsError.unknownSchedule`.
    package func startNow(_ name: String, in transaction: Transaction) throws -> ScheduleFiring {
        var state = try state(name, in: transaction)
        guard let schedule = schedules.first(where: { $0.name == name }) else {
            throw JobsError(.unknownSchedule, "this release has no schedule \(name)")
        }
        let insertion = try schedule.start(transaction.decision.now, transaction)
        state.lastJob = insertion.number
        try transaction.update(state)
        try transaction.emit(
            ScheduleChanged(schedule: name, act: .started), to: "schedules/\(name)")
        let asked = "asked for by \(transaction.call.actor)"
        var isNew = true
        if case .kept = insertion { isNew = false }
        let firing = ScheduleFiring(
            id: transaction.decision.newID(), schedule: name, due: transaction.decision.now,
            decidedAt: transaction.decision.now, outcome: isNew ? .started : .skipped,
            reason: isNew ? asked : asked + "; job \(insertion.number) does it already",
            job: insertion.number, count: 1)
        try transaction.insert(firing)
        return firing
    }

    private func state(_ name: String, in transaction: Transaction) throws -> ScheduleState {
        guard let state = try transaction.find(ScheduleState.byName, name) else {
            throw JobsError(
                .unknownSchedule, "there is no schedule \(name)", field: "schedule")
        }
        return state
    }

    /// Forgets entries of the ledger from before a time; at most `limit`.
    package static func forget(
        before: Instant, limit: Int, in transaction: Transaction
    ) throws -> Int {
        let old = try transaction.page(ScheduleFiring.byDue, limit: limit).items
            .filter { $0.due < before }
        for firing in old { try transaction.delete(ScheduleFiring.self, firing.id) }
        return old.count
    }
}
