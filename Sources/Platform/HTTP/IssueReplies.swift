import Issues
import Jobs
import Kernel
import Storage

struct IssueReply: Encodable, Sendable {
    let id: Identifier<IssueTag>
    let fingerprint: String
    let state: Issue.State
    let code: String
    let kind: FaultKind
    let place: String
    let message: String
    let owner: IssueOwner
    let severity: IssueSeverity
    let assignee: String?
    let note: String?
    /// What to do next.
    let advice: String
    let firstSeen: Instant
    let lastSeen: Instant
    let count: Int
    let open: Int
    let orders: Int
    let money: [Money]
    let reopened: Int
    let closedAt: Instant?
    let closedBy: String?

    init(_ issue: Issue) {
        id = issue.id
        fingerprint = issue.fingerprint
        state = issue.state
        code = issue.code
        kind = issue.kind
        place = issue.place
        message = issue.message
        owner = issue.owner
        severity = issue.severity
        assignee = issue.assignee
        note = issue.note
        advice = Classification.of(code: issue.code, kind: issue.kind).advice
        firstSeen = issue.firstSeen
        lastSeen = issue.lastSeen
        count = issue.count
        open = issue.open
        orders = issue.orders
        money = issue.money.values.sorted { $0.currency.code < $1.currency.code }
        reopened = issue.reopened
        closedAt = issue.closedAt
        closedBy = issue.closedBy
    }
}

struct OccurrenceReply: Encodable, Sendable {
    let id: Identifier<OccurrenceTag>
    let issue: Identifier<IssueTag>
    /// Such as `job:17`, `parked:3` or `absence:orders.standstill/…`.
    let work: String
    let job: Int64?
    let parked: Int64?
    let state: IssueOccurrence.State
    let fault: RecordedFault
    let order: String?
    let correlation: String
    let firstSeen: Instant
    let lastSeen: Instant
    let count: Int
    let remediedAt: Instant?
    let endedAt: Instant?
    /// In a preview: why it would be refused.
    let objection: RecordedFault?

    init(_ occurrence: IssueOccurrence, objection: RecordedFault? = nil) {
        self.objection = objection
        id = occurrence.id
        issue = occurrence.issue
        work = occurrence.work.description
        switch occurrence.work {
        case .job(let number): (job, parked) = (number, nil)
        case .parked(let number): (job, parked) = (nil, number)
        case .absence: (job, parked) = (nil, nil)
        }
        state = occurrence.state
        fault = occurrence.fault
        order = occurrence.order
        correlation = occurrence.correlation
        firstSeen = occurrence.firstSeen
        lastSeen = occurrence.lastSeen
        count = occurrence.count
        remediedAt = occurrence.remediedAt
        endedAt = occurrence.endedAt
    }
}

struct RemedyRequest: Decodable, Sendable {
    let action: Remedy.Action
    /// Only these; absent means all that are open.
    let occurrences: [String]?
    let patch: JSONValue?
    let reason: String?
    let canary: Int?
    let perSecond: Int?

    func plan(for issue: Identifier<IssueTag>) -> BulkRun.Plan {
        var plan = BulkRun.Plan(operation: RemedyOperation.name, subject: issue.rawValue)
        plan.selected = occurrences
        plan.reason = reason ?? ""
        plan.canary = canary ?? 0
        plan.perSecond = perSecond ?? 0
        return plan
    }
}

struct PreviewReply: Encodable, Sendable {
    /// How many it would be applied to; counting stops at 100,000.
    let count: Int
    let first: [OccurrenceReply]
}

struct BulkRunReply: Encodable, Sendable {
    let id: Identifier<BulkRunTag>
    let operation: String
    let subject: String
    let argument: JSONValue
    let state: BulkRun.State
    let reason: String
    let by: String
    let canary: Int
    let perSecond: Int
    let total: Int
    /// Whether there are no more than that: of very many the rest is known once they were dealt with.
    let isTotalCounted: Bool
    let applied: Int
    let refused: Int
    /// Of those applied, once it is known; the rest is under way.
    let cameOutWell: Int
    let failedAgain: Int
    let note: String?
    let createdAt: Instant
    let endedAt: Instant?

    init(_ run: BulkRun) {
        id = run.id
        operation = run.operation
        subject = run.subject
        argument = run.argument
        state = run.state
        reason = run.reason
        by = run.by
        canary = run.canary
        perSecond = run.perSecond
        total = max(run.total, run.done)
        isTotalCounted = run.total < BulkDesk.countLimit || !run.state.isLive
        applied = run.applied
        refused = run.refused
        cameOutWell = run.cameOutWell ?? 0
        failedAgain = run.failedAgain ?? 0
        note = run.note
        createdAt = run.createdAt
        endedAt = run.endedAt
    }
}

struct BulkResultReply: Encodable, Sendable {
    let ordinal: Int
    let item: String
    /// `refused`; or `applied`, and once it is known, `mended` or `failedAgain`.
    let outcome: String
    let fault: RecordedFault?
    /// Why it was refused or failed again.
    let why: String?
    let at: Instant

    init(_ result: BulkResult) {
        ordinal = result.ordinal
        item = result.item
        outcome =
            if result.fault != nil {
                "refused"
            } else if result.failedAgain != nil {
                "failedAgain"
            } else {
                result.cameOutWell == true ? "mended" : "applied"
            }
        fault = result.fault
        why = result.fault?.description ?? result.failedAgain
        at = result.at
    }
}
