import ArgumentParser
import Foundation
import Storage

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Finds background work, says why it failed, tries it again.",
        subcommands: [
            ListJobs.self, ShowJob.self, RetryJob.self, RetryMatchingJobs.self, CancelJob.self,
            DismissJob.self,
        ])
}

/// Which jobs are meant.
struct JobSelection: ParsableArguments {
    @Option(help: "Only this kind, such as walmart.settleObligation.") var kind: String?
    @Option(help: "Only with this fault's code, such as channels.unreachable.") var fault: String?

    var query: String {
        [("kind", kind), ("fault", fault)].compactMap { name, value in
            value.map { "&\(name)=\(Listing.escaped($0))" }
        }.joined()
    }
}

struct ListJobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists jobs, newest first.")

    @OptionGroup var options: DataOptions
    @Option(help: "scheduled, available, running, retryable, completed, cancelled or discarded.")
    var state: String?
    @OptionGroup var selection: JobSelection
    @Option(help: "How many, up to 500.") var limit = 50
    @Option(help: "Only those with a lower number: where the page before ended.")
    var before: Int?
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let path =
            "/v1/jobs?limit=\(limit)" + (state.map { "&state=\($0)" } ?? "")
            + (before.map { "&before=\($0)" } ?? "") + selection.query
        let json = output.json
        try await CommandSession.run(options) { session in
            let page = try await session.get(path)
            if json {
                Terminal.line(page.pretty)
                return
            }
            Terminal.table(
                ["JOB", "KIND", "STATE", "TRIES", "DUE", "FAULT"],
                page.items.map { job in
                    ["number", "kind", "state", "attempt", "due"].map { job[$0]?.plain ?? "–" }
                        + [job["fault"].map(Self.words) ?? ""]
                })
            if let next = page["next"], next != .null {
                Terminal.line("There are older ones: --before \(next.plain)")
            }
        }
    }

    private static func words(_ fault: JSONValue) -> String {
        fault == .null ? "" : "\(fault.plain("code")): \(fault.plain("detail"))"
    }
}

struct ShowJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one job with its payload and what went wrong.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The job's number.") var number: Int

    func run() async throws {
        let (number, json) = (number, output.json)
        try await CommandSession.run(options) { session in
            let job = try await session.get("/v1/jobs/\(number)")
            if json {
                Terminal.line(job.pretty)
                return
            }
            Terminal.facts(
                job,
                [
                    ("kind", "kind"), ("state", "state"), ("tries", "attempt"), ("queue", "queue"),
                    ("connection", "connection"), ("limit", "limit"), ("enqueued", "enqueued"),
                    ("due", "due"), ("deadline", "deadline"), ("started", "started"),
                    ("finished", "finished"), ("caused by", "cause"), ("traced as", "correlation"),
                    ("batch", "batch"), ("progress", "progress"), ("payload", "payload"),
                ])
            guard let fault = job["fault"], fault != .null else { return }
            Terminal.line("fault        \(fault.plain("code")) (\(fault.plain("kind")))")
            Terminal.line("             \(fault.plain("detail"))")
        }
    }
}

struct RetryJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Runs a finished job again, or one that waits for its next try now.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The job's number.") var number: Int
    @Option(help: "JSON that takes the place of its payload.") var payload: String?

    func run() async throws {
        let number = number
        var body: [String: JSONValue] = [:]
        if let payload {
            guard let value = try? BodyCoder.decode(JSONValue.self, from: Array(payload.utf8))
            else { throw ValidationError("--payload is no JSON") }
            body["payload"] = value
        }
        try await Listing.make("/v1/jobs/\(number)/retry", .object(body), options, output) {
            "job \(number) is \($0.plain("state"))"
        }
    }
}

struct RetryMatchingJobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry-matching",
        abstract: "Tries all failed jobs that match again, also those that would wait longer.",
        discussion: """
            Discarded jobs run again from their first attempt; those that wait for their next try \
            are due now. With --dry-run it only lists them. At least --kind or --fault is needed. \
            “issues retry” also tells what came of each.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var selection: JobSelection
    @Flag(help: "Only say which.") var dryRun = false
    @Option(help: "How many at most.") var atMost = 1000

    func validate() throws {
        guard !selection.query.isEmpty else {
            throw ValidationError("say which: --kind, --fault or both")
        }
        guard (1...100_000).contains(atMost) else {
            throw ValidationError("--at-most must be 1 to 100000")
        }
    }

    func run() async throws {
        let (query, isDry, most, json) = (selection.query, dryRun, atMost, output.json)
        try await CommandSession.run(options) { session in
            let jobs = try await Self.matching(query, most, session)
            var outcomes: [(job: JSONValue, outcome: Outcome)] = []
            for job in jobs {
                let outcome = isDry ? .matches : try await Self.retry(job, session)
                outcomes.append((job, outcome))
                if !json { Terminal.line(outcome.words(job)) }
            }
            let failed = outcomes.filter { $0.outcome == .refused }.count
            Terminal.line(
                json
                    ? Self.json(outcomes).pretty
                    : isDry
                        ? "\(jobs.count) match"
                        : "\(jobs.count - failed) of \(jobs.count) tried again")
            if failed > 0 { throw ExitCode.failure }
        }
    }

    private enum Outcome: String {
        case matches, tried, refused

        func words(_ job: JSONValue) -> String {
            let number = job.plain("number")
            return switch self {
            case .matches: "would retry job \(number) (\(job.plain("kind")))"
            case .tried: "job \(number) is tried again"
            case .refused: "job \(number) is not"
            }
        }
    }

    private static func retry(
        _ job: JSONValue, _ session: CommandSession
    ) async throws -> Outcome {
        do {
            _ = try await session.post("/v1/jobs/\(job.plain("number"))/retry", .object([:]))
            return .tried
        } catch is ExitCode {
            // Why was told; the others are tried all the same.
            return .refused
        }
    }

    private static func json(_ outcomes: [(job: JSONValue, outcome: Outcome)]) -> JSONValue {
        .object([
            "items": .array(
                outcomes.map { job, outcome in
                    .object([
                        "number": job["number"] ?? .null, "kind": job["kind"] ?? .null,
                        "outcome": .string(outcome.rawValue),
                    ])
                })
        ])
    }

    /// The whole list is read first: what is retried leaves it.
    private static func matching(
        _ query: String, _ most: Int, _ session: CommandSession
    ) async throws -> [JSONValue] {
        var all: [JSONValue] = []
        var next = ""
        for state in ["discarded", "retryable"] {
            repeat {
                let page = try await session.get(
                    "/v1/jobs?state=\(state)&limit=500\(query)\(next)")
                all += page.items
                let place = page["next"] ?? .null
                next = place == .null ? "" : "&before=\(place.plain)"
            } while !next.isEmpty && all.count < most
        }
        return Array(all.prefix(most))
    }
}

struct CancelJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Keeps a waiting job from running; asks a running one to end.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The job's number.") var number: Int

    func run() async throws {
        let number = number
        try await Listing.make("/v1/jobs/\(number)/cancellation", .object([:]), options, output) {
            $0.plain("state") == "running"
                ? "job \(number) runs and is asked to end" : "job \(number) is cancelled"
        }
    }
}

struct DismissJob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dismiss", abstract: "Says that a failed job has been dealt with otherwise.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The job's number.") var number: Int

    func run() async throws {
        let number = number
        try await Listing.make("/v1/jobs/\(number)/dismissal", .object([:]), options, output) {
            "job \(number) is \($0.plain("state"))"
        }
    }
}
