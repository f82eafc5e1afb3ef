import Hummingbird
import Issues
import Jobs
import Kernel
import Orders
import Storage
import Web

/// What stands still and why, and what a person does about it.
struct IssuesController: Sendable {
    let platform: Platform
    private var timekeeper: any Timekeeper { platform.timekeeper }
    private var desk: IssueDesk { platform.issueDesk }

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.get(
            "issues",
            use: Endpoint.route(
                timekeeper, reads: ["state", "owner", "severity", "code", "cursor", "limit"],
                issues))
        group.get("issues/:id", use: Endpoint.route(timekeeper, issue))
        group.patch("issues/:id", use: Endpoint.route(timekeeper, triage))
        group.get(
            "issues/:id/occurrences",
            use: Endpoint.route(timekeeper, reads: ["state", "cursor", "limit"], occurrences))
        group.get("issues/:id/history", use: Endpoint.route(timekeeper, history))
        group.get("issues/:id/remedies", use: Endpoint.route(timekeeper, remedies))
        group.post("issues/:id/remedies", use: Endpoint.route(timekeeper, begin))
        group.post("issues/:id/previews", use: Endpoint.route(timekeeper, preview))
        group.get("remedies/:id", use: Endpoint.route(timekeeper, remedy))
        group.get(
            "remedies/:id/results",
            use: Endpoint.route(timekeeper, reads: ["cursor", "limit"], results))
        group.post("remedies/:id/cancellation", use: Endpoint.route(timekeeper, cancel))
    }

    /// `GET /issues?state=open&owner=&severity=&code=&cursor=&limit=` → last seen first; `state` is
    /// open unless said otherwise.
    @Sendable private func issues(_ call: Endpoint) async throws -> ListReply<IssueReply> {
        let state = try call.choice("state", as: Issue.State.self) ?? .open
        let owner = try call.choice("owner", as: IssueOwner.self)
        let severity = try call.choice("severity", as: IssueSeverity.self)
        let code = call.query("code")
        let (cursor, limit) = (try call.cursor(), try call.limit())
        let page = try await platform.store.read(call.tenant) {
            try $0.page(
                Issue.byState, equals: [state], order: .descending, after: cursor, limit: limit)
        }
        let items = page.items.filter { issue in
            (owner == nil || issue.owner == owner)
                && (severity == nil || issue.severity == severity)
                && (code == nil || issue.code == code)
        }
        return ListReply(items: items.map(IssueReply.init), next: page.next?.description)
    }

    /// `GET /issues/{id}` → 404 `issues.unknownIssue`.
    @Sendable private func issue(_ call: Endpoint) async throws -> IssueReply {
        let id: Identifier<IssueTag> = try call.context.identifier("id")
        let desk = desk
        return IssueReply(
            try await platform.store.read(call.tenant) { try desk.issue(id, in: $0) })
    }

    /// `PATCH /issues/{id}` `{owner?, severity?, assignee?, note?}` → the issue as it is then.
    @Sendable private func triage(_ call: Endpoint) async throws -> IssueReply {
        let id: Identifier<IssueTag> = try call.context.identifier("id")
        let triage: IssueDesk.Triage = try call.decode()
        let desk = desk
        return IssueReply(
            try await platform.store.write(call.call) {
                try desk.triage(id, triage, in: $0)
            })
    }

    /// `GET /issues/{id}/occurrences?state=open&cursor=&limit=` → oldest first.
    @Sendable private func occurrences(
        _ call: Endpoint
    ) async throws -> ListReply<OccurrenceReply> {
        let id: Identifier<IssueTag> = try call.context.identifier("id")
        let state = try call.choice("state", as: IssueOccurrence.State.self) ?? .open
        let (cursor, limit) = (try call.cursor(), try call.limit())
        let page = try await platform.store.read(call.tenant) {
            try $0.page(
                IssueOccurrence.byIssue, equals: [id, state], after: cursor, limit: limit)
        }
        return ListReply(
            items: page.items.map { OccurrenceReply($0) }, next: page.next?.description)
    }

    /// `GET /issues/{id}/history` → who did what about it, oldest first.
    @Sendable private func history(_ call: Endpoint) async throws -> ListReply<TimelineEntry> {
        let id: Identifier<IssueTag> = try call.context.identifier("id")
        let events = try await platform.store.read(call.tenant) {
            try $0.events(ofStream: "issues/\(id)")
        }
        return ListReply(items: try events.map(TimelineEntry.init), next: nil)
    }

    /// `GET /issues/{id}/remedies` → runs, newest first.
    @Sendable private func remedies(_ call: Endpoint) async throws -> ListReply<BulkRunReply> {
        let id: Identifier<IssueTag> = try call.context.identifier("id")
        let page = try await platform.store.read(call.tenant) {
            try $0.page(
                BulkRun.bySubject, equals: [id.rawValue], order: .descending, limit: 100)
        }
        return ListReply(items: page.items.map(BulkRunReply.init), next: nil)
    }

    /// `POST /issues/{id}/previews` with what a remedy takes → how many it would be applied to, and
    /// the first of them; nothing is changed.
    @Sendable private func preview(_ call: Endpoint) async throws -> PreviewReply {
        let id: Identifier<IssueTag> = try call.context.identifier("id")
        let request: RemedyRequest = try call.decode()
        let (desk, plan) = (desk, request.plan(for: id))
        let remedy = Remedy(request.action, patch: request.patch)
        let now = timekeeper.now
        let found = try await platform.store.read(call.tenant) {
            try desk.preview(remedy, plan, at: now, in: $0)
        }
        return PreviewReply(
            count: found.count,
            first: found.first.map { OccurrenceReply($0.0, objection: $0.objection) })
    }

    /// `POST /issues/{id}/remedies` `{action, occurrences?, patch?, reason, canary?, perSecond?}` →
    /// the run; `action` is retry, edit, skip or resolve, and all that is open is meant unless
    /// `occurrences` names some. The canary's outcome decides whether the rest follows.
    @Sendable private func begin(_ call: Endpoint) async throws -> BulkRunReply {
        let id: Identifier<IssueTag> = try call.context.identifier("id")
        let request: RemedyRequest = try call.decode()
        let (desk, plan) = (desk, request.plan(for: id))
        let remedy = Remedy(request.action, patch: request.patch)
        return BulkRunReply(
            try await platform.store.write(call.call) {
                try desk.begin(remedy, plan, in: $0)
            })
    }

    /// `GET /remedies/{id}` → how far it is.
    @Sendable private func remedy(_ call: Endpoint) async throws -> BulkRunReply {
        let id: Identifier<BulkRunTag> = try call.context.identifier("id")
        return BulkRunReply(
            try await platform.store.read(call.tenant) { try $0.require(BulkRun.self, id) })
    }

    /// `GET /remedies/{id}/results?cursor=&limit=` → what came of each, in order.
    @Sendable private func results(_ call: Endpoint) async throws -> ListReply<BulkResultReply> {
        let id: Identifier<BulkRunTag> = try call.context.identifier("id")
        let (cursor, limit) = (try call.cursor(), try call.limit())
        let page = try await platform.store.read(call.tenant) {
            try $0.page(BulkResult.byRun, equals: [id], after: cursor, limit: limit)
        }
        return ListReply(
            items: page.items.map(BulkResultReply.init), next: page.next?.description)
    }

    /// `POST /remedies/{id}/cancellation` → the rest is left alone; 409 once it is over.
    @Sendable private func cancel(_ call: Endpoint) async throws -> BulkRunReply {
        let id: Identifier<BulkRunTag> = try call.context.identifier("id")
        let desk = desk
        return BulkRunReply(
            try await platform.store.write(call.call) { try desk.cancel(id, in: $0) })
    }
}
