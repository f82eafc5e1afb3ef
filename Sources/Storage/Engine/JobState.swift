package enum JobState: Int, Sendable, Codable, CaseIterable {
    case scheduled = 0
    case available, running, retryable, completed, cancelled, discarded

    package var isFinal: Bool { self == .completed || self == .cancelled || self == .discarded }

    package static let waiting: Set<JobState> = [.scheduled, .available, .retryable]

    package var name: String {
        switch self {
        case .scheduled: "scheduled"
        case .available: "available"
        case .running: "running"
        case .retryable: "retryable"
        case .completed: "completed"
        case .cancelled: "cancelled"
        case .discarded: "discarded"
        }
    }
}

/// For how long a unique key keeps others out.
package enum JobUniqueness: Int, Sendable, Codable {
    case none = 0
    /// Until the job starts: what comes while it runs counts.
    case untilStarted
    /// Until the job has ended.
    case untilFinished
    /// Until the job starts; what comes before takes its place with a newer payload.
    case latest
}
