import ArgumentParser
import Foundation
import Kernel
import Storage

/// What is meant and how carefully it is done.
struct RemedyOptions: ParsableArguments {
    @Argument(help: "The issue.") var id: String
    @Option(name: .customLong("occurrence"), help: "Only this; may be given several times.")
    var occurrences: [String] = []
    @Flag(help: "Only say how many and which; nothing is changed.") var dryRun = false
    @Option(help: "So many first; the rest only if all of them come out well.") var canary = 0
    @Option(help: "How many a second at most; 0 for no cap.") var perSecond = 0
    @Flag(help: "Return at once instead of when it is over.") var noWait = false
    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    /// - Throws: `ExitCode.failure` when anything was refused or failed again, or the canary failed.
    func apply(_ action: String, reason: String?, patch: JSONValue? = nil) async throws {
        var body: [String: JSONValue] = [
            "action": .string(action), "canary": .integer(Int64(canary)),
            "perSecond": .integer(Int64(perSecond)),
        ]
        if let reason { body["reason"] = .string(reason) }
        if let patch { body["patch"] = patch }
        if !occurrences.isEmpty { body["occurrences"] = .array(occurrences.map { .string($0) }) }
        let request = JSONValue.object(body)
        let path = "/v1/issues/\(Listing.escaped(id))"
        let (json, isDry, waits) = (output.json, dryRun, !noWait)
        try await CommandSession.run(options) { session in
            guard !isDry else {
                let found = try await session.post(path + "/previews", request)
                return Self.show(found, action, json)
            }
            let begun = try await session.post(path + "/remedies", request)
            let run = waits ? try await Self.end(of: begun, session, quiet: json) : begun
            Terminal.line(json ? run.pretty : Self.words(run))
            let isWell = ["refused", "failedAgain"].allSatisfy { run.plain($0) == "0" }
            // Waited for, and still not done: it was cancelled, or takes longer, or nobody does it.
            let isOver = !waits || run.plain("state") == "done"
            if run.plain("state") == "halted" || !isOver || !isWell {
                throw ExitCode.failure
            }
        }
    }

    private static func show(_ found: JSONValue, _ action: String, _ json: Bool) {
        guard !json else { return Terminal.line(found.pretty) }
        for occurrence in found.list("first") {
            let objection = occurrence["objection"].flatMap { $0 == .null ? nil : $0 }
            Terminal.line(
                "would \(action) \(occurrence.plain("work"))  \(occurrence.plain("id"))"
                    + (objection.map { "  but is refused: \($0.plain("detail"))" } ?? ""))
        }
        Terminal.line("\(found.plain("count")) match; nothing was changed")
    }

    private static func words(_ run: JSONValue) -> String {
        let note = run["note"].flatMap { $0 == .null ? nil : ": \($0.plain)" } ?? ""
        let more = run["isTotalCounted"] == .bool(false) ? " or more" : ""
        return "\(run.plain("id")) is \(run.plain("state"))\(note); "
            + "\(run.plain("applied")) of \(run.plain("total"))\(more) applied, "
            + "\(run.plain("refused")) refused, \(run.plain("cameOutWell")) came out well, "
            + "\(run.plain("failedAgain")) failed again"
    }

    /// Asks until it is over; where no server runs, the job that does it waits for one.
    private static func end(
        of begun: JSONValue, _ session: CommandSession, quiet: Bool
    ) async throws -> JSONValue {
        let clock = SystemTimekeeper()
        let end = clock.now + .seconds(600)
        var run = begun
        if !quiet { Terminal.line("\(run.plain("id")) has begun") }
        while ["trying", "running", "awaiting"].contains(run.plain("state")) {
            guard clock.now < end, session.isServed else {
                Terminal.error(
                    "\(run.plain("id")) goes on where a server runs; see “issues remedies”")
                break
            }
            if !quiet, Terminal.isInteractive {
                Terminal.line(
                    "\(run.plain("state")): \(run.plain("applied")) applied, "
                        + "\(run.plain("cameOutWell")) well, "
                        + "\(run.plain("failedAgain")) failed again …")
            }
            try await clock.sleep(for: .milliseconds(300))
            run = try await session.get("/v1/remedies/\(run.plain("id"))")
        }
        return run
    }
}

struct RetryIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Does again what an issue holds up, as it is.")

    @OptionGroup var remedy: RemedyOptions
    @Option(help: "Why, for those who read it later.") var reason: String?

    func run() async throws { try await remedy.apply("retry", reason: reason) }
}

struct EditIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Changes payloads or events an issue holds up, and does them again.",
        discussion: """
            The patch is a JSON object (RFC 7396): its members take the place of those with the same \
            name, null takes one out, all others stay. What is then no longer of its kind is refused.
            """)

    @OptionGroup var remedy: RemedyOptions
    @Option(help: "What changes, as JSON.") var patch: String
    @Option(help: "Why, for those who read it later.") var reason: String

    func run() async throws {
        guard let value = try? BodyCoder.decode(JSONValue.self, from: Array(patch.utf8)) else {
            throw ValidationError("--patch is no JSON")
        }
        try await remedy.apply("edit", reason: reason, patch: value)
    }
}

struct SkipIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip",
        abstract: "Never does what an issue holds up; what waits behind it goes on.")

    @OptionGroup var remedy: RemedyOptions
    @Option(help: "Why, for those who read it later.") var reason: String

    func run() async throws { try await remedy.apply("skip", reason: reason) }
}

struct ResolveIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Says that what an issue holds up was dealt with elsewhere.")

    @OptionGroup var remedy: RemedyOptions
    @Option(help: "How, for those who read it later.") var reason: String

    func run() async throws { try await remedy.apply("resolve", reason: reason) }
}
