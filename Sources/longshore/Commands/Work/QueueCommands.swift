import ArgumentParser
import Storage

struct QueuesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues", abstract: "Shows what waits, and holds it back or lets it go on.",
        subcommands: [
            ListQueues.self, PauseQueue.self, DrainQueue.self, ResumeQueue.self, ListPauses.self,
            LimitQueue.self, UnlimitQueue.self, ListLimits.self, ListBreakers.self,
        ])
}

struct ListQueues: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists waiting and running work by queue and kind.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/v1/queues",
            [
                .init("QUEUE", "queue"), .init("KIND", "kind"),
                .init("CONNECTION", "connection", namesAt: "/v1/connections"),
                .init("WAIT", "available"), .init("RUN", "running"),
                .init("LATER", "scheduled"), .init("RETRY", "retryable"),
                .init("OLDEST (s)", "waitingSeconds"),
            ], options, output)
    }
}

struct PauseQueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Starts nothing under a scope; what runs goes on.",
        discussion: """
            A scope is queue:NAME, kind:NAME, tenant:NAME, connection:NAME or key:NAME, as “queues \
            list” shows them; tenants and connections also by identifier. It holds for the whole \
            installation until “queues resume”. “queues pauses” tells how much still runs, and “queues drain” waits.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "What to hold back, such as kind:walmart.fetchOrder.") var scope: String
    @Option(help: "Why, for those who read it later.") var reason: String

    func run() async throws {
        let body = JSONValue.object(["scope": .string(scope), "reason": .string(reason)])
        try await Listing.make("/admin/pauses", body, options, output) {
            "\($0.plain("scope")) is paused; \($0.plain("running")) of it still run"
        }
    }
}

struct DrainQueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Pauses a scope and waits until nothing under it runs.",
        discussion: """
            A scope as for “queues pause”. What waits stays where it is; “queues resume” lets it go on. \
            Jobs in every process that serves the database are counted. Where some still run after the \
            time given, it says how many and exits with 1; the scope stays paused.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "What to drain, such as connection:shop.") var scope: String
    @Option(help: "Why, for those who read it later.") var reason: String
    @Option(help: "Seconds to wait at most.") var seconds = 300

    func validate() throws {
        guard (1...86_400).contains(seconds) else {
            throw ValidationError("--seconds must be 1 to 86400")
        }
    }

    func run() async throws {
        let (scope, reason, seconds, json) = (scope, reason, seconds, output.json)
        try await CommandSession.run(options) { session in
            var pause = try await session.post(
                "/admin/pauses",
                .object(["scope": .string(scope), "reason": .string(reason)]))
            let name = pause.plain("scope")
            let end = ContinuousClock.now + .seconds(seconds)
            // A process hears of a pause within a second, and may have begun one just before.
            let heard = ContinuousClock.now + .seconds(min(3, seconds))
            var told = ""
            while pause.plain("running") != "0" && ContinuousClock.now < end
                || ContinuousClock.now < heard
            {
                if pause.plain("running") != told {
                    told = pause.plain("running")
                    Terminal.note("\(name) is paused; \(told) of it still run …")
                }
                try await Task.sleep(for: .milliseconds(250))
                pause =
                    try await session.get("/admin/pauses").items
                    .first { $0.plain("scope") == name } ?? pause
            }
            if json { Terminal.line(pause.pretty) }
            guard pause.plain("running") == "0" else {
                Terminal.error(
                    "\(pause.plain("running")) jobs under \(name) still run after \(seconds) s")
                throw ExitCode.failure
            }
            if !json { Terminal.line("\(name) is paused, and nothing of it runs") }
        }
    }
}

struct ResumeQueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets work under a scope go on.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "What was held back.") var scope: String

    func run() async throws {
        let scope = scope
        try await Listing.make(
            "/admin/resumptions", .object(["scope": .string(scope)]), options, output
        ) {
            $0["wasPaused"] == .bool(true) ? "\(scope) goes on" : "\(scope) was not paused"
        }
    }
}

struct LimitQueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Limits what runs under a scope, or gives it a larger share.",
        discussion: """
            A scope is queue:NAME, kind:NAME, tenant:NAME or connection:NAME. What is not named stays as \
            it was. Where a connection publishes limits of its own, the stricter one holds; those are \
            changed with “connections change --limit”. All work of a tenant is in one process, so a \
            tenant's and a connection's limits hold for the whole installation; a queue's and a kind's \
            hold in each process. Where there is more work than room, a tenant of weight 3 gets three \
            turns for each one of a tenant of weight 1; so do connections within a tenant.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "What to limit, such as tenant:acme.") var scope: String
    @Option(help: "So many at once.") var concurrency: Int?
    @Option(help: "So many a minute.") var perMinute: Int?
    @Option(help: "Its share, 1 to 100; 1 unless set. For tenants and connections.") var weight:
        Int?

    func run() async throws {
        var body: [String: JSONValue] = ["scope": .string(scope)]
        for (name, value) in [
            ("concurrency", concurrency), ("perMinute", perMinute), ("weight", weight),
        ] {
            if let value { body[name] = .integer(Int64(value)) }
        }
        try await Listing.make("/admin/limits", .object(body), options, output) { limit in
            let parts = [
                ("concurrency", "at once"), ("perMinute", "a minute"), ("weight", "of weight"),
            ]
            .compactMap { name, words in
                limit[name].flatMap { $0 == .null ? nil : "\($0.plain) \(words)" }
            }
            return "\(limit.plain("scope")): \(parts.joined(separator: ", "))"
        }
    }
}

struct UnlimitQueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlimit", abstract: "Takes away what was set for a scope.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "What was limited.") var scope: String

    func run() async throws {
        let scope = scope
        try await Listing.make(
            "/admin/limits/removal", .object(["scope": .string(scope)]), options, output
        ) {
            $0["wasLimited"] == .bool(true)
                ? "\(scope) has no limits of its own any more" : "\(scope) had none"
        }
    }
}

struct ListLimits: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits", abstract: "Lists what was set for scopes, by whom and when.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/admin/limits",
            [
                .init("SCOPE", "scope"), .init("AT ONCE", "concurrency"),
                .init("A MINUTE", "perMinute"), .init("WEIGHT", "weight"), .init("RUN", "running"),
                .init("SINCE", "since"), .init("BY", "by"),
            ], options, output)
    }
}

struct ListPauses: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pauses", abstract: "Lists what is held back, by whom and why.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/admin/pauses",
            [
                .init("SCOPE", "scope"), .init("SINCE", "since"), .init("BY", "by"),
                .init("STILL RUN", "running"), .init("REASON", "reason"),
            ], options, output)
    }
}

struct ListBreakers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breakers",
        abstract: "Lists connections whose calls do not come through, or recover.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/admin/breakers",
            [
                .init("CONNECTION", "connection", namesAt: "/v1/connections"),
                .init("STATE", "state"), .init("FAILURES", "failures"), .init("SINCE", "since"),
                .init("TRIED AGAIN", "probeAt"), .init("AT ONCE", "allowed"),
            ], options, output)
    }
}

struct SchedulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedules", abstract: "Shows recurring work and what became of each time.",
        subcommands: [
            ListSchedules.self, ListFirings.self, PauseSchedule.self, ResumeSchedule.self,
            StartSchedule.self,
        ])
}

struct ListSchedules: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists schedules with when they are due next.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Listing.show(
            "/admin/schedules",
            [
                .init("SCHEDULE", "name"), .init("CRON", "cron"), .init("ZONE", "zone"),
                .init("NEXT", "next"), .init("LAST JOB", "lastJob"), .init("PAUSED BY", "pausedBy"),
            ], options, output)
    }
}

struct ListFirings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Lists due times, newest first: started, skipped or missed, and why.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Only this schedule.") var name: String?
    @Option(help: "How many, up to 500.") var limit = 50

    func run() async throws {
        try await Listing.show(
            "/admin/firings?limit=\(limit)" + (name.map { "&schedule=\($0)" } ?? ""),
            [
                .init("SCHEDULE", "schedule"), .init("DUE", "due"), .init("OUTCOME", "outcome"),
                .init("DECIDED", "decidedAt"), .init("JOB", "job"), .init("REASON", "reason"),
            ], options, output)
    }
}

struct PauseSchedule: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Leaves a schedule's times out until it is resumed.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The schedule.") var name: String

    func run() async throws {
        let name = name
        try await Listing.make("/admin/schedules/\(name)/pause", .object([:]), options, output) {
            _ in "\(name) is paused"
        }
    }
}

struct ResumeSchedule: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a schedule be due again from its next time on.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The schedule.") var name: String

    func run() async throws {
        let name = name
        try await Listing.make(
            "/admin/schedules/\(name)/resumption", .object([:]), options, output
        ) { "\(name) is due next at \($0.plain("next"))" }
    }
}

struct StartSchedule: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts a schedule's work now, beside its times.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The schedule.") var name: String

    func run() async throws {
        let name = name
        try await Listing.make("/admin/schedules/\(name)/start", .object([:]), options, output) {
            "\(name) is started as job \($0.plain("job"))"
        }
    }
}
