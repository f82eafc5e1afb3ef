package import Kernel
package import Storage

package enum IssueTag: IdentifierTag { package static let prefix = "iss" }
package enum OccurrenceTag: IdentifierTag { package static let prefix = "occ" }
package enum IssueOrderTag: IdentifierTag { package static let prefix = "iso" }

/// Who has to do something about an issue.
package enum IssueOwner: String, Choice, Indexable {
    /// Whose data or account it is.
    case customer
    /// Who runs the warehouse or this installation.
    case operator_ = "operator"
    /// The marketplace or carrier on the other side.
    case partner
    case engineer
}

package enum IssueSeverity: String, Choice, Indexable {
    case low, medium, high, critical
}

/// One cause of trouble, and everything that stands still because of it.
package struct Issue: Record {
    package enum State: String, Choice, Indexable { case open, closed }

    package static let collection = "issues"
    package static let leavesEvents = false
    package static let byFingerprint = Index<Issue>.unique(
        "by_fingerprint", Column("fingerprint", \.fingerprint))
    package static let byState = Index<Issue>(
        "by_state", Column("state", \.state), Column("last_seen", \.lastSeen))
    package static let byPlace = Index<Issue>(
        "by_place", Column("code", \.code), Column("place", \.place))
    package static let indexes = [byFingerprint, byState, byPlace]

    package let id: Identifier<IssueTag>
    /// See ``Fingerprint``.
    package let fingerprint: String
    package let code: String
    package let kind: FaultKind
    /// Where it went wrong, such as `job walmart.settleObligation`.
    package let place: String
    /// The fault's words with everything that differs from case to case taken out.
    package let message: String
    package internal(set) var state = State.open
    package internal(set) var owner: IssueOwner
    package internal(set) var severity: IssueSeverity
    package internal(set) var assignee: String?
    package internal(set) var note: String?
    package internal(set) var firstSeen: Instant
    package internal(set) var lastSeen: Instant
    /// Failures, repeated ones counted again.
    package internal(set) var count = 0
    /// Pieces of work that stand still now.
    package internal(set) var open = 0
    /// Orders that stand still now.
    package internal(set) var orders = 0
    /// What the buyers paid for those orders, by currency, as far as it is known.
    package internal(set) var money: [String: Money] = [:]
    package internal(set) var reopened = 0
    package internal(set) var closedAt: Instant?
    package internal(set) var closedBy: String?
}

/// One piece of work that does not go on because of an issue.
package struct IssueOccurrence: Record {
    package enum State: String, Choice, Indexable {
        case open
        /// The work was done after all.
        case mended
        /// A person decided that it is not to be done.
        case skipped
        /// A person dealt with it elsewhere.
        case resolved
    }

    package static let collection = "issue_occurrences"
    package static let leavesEvents = false
    package static let byWork = Index<IssueOccurrence>.unique(
        "by_work", Column("work", by: { $0.work.description }))
    package static let byIssue = Index<IssueOccurrence>(
        "by_issue", Column("issue", \.issue), Column("state", \.state))
    package static let byState = Index<IssueOccurrence>(
        "by_state", Column("state", \.state), Column("last_seen", \.lastSeen))
    package static let byDetector = Index<IssueOccurrence>(
        "by_detector", Column("detector", by: { $0.work.detector }), Column("state", \.state))
    package static let indexes = [byWork, byIssue, byState, byDetector]

    package let id: Identifier<OccurrenceTag>
    package let work: IssueWork
    package internal(set) var issue: Identifier<IssueTag>
    package internal(set) var state = State.open
    package internal(set) var fault: RecordedFault
    /// The order that stands still with it, where one does.
    package internal(set) var order: String?
    package let correlation: String
    package let firstSeen: Instant
    package internal(set) var lastSeen: Instant
    package internal(set) var count = 1
    /// When a remedy was last applied to it.
    package internal(set) var remediedAt: Instant?
    package internal(set) var endedAt: Instant?
}

/// What an occurrence is about.
package enum IssueWork: Hashable, Sendable, Codable, CustomStringConvertible {
    case job(Int64)
    /// An event a subscription set aside, by its number there.
    case parked(Int64)
    /// Something that should have happened.
    case absence(detector: String, subject: String)

    package var description: String {
        switch self {
        case .job(let number): "job:\(number)"
        case .parked(let number): "parked:\(number)"
        case .absence(let detector, let subject): "absence:\(detector)/\(subject)"
        }
    }

    var detector: String? {
        guard case .absence(let detector, _) = self else { return nil }
        return detector
    }
}

/// How much of one order an issue holds up.
struct IssueOrder: Record {
    static let collection = "issue_orders"
    static let leavesEvents = false
    static let byOrder = Index<IssueOrder>.unique(
        "by_order", Column("issue", \.issue), Column("order_id", \.order))
    static let byValue = Index<IssueOrder>(
        "by_value", Column("issue", \.issue),
        Column("is_valued", by: { $0.value != nil || $0.isUnknown }))
    static let indexes = [byOrder, byValue]

    let id: Identifier<IssueOrderTag>
    let issue: Identifier<IssueTag>
    let order: String
    /// Occurrences that are open.
    var open: Int
    var value: Money?
    /// Orders was asked and could not tell.
    var isUnknown = false
}
