package import Kernel
package import Storage

package enum ScheduleTag: IdentifierTag { package static let prefix = "sch" }
package enum FiringTag: IdentifierTag { package static let prefix = "fir" }

/// Work that is due again and again.
package struct Schedule: Sendable {
    package enum Overlap: String, Sendable, Codable {
        /// While the last one started still waits or runs, the next is left out.
        case skip
        case allow
    }

    /// What is done about times that passed while nothing ran.
    package enum CatchUp: String, Sendable, Codable {
        /// The last one missed is started, the ones before it are not.
        case latest
        /// Each is started.
        case all
        case none
    }

    package let name: String
    package let cron: CronExpression
    package var overlap = Overlap.skip
    package var catchUp = CatchUp.latest
    /// Times older than this are missed for good.
    package var window = Duration.seconds(86_400)
    /// Each start is put off by up to so much, so that many do not start at once.
    package var jitter = Duration.zero
    /// Enqueues the work. - Returns: the job's number, or that of the one already there.
    let start: @Sendable (Instant, Transaction) throws -> JobInsertion

    /// - Throws: as `CronExpression.init`.
    package init<J: Job>(
        _ name: String, _ cron: String, zone: String = "UTC", options: JobOptions = JobOptions(),
        job: @escaping @Sendable (Instant) -> J
    ) throws {
        self.name = name
        self.cron = try CronExpression(cron, in: zone)
        start = { due, transaction in try transaction.put(job(due), options, nil) }
    }
}

/// Where a schedule stands.
package struct ScheduleState: Record {
    package static let collection = "schedules"
    package static let leavesEvents = false
    package static let byName = Index<ScheduleState>.unique("by_name", Column("name", \.name))
    package static let indexes = [byName]

    package let id: Identifier<ScheduleTag>
    package let name: String
    package var cron: String
    package var zone: String
    /// Every time up to this one is in the ledger.
    package var settledThrough: Instant
    package var next: Instant?
    package var lastJob: Int64?
    package var pausedBy: String?
    package var pausedAt: Instant?
}

/// One time a schedule was due, and what became of it.
package struct ScheduleFiring: Record {
    package enum Outcome: String, Codable, Sendable, Indexable {
        case started
        /// Left out on purpose; see the reason.
        case skipped
        /// Nothing ran at the time, and it is too late now.
        case missed
    }

    package static let collection = "schedule_firings"
    package static let leavesEvents = false
    package static let bySchedule = Index<ScheduleFiring>(
        "by_schedule", Column("schedule", \.schedule), Column("due", \.due))
    package static let byDue = Index<ScheduleFiring>("by_due", Column("due", \.due))
    package static let indexes = [bySchedule, byDue]

    package let id: Identifier<FiringTag>
    package let schedule: String
    package let due: Instant
    package let decidedAt: Instant
    package let outcome: Outcome
    package let reason: String?
    package let job: Int64?
    /// Times this entry stands for: more than one only where a long stop left out many.
    package let count: Int
}
