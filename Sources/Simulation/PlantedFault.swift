import StorageSQLite

/// A fault put below or beside our own code, as a careless change might: the laws must find it.
package enum PlantedFault: String, CaseIterable, Sendable {
    case answersBeforeTheDisk, losesEvents, losesJobs, losesClaims, forgetsEffects, forgetsTasks
    case forgetsReservations, forgetsRetries, forgetsSuspects, skipsEvents, ignoresUniqueKeys
    case neverPromotes

    /// What it is, for people.
    package var summary: String {
        switch self {
        case .answersBeforeTheDisk: "answers now and then before the disk has it"
        case .losesEvents: "loses one event in nine"
        case .losesJobs: "loses one job in nine"
        case .losesClaims: "loses one job in nine when it is claimed"
        case .forgetsEffects: "keeps no record of calls made"
        case .forgetsTasks: "forgets half of what is owed to a channel"
        case .forgetsReservations: "forgets half of the reservations"
        case .forgetsRetries: "forgets a job that failed once"
        case .forgetsSuspects: "forgets what ran when the process died"
        case .skipsEvents: "skips events after a restart"
        case .ignoresUniqueKeys: "lets a second job with a unique key in"
        case .neverPromotes: "leaves jobs that are due later for ever"
        }
    }

    /// What of it lies below our own code.
    var onDisk: DiskFault? {
        switch self {
        case .answersBeforeTheDisk: nil
        case .losesEvents:
            .losesRows(of: "events", key: "position", after: .insert, when: "NEW.at % 9 = 0")
        case .losesJobs:
            .losesRows(of: "jobs", key: "number", after: .insert, when: "NEW.enqueued % 9 = 0")
        case .losesClaims:
            .losesRows(
                of: "jobs", key: "number", after: .update,
                when: "NEW.state = 2 AND OLD.state = 1 AND NEW.started % 9 = 0")
        case .forgetsEffects:
            .losesRows(of: "c_effects", key: "id", after: .insert, when: "true")
        case .forgetsTasks:
            .losesRows(
                of: "c_walmart_tasks", key: "id", after: .insert, when: "NEW.created % 2 = 0")
        case .forgetsReservations:
            .losesRows(
                of: "c_reservations", key: "id", after: .insert, when: "NEW.created % 2 = 0")
        case .forgetsRetries:
            .losesRows(of: "jobs", key: "number", after: .update, when: "NEW.state = 3")
        case .forgetsSuspects:
            .losesRows(of: "jobs", key: "number", after: .update, when: "NEW.suspect = 1")
        case .skipsEvents: .skipsPlaces(by: 12)
        case .ignoresUniqueKeys: .dropsIndex("jobs_unique")
        case .neverPromotes: .keepsWaiting
        }
    }
}
