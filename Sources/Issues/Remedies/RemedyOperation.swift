package import Events
package import Jobs
package import Kernel
package import Storage

/// Applies a remedy to the occurrences of one issue.
package struct RemedyOperation: BulkOperation {
    package static let name = "issues.remedy"

    let ledger: IssueLedger
    let jobs: JobDesk
    let parking: Parking

    package init(ledger: IssueLedger, jobs: JobDesk, parking: Parking) {
        (self.ledger, self.jobs, self.parking) = (ledger, jobs, parking)
    }

    package func items(
        of run: BulkRun, after place: String?, limit: Int, in reader: ReadTransaction
    ) throws -> [String] {
        if let selected = run.selected {
            return Array(selected.drop { $0 <= place ?? "" }.prefix(limit))
        }
        let cursor = place.flatMap { Identifier<OccurrenceTag>($0) }.map {
            PageCursor(after: $0, among: IssueOccurrence.byIssue)
        }
        let open = try reader.page(
            IssueOccurrence.byIssue, equals: [run.subject, IssueOccurrence.State.open],
            after: cursor, limit: limit
        ).items
        return open.filter { $0.firstSeen <= run.createdAt }.map { $0.id.rawValue }
    }

    package func apply(_ item: String, of run: BulkRun, in transaction: Transaction) throws {
        let remedy = try remedy(of: run)
        guard let id = Identifier<OccurrenceTag>(item),
            let occurrence = try transaction.get(IssueOccurrence.self, id),
            occurrence.issue.rawValue == run.subject
        else {
            throw IssuesError(.unknownIssue, "this issue has no occurrence \(item)")
        }
        guard occurrence.state == .open else {
            throw IssuesError(.notOpen, "it is \(occurrence.state.rawValue) already")
        }
        switch occurrence.work {
        case .job(let number): try apply(remedy, toJob: number, transaction)
        case .parked(let number):
            try apply(remedy, toParked: number, reason: run.reason, transaction)
        case .absence:
            guard remedy.action == .resolve else {
                throw IssuesError(
                    .notApplicable, "nothing failed that could be done again; it can be resolved")
            }
        }
        try finish(id, remedy.action, in: transaction)
    }

    private func apply(
        _ remedy: Remedy, toJob number: Int64, _ transaction: Transaction
    ) throws {
        let row = try jobs.job(number, in: transaction)
        switch remedy.action {
        case .retry: try jobs.retryOrHasten(number, in: transaction)
        case .edit:
            try jobs.retryOrHasten(
                number, replacing: try Self.edited(row.payload, remedy), in: transaction)
        case .skip, .resolve:
            if row.state == .discarded {
                try jobs.dismiss(number, in: transaction)
            } else {
                _ = try jobs.cancel(number, in: transaction)
            }
        }
    }

    private func apply(
        _ remedy: Remedy, toParked number: Int64, reason: String, _ transaction: Transaction
    ) throws {
        switch remedy.action {
        case .retry: try parking.retry(number, in: transaction)
        case .edit:
            let row = try parking.head(number, in: transaction)
            let stored = try transaction.bookkeeping { try $0.event(at: row.position) }
            guard let data = row.replacement ?? stored?.data else {
                throw IssuesError(.notApplicable, "the event's data is no longer there")
            }
            try parking.replace(
                number, data: try Self.edited(data, remedy), in: transaction)
        case .skip: try parking.skip(number, reason: reason, in: transaction)
        case .resolve:
            throw IssuesError(
                .notApplicable, "events of its key wait behind it: retry, edit or skip it")
        }
    }

    /// The last word on how it ended is the person's.
    private func finish(
        _ id: Identifier<OccurrenceTag>, _ action: Remedy.Action, in transaction: Transaction
    ) throws {
        var occurrence = try transaction.require(IssueOccurrence.self, id)
        if action == .skip || action == .resolve, occurrence.state == .open {
            // A running job is asked to end; that nobody need look at it is known now.
            try ledger.close(occurrence.work, as: .skipped, in: transaction)
            occurrence = try transaction.require(IssueOccurrence.self, id)
        }
        occurrence.remediedAt = transaction.decision.now
        if action == .skip { occurrence.state = .skipped }
        if action == .resolve { occurrence.state = .resolved }
        try transaction.update(occurrence)
    }

    package func objection(
        to item: String, of run: BulkRun, in reader: ReadTransaction
    ) throws -> RecordedFault? {
        guard let id = Identifier<OccurrenceTag>(item),
            let occurrence = try reader.get(IssueOccurrence.self, id),
            case .job(let number) = occurrence.work
        else { return nil }
        let remedy = try remedy(of: run)
        guard remedy.action == .edit else { return nil }
        do {
            let row = try jobs.job(number, in: reader)
            try jobs.check(Self.edited(row.payload, remedy), of: row.kind)
            return nil
        } catch let fault as any Fault where fault.kind != .unavailable {
            return RecordedFault(fault)
        }
    }

    private static func edited(_ payload: [UInt8], _ remedy: Remedy) throws -> [UInt8] {
        let body = try BodyCoder.decode(JSONValue.self, from: payload)
        return try BodyCoder.encode(MergePatch.apply(remedy.patch ?? .null, to: body))
    }

    package func isAwaited(_ run: BulkRun) throws -> Bool {
        [.retry, .edit].contains(try remedy(of: run).action)
    }

    package func verdict(
        on item: String, of run: BulkRun, in reader: ReadTransaction
    ) throws -> BulkVerdict {
        guard let id = Identifier<OccurrenceTag>(item),
            let occurrence = try reader.get(IssueOccurrence.self, id)
        else { return .bad("it is gone") }
        if occurrence.state == .skipped, [.retry, .edit].contains(try remedy(of: run).action) {
            return .bad("it was given up: \(occurrence.fault)")
        }
        guard occurrence.state == .open else { return .good }
        guard let remedied = occurrence.remediedAt, occurrence.lastSeen <= remedied else {
            return .bad(occurrence.fault.description)
        }
        return .pending
    }

    /// What was changed to may be what a person wrote about a person: it goes with the run's end.
    package func kept(of argument: JSONValue) -> JSONValue {
        .object(["action": argument["action"] ?? .null])
    }

    package func ended(_ run: BulkRun, in transaction: Transaction) throws {
        try transaction.emit(
            RemedyEnded(
                issue: run.subject, run: run.id, state: run.state.rawValue, applied: run.applied,
                refused: run.refused), to: "issues/\(run.subject)")
    }

    private func remedy(of run: BulkRun) throws -> Remedy {
        try BodyCoder.decode(Remedy.self, from: try BodyCoder.encode(run.argument))
    }
}
