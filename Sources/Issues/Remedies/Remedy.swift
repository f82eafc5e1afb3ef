package import Jobs
package import Kernel
package import Storage

/// What a person does about an issue, on some or all of what it holds up.
package struct Remedy: Codable, Sendable {
    package enum Action: String, Choice {
        /// Once more as it is.
        case retry
        /// Once more with its payload or data changed.
        case edit
        /// Never; what waits behind it goes on.
        case skip
        /// Dealt with elsewhere.
        case resolve
    }

    package let action: Action
    /// See ``MergePatch``; only for `edit`.
    package let patch: JSONValue?

    package init(_ action: Action, patch: JSONValue? = nil) {
        self.action = action
        self.patch = patch
    }
}

/// A remedy was begun; how it ended stands with the run.
package struct RemedyBegun: EventPayload {
    package static let type: EventType = "issues.remedyBegun.1"
    package let issue: Identifier<IssueTag>
    package let run: Identifier<BulkRunTag>
    package let action: Remedy.Action
    package let reason: String
    package let total: Int
}

/// A remedy is over.
package struct RemedyEnded: EventPayload {
    package static let type: EventType = "issues.remedyEnded.1"
    package let issue: String
    package let run: Identifier<BulkRunTag>
    package let state: String
    package let applied: Int
    package let refused: Int
}
