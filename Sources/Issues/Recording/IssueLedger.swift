import Events
import Jobs
package import Kernel
package import Storage

/// Finds the order a failed piece of work belongs to, as text; `nil` where it belongs to none.
package typealias OrderFinder =
    @Sendable (_ kind: String, _ body: JSONValue, ReadTransaction) throws -> String?

/// Writes down what fails and what recovers, in the transaction in which it does.
package struct IssueLedger: JobObserver, ParkingObserver {
    /// What a worker decided with a reason is no trouble.
    private static let lawfulEnds: Set<String> = [
        "jobs.discarded", "jobs.cancelled", "jobs.superseded",
    ]
    /// So many issues of one code and place, and further ones join one that takes all.
    private static let formsLimit = 100

    let finders: [OrderFinder]

    package init(finders: [OrderFinder]) { self.finders = finders }

    /// What failed, whatever kind of work it is.
    struct Failure {
        let work: IssueWork
        let place: String
        let fault: RecordedFault
        let order: String?
        let correlation: String
    }

    package func failed(
        _ job: JobRow, _ fault: RecordedFault, in transaction: Transaction
    ) throws {
        guard !Self.lawfulEnds.contains(fault.code) else {
            // Nobody need look at it, and it was not done.
            try close(.job(job.number), as: .skipped, in: transaction)
            return
        }
        try record(
            Failure(
                work: .job(job.number), place: "job \(job.kind)", fault: fault,
                order: try order(job.kind, job.payload, stream: nil, transaction),
                correlation: job.correlation), in: transaction)
    }

    package func recovered(_ job: JobRow, in transaction: Transaction) throws {
        try close(
            .job(job.number), as: job.state == .cancelled ? .skipped : .mended, in: transaction)
    }

    package func parked(
        _ row: ParkedRow, _ event: Envelope, _ fault: RecordedFault, in transaction: Transaction
    ) throws {
        try record(
            Failure(
                work: .parked(row.number), place: "event \(row.subscription)", fault: fault,
                order: try order(
                    event.type.rawValue, event.data, stream: event.stream, transaction),
                correlation: event.correlation), in: transaction)
    }

    package func released(
        _ row: ParkedRow, isHandled: Bool, in transaction: Transaction
    ) throws {
        try close(.parked(row.number), as: isHandled ? .mended : .skipped, in: transaction)
    }

    private func order(
        _ kind: String, _ body: [UInt8], stream: String?, _ transaction: Transaction
    ) throws -> String? {
        if let stream, stream.hasPrefix("orders/") { return String(stream.dropFirst(7)) }
        // What cannot be read may be the very fault: then no order is known.
        guard let value = try? BodyCoder.decode(JSONValue.self, from: body) else { return nil }
        if case .string(let order) = value["order"] { return order }
        for finder in finders {
            if let order = try finder(kind, value, transaction) { return order }
        }
        return nil
    }

    // MARK: - Writing

    func record(_ failure: Failure, in transaction: Transaction) throws {
        let now = transaction.decision.now
        var issue = try issue(for: failure, in: transaction)
        let known = try transaction.find(
            IssueOccurrence.byWork, failure.work.description)
        issue.count += 1
        issue.lastSeen = max(issue.lastSeen, now)
        if var occurrence = known {
            if occurrence.state == .open, occurrence.issue != issue.id {
                // It fails for another reason now.
                try leave(occurrence, in: transaction)
                try enter(&issue, failure.order, in: transaction)
            } else if occurrence.state != .open {
                try enter(&issue, failure.order, in: transaction)
            } else if occurrence.order != failure.order {
                // Its order became known, or is another now.
                try leaveOrder(&issue, occurrence.order, in: transaction)
                try enterOrder(&issue, failure.order, in: transaction)
            }
            occurrence.issue = issue.id
            occurrence.state = .open
            occurrence.endedAt = nil
            occurrence.fault = failure.fault
            occurrence.order = failure.order
            occurrence.lastSeen = now
            occurrence.count += 1
            try transaction.update(occurrence)
        } else {
            try enter(&issue, failure.order, in: transaction)
            try transaction.insert(
                IssueOccurrence(
                    id: transaction.decision.newID(), work: failure.work, issue: issue.id,
                    fault: failure.fault, order: failure.order,
                    correlation: failure.correlation, firstSeen: now, lastSeen: now))
        }
        try transaction.update(issue)
    }

    /// An occurrence needs nobody any more. - Returns: whether one was open.
    @discardableResult
    func close(
        _ work: IssueWork, as state: IssueOccurrence.State, in transaction: Transaction
    ) throws -> Bool {
        guard
            var occurrence = try transaction.find(IssueOccurrence.byWork, work.description),
            occurrence.state == .open
        else { return false }
        try leave(occurrence, in: transaction)
        occurrence.state = state
        occurrence.endedAt = transaction.decision.now
        try transaction.update(occurrence)
        return true
    }

    private func issue(for failure: Failure, in transaction: Transaction) throws -> Issue {
        let fault = failure.fault
        var print = Fingerprint(code: fault.code, place: failure.place, detail: fault.detail)
        if let known = try transaction.find(Issue.byFingerprint, print.text) { return known }
        let forms = try transaction.count(
            Issue.byPlace, equals: [fault.code, failure.place], limit: Self.formsLimit)
        if forms >= Self.formsLimit {
            print = print.withAnyMessage
            if let known = try transaction.find(Issue.byFingerprint, print.text) { return known }
        }
        let classification = Classification.of(code: fault.code, kind: fault.kind)
        let now = transaction.decision.now
        let issue = Issue(
            id: transaction.decision.newID(), fingerprint: print.text, code: fault.code,
            kind: fault.kind, place: failure.place, message: print.message,
            owner: classification.owner, severity: classification.severity, firstSeen: now,
            lastSeen: now)
        try transaction.insert(issue)
        try transaction.emit(
            IssueOpened(issue: issue.id, code: issue.code, place: issue.place, isAgain: false),
            to: "issues/\(issue.id)")
        return issue
    }

    /// One more piece of work stands still.
    private func enter(
        _ issue: inout Issue, _ order: String?, in transaction: Transaction
    ) throws {
        if issue.state == .closed {
            issue.state = .open
            issue.reopened += 1
            issue.closedAt = nil
            issue.closedBy = nil
            try transaction.emit(
                IssueOpened(issue: issue.id, code: issue.code, place: issue.place, isAgain: true),
                to: "issues/\(issue.id)")
        }
        issue.open += 1
        try enterOrder(&issue, order, in: transaction)
    }

    private func enterOrder(
        _ issue: inout Issue, _ order: String?, in transaction: Transaction
    ) throws {
        guard let order else { return }
        if var known = try transaction.find(IssueOrder.byOrder, issue.id, order) {
            known.open += 1
            if known.open == 1 { issue.count(known, +1) }
            try transaction.update(known)
            return
        }
        let first = IssueOrder(
            id: transaction.decision.newID(), issue: issue.id, order: order, open: 1)
        try transaction.insert(first)
        issue.count(first, +1)
        try transaction.enqueue(
            AppraiseIssue(issue: issue.id),
            JobOptions(
                priority: -1, uniqueness: .untilStarted(issue.id.rawValue), queue: "maintenance"))
    }

    private func leave(_ occurrence: IssueOccurrence, in transaction: Transaction) throws {
        guard var issue = try transaction.get(Issue.self, occurrence.issue) else { return }
        issue.open -= 1
        try leaveOrder(&issue, occurrence.order, in: transaction)
        if issue.open == 0 { try issue.close(by: transaction.call.actor, in: transaction) }
        try transaction.update(issue)
    }

    private func leaveOrder(
        _ issue: inout Issue, _ order: String?, in transaction: Transaction
    ) throws {
        guard let order,
            var known = try transaction.find(IssueOrder.byOrder, issue.id, order)
        else { return }
        known.open -= 1
        if known.open == 0 { issue.count(known, -1) }
        try transaction.update(known)
    }
}

extension Issue {
    /// An order begins or ceases to stand still.
    mutating func count(_ order: IssueOrder, _ step: Int) {
        orders += step
        if let value = order.value { count(value, step) }
    }

    mutating func count(_ value: Money, _ step: Int) {
        let code = value.currency.code
        let known = money[code] ?? .zero(value.currency)
        do {
            let sum = try step > 0 ? known.adding(value) : known.subtracting(value)
            money[code] = sum.minorUnits > 0 ? sum : nil
        } catch {
            // Past 64 bits, and of another currency it cannot be: the largest sum stands.
            money[code] = known
        }
    }

    mutating func close(by actor: Actor, in transaction: Transaction) throws {
        state = .closed
        closedAt = transaction.decision.now
        closedBy = actor.description
        try transaction.emit(
            IssueClosed(issue: id, by: actor.description), to: "issues/\(id)")
    }
}

/// Something began to go wrong, or does again.
package struct IssueOpened: EventPayload {
    package static let type: EventType = "issues.opened.1"
    package let issue: Identifier<IssueTag>
    package let code: String
    package let place: String
    package let isAgain: Bool
}

/// Nothing stands still because of it any more.
package struct IssueClosed: EventPayload {
    package static let type: EventType = "issues.closed.1"
    package let issue: Identifier<IssueTag>
    package let by: String
}
