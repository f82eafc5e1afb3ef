import Kernel
import Logging
import Storage

/// Events that may have ended the process that handled them.
extension SubscriptionRunner {
    /// So many deaths while it was handled alone, and an event is handled no more.
    private static let trialLimit = 2

    /// Writes down that an event is handled alone from here on: should the process end before that is
    /// taken back, it is the event's doing.
    /// - Returns: why it is not to be handled at all.
    func beginTrial(at position: Int64) async throws -> EventsError? {
        let name = subscription.name
        if let known = trials[position] {
            // This one has lived through the attempt before, however it went: it counts once.
            if !known.isWritten { try await mark(position, known.count) }
            return nil
        }
        let died = try await store.bookkeeping {
            try $0.trials(subscription: name, position: position)
        }
        guard died < Self.trialLimit else {
            logger.error("quarantined", metadata: ["position": "\(position)"])
            FailurePoint.reach("events.quarantined")
            trials[position] = Trial(count: died, isWritten: true)
            return EventsError(
                .quarantined, "the process died \(died) times while it handled this event alone")
        }
        FailurePoint.reach("events.alone")
        if died > 0 { FailurePoint.reach("events.aloneAgain") }
        let counts = !FailurePoint.isPlanted("forgetCrashes")
        // Known before it is written: the answer may be lost, and it must not be counted twice.
        let trial = Trial(count: counts ? died + 1 : 1)
        trials[position] = trial
        try await mark(position, trial.count)
        return nil
    }

    private func mark(_ position: Int64, _ count: Int) async throws {
        let name = subscription.name
        try await write(call(tenant: .platform, cause: nil)) {
            try $0.bookkeeping {
                try $0.saveTrials(subscription: name, position: position, count)
            }
        }
        trials[position]?.isWritten = true
    }
}
