import Foundation
import Hummingbird
import Kernel
import Storage
import Web

struct IssuesPage: Sendable {
    struct Row: Sendable {
        let id, message, place, code, severity, owner, open, orders, seen, money: String

        init(_ issue: JSONValue) {
            id = Shown.text(issue["id"])
            message = Shown.text(issue["message"])
            place = Shown.text(issue["place"])
            code = Shown.text(issue["code"])
            severity = Shown.text(issue["severity"])
            owner = Shown.text(issue["owner"])
            open = Shown.text(issue["open"])
            orders = Shown.text(issue["orders"])
            seen = Shown.moment(issue["lastSeen"])
            money = Shown.list(issue["money"]).map { Shown.money($0) }.joined(separator: ", ")
        }
    }

    let title = "Issues"
    let open: Bool
    let rows: [Row]
    let next: String?
}

struct IssuePage: Sendable {
    struct Member: Sendable {
        let id, work, order, fault, seen, count: String
        let hasOrder: Bool

        init(_ row: JSONValue) {
            id = Shown.text(row["id"])
            work = Shown.text(row["work"])
            hasOrder = row["order"] != nil && row["order"] != .null
            order = Shown.text(row["order"])
            fault = Shown.text(row["fault"]?["code"]) + ": " + Shown.text(row["fault"]?["detail"])
            seen = Shown.moment(row["lastSeen"])
            count = Shown.text(row["count"])
        }
    }

    struct Run: Sendable {
        let action, state, applied, refused, well, again, total, by, at, reason, note: String

        init(_ run: JSONValue) {
            action = Shown.text(run["argument"]?["action"])
            state = Shown.text(run["state"])
            applied = Shown.text(run["applied"])
            refused = Shown.text(run["refused"])
            well = Shown.text(run["cameOutWell"])
            again = Shown.text(run["failedAgain"])
            total =
                Shown.text(run["total"])
                + (run["isTotalCounted"] == .bool(false) ? " or more" : "")
            by = Shown.text(run["by"])
            at = Shown.moment(run["createdAt"])
            // A retry need not give a reason, and most runs have nothing to note.
            let words = ["reason", "note"].map { name in
                if case .string(let text) = run[name] ?? .null { text } else { "" }
            }
            (reason, note) = (words[0], words[1])
        }
    }

    let title = "Issue"
    let issue: IssuesPage.Row
    let state, advice, kind, count, reopened, first, assignee, note: String
    let isOpen: Bool
    let members: [Member]
    let hasMore: Bool
    let runs: [Run]

    init(_ issue: JSONValue, _ members: JSONValue, _ runs: JSONValue) {
        self.issue = IssuesPage.Row(issue)
        state = Shown.text(issue["state"])
        isOpen = state == "open"
        advice = Shown.text(issue["advice"])
        kind = Shown.text(issue["kind"])
        count = Shown.text(issue["count"])
        reopened = Shown.text(issue["reopened"])
        first = Shown.moment(issue["firstSeen"])
        assignee = issue["assignee"].map(Shown.text) ?? "nobody yet"
        note = issue["note"].map(Shown.text) ?? "–"
        self.members = Shown.list(members["items"]).map(Member.init)
        hasMore = members["next"] != nil && members["next"] != .null
        self.runs = Shown.list(runs["items"]).map(Run.init)
    }
}

/// The pages of issues: what stands still by cause, and one button for all of it.
extension ConsolePages {
    func addIssueRoutes(to group: RouterGroup<APIContext>) {
        group.get("issues") { request, _ in try await shown { try await issues(request) } }
        group.get("issues/:id") { _, context in
            try await shown { try await issue(context.parameters.get("id") ?? "") }
        }
        group.post("issues/:id", use: remedy)
    }

    private func issues(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        let isOpen = query["state"] != "closed"
        var path = "/v1/issues?limit=50&state=" + (isOpen ? "open" : "closed")
        if let cursor = query["cursor"] { path += "&cursor=" + Self.encoded(String(cursor)) }
        let list = try await fetch(path)
        let next = list["next"].flatMap { value -> String? in
            guard case .string(let text) = value else { return nil }
            return "/issues?state=\(isOpen ? "open" : "closed")&cursor=\(text)"
        }
        return html(
            views.render(
                IssuesPage(
                    open: isOpen, rows: Shown.list(list["items"]).map(IssuesPage.Row.init),
                    next: next), "issues"))
    }

    private func issue(_ id: String) async throws -> Response {
        let path = "/v1/issues/" + Self.encoded(id)
        let issue = try await fetch(path)
        let members = try await fetch(path + "/occurrences?limit=50")
        let runs = try await fetch(path + "/remedies")
        return html(views.render(IssuePage(issue, members, runs), "issue"))
    }

    /// Everything, with one piece of it first, or one piece alone.
    @Sendable private func remedy(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let form = try await Self.form(request)
        let id = Self.encoded(context.parameters.get("id") ?? "")
        var body: [String: JSONValue] = [
            "action": .string(form["action"] ?? ""), "reason": .string(form["reason"] ?? ""),
        ]
        if let occurrence = form["occurrence"], !occurrence.isEmpty {
            body["occurrences"] = .array([.string(occurrence)])
        } else if form["action"] == "retry" {
            body["canary"] = .integer(1)
        }
        return try await act("/v1/issues/\(id)/remedies", .object(body), then: "/issues/\(id)")
    }
}
