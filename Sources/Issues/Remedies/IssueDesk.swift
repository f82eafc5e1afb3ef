package import Jobs
package import Kernel
package import Storage

/// What a person does with issues.
package struct IssueDesk: Sendable {
    private let bulk: BulkDesk

    package init(bulk: BulkDesk) { self.bulk = bulk }

    /// Who looks after an issue; absent parts stay as they are.
    package struct Triage: Decodable, Sendable {
        package let owner: IssueOwner?
        package let severity: IssueSeverity?
        /// Who looks after it: a login or a team, never a personal address.
        package let assignee: String?
        package let note: String?

        package init(
            owner: IssueOwner? = nil, severity: IssueSeverity? = nil, assignee: String? = nil,
            note: String? = nil
        ) {
            (self.owner, self.severity) = (owner, severity)
            (self.assignee, self.note) = (assignee, note)
        }
    }

    /// - Throws: `IssuesError.unknownIssue`.
    package func issue(_ id: Identifier<IssueTag>, in reader: ReadTransaction) throws -> Issue {
        guard let issue = try reader.get(Issue.self, id) else {
            throw IssuesError(.unknownIssue, "there is no issue \(id)")
        }
        return issue
    }

    package func triage(
        _ id: Identifier<IssueTag>, _ triage: Triage, in transaction: Transaction
    ) throws -> Issue {
        var issue = try issue(id, in: transaction)
        issue.owner = triage.owner ?? issue.owner
        issue.severity = triage.severity ?? issue.severity
        issue.assignee = triage.assignee ?? issue.assignee
        issue.note = triage.note ?? issue.note
        try transaction.update(issue)
        try transaction.emit(
            IssueTriaged(
                issue: id, owner: issue.owner, severity: issue.severity, assignee: issue.assignee),
            to: "issues/\(id)")
        return issue
    }

    /// What a remedy would be applied to; nothing is changed.
    package func preview(
        _ remedy: Remedy, _ plan: BulkRun.Plan, at now: Instant, in transaction: ReadTransaction
    ) throws -> (count: Int, first: [(IssueOccurrence, objection: RecordedFault?)]) {
        let plan = try checked(remedy, plan, in: transaction)
        let found = try bulk.preview(plan, counting: 100_000, at: now, in: transaction)
        return (
            found.count,
            try found.first.compactMap { item, objection in
                try Identifier<OccurrenceTag>(item)
                    .flatMap { try transaction.get(IssueOccurrence.self, $0) }
                    .map { ($0, objection) }
            }
        )
    }

    /// Begins a remedy. - Throws: `IssuesError`, `JobsError.planMalformed`.
    package func begin(
        _ remedy: Remedy, _ plan: BulkRun.Plan, in transaction: Transaction
    ) throws -> BulkRun {
        let run = try bulk.begin(checked(remedy, plan, in: transaction), in: transaction)
        guard let issue = Identifier<IssueTag>(plan.subject) else {
            throw IssuesError(.unknownIssue, "there is no issue \(plan.subject)")
        }
        try transaction.emit(
            RemedyBegun(
                issue: issue, run: run.id, action: remedy.action, reason: plan.reason,
                total: run.total), to: "issues/\(issue)")
        return run
    }

    package func cancel(
        _ run: Identifier<BulkRunTag>, in transaction: Transaction
    ) throws -> BulkRun {
        try bulk.cancel(run, in: transaction)
    }

    private func checked(
        _ remedy: Remedy, _ plan: BulkRun.Plan, in transaction: ReadTransaction
    ) throws -> BulkRun.Plan {
        guard let id = Identifier<IssueTag>(plan.subject) else {
            throw IssuesError(.unknownIssue, "there is no issue \(plan.subject)")
        }
        _ = try issue(id, in: transaction)
        if let selected = plan.selected {
            guard !selected.isEmpty,
                selected.allSatisfy({ Identifier<OccurrenceTag>($0) != nil })
            else {
                throw IssuesError(
                    .selectionMalformed, "must be identifiers like occ_…", field: "occurrences")
            }
        }
        switch remedy.action {
        case .edit:
            guard case .object = remedy.patch ?? .null else {
                throw IssuesError(
                    .patchMalformed, "an edit needs a JSON object of what changes", field: "patch")
            }
        case .retry, .skip, .resolve:
            guard remedy.patch == nil else {
                throw IssuesError(.patchMalformed, "only an edit takes one", field: "patch")
            }
        }
        if remedy.action != .retry, plan.reason.isEmpty {
            throw IssuesError(.reasonMissing, "say why", field: "reason")
        }
        var plan = plan
        plan.argument = try BodyCoder.decode(
            JSONValue.self, from: try BodyCoder.encode(remedy))
        return plan
    }
}

/// A person said whose an issue is.
package struct IssueTriaged: EventPayload {
    package static let type: EventType = "issues.triaged.1"
    package let issue: Identifier<IssueTag>
    package let owner: IssueOwner
    package let severity: IssueSeverity
    package let assignee: String?
}
