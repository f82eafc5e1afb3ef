import ArgumentParser
import Foundation
import Kernel
import Storage

struct IssuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issues",
        abstract: "Shows what stands still and why, and mends one, some or all of it.",
        discussion: """
            An issue is one cause of trouble with everything that stands still because of it. It \
            closes itself once nothing does any more, and opens again when it comes back.

              longshore issues list
              longshore issues show iss_…
              longshore issues retry iss_… --dry-run
              longshore issues retry iss_… --canary 1 --per-second 20
              longshore issues edit iss_… --patch '{"item":"inb_…"}' --reason "was another's"
            """,
        subcommands: [
            ListIssues.self, ShowIssue.self, ListOccurrences.self, TriageIssue.self,
            RetryIssue.self, EditIssue.self, SkipIssue.self, ResolveIssue.self,
            ListRemedies.self, ListResults.self, CancelRemedy.self,
        ])
}

struct ListIssues: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists issues, last seen first.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "open or closed.") var state = "open"
    @Option(help: "customer, operator, partner or engineer.") var owner: String?
    @Option(help: "low, medium, high or critical.") var severity: String?
    @Option(help: "Only with this fault's code.") var code: String?
    @Option(help: "How many, up to 500.") var limit = 50

    func run() async throws {
        var path = "/v1/issues?limit=\(limit)&state=\(Listing.escaped(state))"
        for (name, value) in [("owner", owner), ("severity", severity), ("code", code)] {
            if let value { path += "&\(name)=\(Listing.escaped(value))" }
        }
        try await Listing.show(
            path,
            [
                .init("ISSUE", "id"), .init("SEVERITY", "severity"), .init("OWNER", "owner"),
                .init("OPEN", "open"), .init("ORDERS", "orders"), .init("LAST SEEN", "lastSeen"),
                .init("PLACE", "place"), .init("CODE", "code"), .init("MESSAGE", "message"),
            ], options, output)
    }
}

struct ShowIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one issue, what to do next, and what was done.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The issue.") var id: String

    func run() async throws {
        let (id, json) = (Listing.escaped(id), output.json)
        try await CommandSession.run(options) { session in
            let issue = try await session.get("/v1/issues/\(id)")
            if json {
                Terminal.line(issue.pretty)
                return
            }
            Terminal.facts(
                issue,
                [
                    ("state", "state"), ("what", "message"), ("code", "code"), ("where", "place"),
                    ("severity", "severity"), ("owner", "owner"), ("assignee", "assignee"),
                    ("note", "note"), ("stand still", "open"), ("orders", "orders"),
                    ("failures", "count"), ("reopened", "reopened"), ("first seen", "firstSeen"),
                    ("last seen", "lastSeen"), ("closed", "closedAt"), ("closed by", "closedBy"),
                    ("next step", "advice"),
                ])
            let money = issue.list("money").map(Self.words)
            if !money.isEmpty {
                Terminal.line("held up     \(money.joined(separator: ", "))")
            }
            Terminal.line("")
            for event in try await session.get("/v1/issues/\(id)/history").items {
                Terminal.line(
                    "\(event.plain("at"))  \(event.plain("type"))  \(event.plain("actor"))")
            }
        }
    }

    private static func words(_ amount: JSONValue) -> String {
        guard case .integer(let units) = amount["minorUnits"],
            let currency = Currency(amount.plain("currency"))
        else { return amount.plain }
        return Money(minorUnits: units, currency: currency).description
    }
}

struct ListOccurrences: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "occurrences", abstract: "Lists what an issue holds up, oldest first.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The issue.") var id: String
    @Option(help: "open, mended, skipped or resolved.") var state = "open"
    @Option(help: "How many, up to 500.") var limit = 50

    func run() async throws {
        try await Listing.show(
            "/v1/issues/\(Listing.escaped(id))/occurrences?limit=\(limit)"
                + "&state=\(Listing.escaped(state))",
            [
                .init("OCCURRENCE", "id"), .init("WORK", "work"), .init("ORDER", "order"),
                .init("TIMES", "count"), .init("LAST SEEN", "lastSeen"), .init("FAULT", "fault"),
            ], options, output)
    }
}

struct TriageIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "triage", abstract: "Says whose an issue is, how bad it is, and what is known."
    )

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The issue.") var id: String
    @Option(help: "customer, operator, partner or engineer.") var owner: String?
    @Option(help: "low, medium, high or critical.") var severity: String?
    @Option(help: "Who looks after it: a login or a team.") var assignee: String?
    @Option(help: "What is known.") var note: String?

    func run() async throws {
        let id = id
        var body: [String: JSONValue] = [:]
        let values = [
            ("owner", owner), ("severity", severity), ("assignee", assignee), ("note", note),
        ]
        for (name, value) in values { if let value { body[name] = .string(value) } }
        guard !body.isEmpty else { throw ValidationError("say what is to be changed") }
        let changes = JSONValue.object(body)
        let json = output.json
        try await CommandSession.run(options) { session in
            let issue = try await session.patch("/v1/issues/\(Listing.escaped(id))", changes)
            Terminal.line(
                json
                    ? issue.pretty
                    : "\(id) is \(issue.plain("severity")), for the \(issue.plain("owner"))")
        }
    }
}

struct ListRemedies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remedies", abstract: "Lists what was done about an issue, newest first.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The issue.") var id: String

    func run() async throws {
        try await Listing.show(
            "/v1/issues/\(Listing.escaped(id))/remedies",
            [
                .init("REMEDY", "id"), .init("STATE", "state"), .init("TOTAL", "total"),
                .init("APPLIED", "applied"), .init("REFUSED", "refused"),
                .init("WELL", "cameOutWell"), .init("FAILED AGAIN", "failedAgain"),
                .init("BY", "by"),
                .init("BEGAN", "createdAt"), .init("REASON", "reason"), .init("NOTE", "note"),
            ], options, output)
    }
}

struct ListResults: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results", abstract: "Lists what came of each piece of work in a remedy.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The remedy, as “issues remedies” lists it.") var id: String
    @Option(help: "How many, up to 500.") var limit = 500

    func run() async throws {
        try await Listing.show(
            "/v1/remedies/\(Listing.escaped(id))/results?limit=\(limit)",
            [
                .init("#", "ordinal"), .init("OCCURRENCE", "item"), .init("OUTCOME", "outcome"),
                .init("AT", "at"), .init("WHY", "why"),
            ], options, output)
    }
}

struct CancelRemedy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ends a remedy; what it has not reached is left alone.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The remedy.") var id: String

    func run() async throws {
        try await Listing.make(
            "/v1/remedies/\(Listing.escaped(id))/cancellation", .object([:]), options, output
        ) {
            "ended after \($0.plain("applied")) of \($0.plain("total"))"
        }
    }
}
