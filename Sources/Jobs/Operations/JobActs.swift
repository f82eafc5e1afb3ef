package import Kernel
import Storage

// What people did to work, for the log: the envelope says who and when.

/// A finished job runs again.
package struct JobRetried: EventPayload {
    package static let type: EventType = "jobs.retried.1"
    package let number: Int64
    package let kind: String
    /// With another payload than its own.
    package let isEdited: Bool
}

/// A job that waited, for its time or its next try, became due.
package struct JobHastened: EventPayload {
    package static let type: EventType = "jobs.hastened.1"
    package let number: Int64
    package let kind: String
    package let isEdited: Bool
}

/// A job was cancelled, or asked to end where it ran.
package struct JobCancelled: EventPayload {
    package static let type: EventType = "jobs.cancelled.1"
    package let number: Int64
    package let kind: String
    package let ran: Bool
}

/// What a discarded job was to do has been dealt with otherwise.
package struct JobDismissed: EventPayload {
    package static let type: EventType = "jobs.dismissed.1"
    package let number: Int64
    package let kind: String
}

/// A job ended without completing, and what was to follow it stands still.
package struct ChainStopped: EventPayload {
    package static let type: EventType = "jobs.chainStopped.1"
    package let number: Int64
    package let kind: String
    package let reason: String
    /// Kinds of what does not run, in order.
    package let following: [String]
}

/// Work under a scope goes on.
package struct QueueResumed: EventPayload {
    package static let type: EventType = "jobs.queueResumed.1"
    package let scope: String
}

/// What people had limited under a scope is limited no more.
package struct QueueLimitLifted: EventPayload {
    package static let type: EventType = "jobs.limitLifted.1"
    package let scope: String
}

/// A schedule was held back, let go on, or its work started beside its times.
package struct ScheduleChanged: EventPayload {
    package enum Act: String, Codable, Sendable { case paused, resumed, started }

    package static let type: EventType = "jobs.scheduleChanged.1"
    package let schedule: String
    package let act: Act
}

extension Transaction {
    /// Writes down what was done to a job, in the job's own stream.
    func note(_ act: some EventPayload, of number: Int64) throws {
        try emit(act, to: "jobs/\(number)")
    }
}
