import ArgumentParser
import Foundation
import Kernel
import Platform
import Storage
import StorageSQLite

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks the invariants I1 to I6 over everything that is stored.",
        discussion: "Exits 1 when one does not hold.")

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let json = output.json
        if !json, Terminal.isInteractive {
            Terminal.line("Reading everything; this may take a while …")
        }
        try await CommandSession.run(options) { session in
            let report = try await session.get("/v1/verification")
            guard case .array(let findings) = report["findings"] ?? .null else {
                throw ExitCode.failure
            }
            if json {
                Terminal.line(report.pretty)
            } else {
                for finding in findings {
                    Terminal.line(
                        "\(finding.plain("invariant"))  \(finding.plain("subject"))  \(finding.plain("detail"))"
                    )
                }
                Terminal.line(
                    "\(report.plain("orders")) orders, "
                        + "\(report.plain("fulfilmentOrders")) fulfilment orders, "
                        + "\(report.plain("stockLevels")) stock levels, "
                        + "\(report.plain("reservations")) reservations: "
                        + (findings.isEmpty
                            ? "every invariant holds" : "\(findings.count) findings"))
                Terminal.line("not checked: \(report.plain("unchecked"))")
            }
            if !findings.isEmpty { throw ExitCode.failure }
        }
    }
}

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says in words what is wrong with this installation.",
        discussion: """
            Exits 1 when the installation itself is not sound. Work that waits for a person is a \
            warning; with --strict that exits 1 too.
            """)

    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Exit 1 for warnings too.") var strict = false

    func run() async throws {
        let (path, json) = (options.data, output.json)
        var checks = Self.folderChecks(path)
        do {
            let facts = FactsBox()
            try await CommandSession.run(options) { session in
                await facts.set(try await session.get("/admin/facts"))
                do { await facts.set(work: try await Self.stuckWork(session)) } catch is ExitCode {
                    let detail = "stuck work was not looked at; see above"
                    await facts.set(
                        work: [Check(name: "tenant", verdict: .warning, detail: detail)])
                }
            }
            checks += Self.storeChecks(await facts.value) + (await facts.work)
        } catch let fault as any Fault {
            checks.append(Check(name: "store", verdict: .wrong, detail: fault.description))
        }
        if json {
            let rows = checks.map { check in
                JSONValue.object([
                    "name": .string(check.name), "verdict": .string(check.verdict.rawValue),
                    "detail": .string(check.detail),
                ])
            }
            Terminal.line(JSONValue.object(["items": .array(rows)]).pretty)
        } else {
            Terminal.table(
                ["CHECK", "VERDICT", "DETAIL"],
                checks.map { [$0.name, $0.verdict.rawValue, $0.detail] })
        }
        let isStrict = strict
        if checks.contains(where: { $0.verdict == .wrong || isStrict && $0.verdict == .warning }) {
            throw ExitCode.failure
        }
    }

    private actor FactsBox {
        private(set) var value = JSONValue.null
        private(set) var work: [Check] = []
        func set(_ facts: JSONValue) { value = facts }
        func set(work: [Check]) { self.work = work }
    }

    /// What waits for a person. With several tenants it is said of the one named.
    private static func stuckWork(_ session: CommandSession) async throws -> [Check] {
        let orders = try await session.get("/v1/orders/counts")
        let parked = try await session.get("/v1/parked?limit=500").items.count
        let jobs = try await session.get("/v1/jobs/counts")
        let failedOrders = orders["failed"]?.plain ?? "0"
        let failedJobs = jobs["discarded"]?.plain ?? "0"
        let waiting = orders["waiting"]?.plain ?? "0"
        let issues = try await session.get("/v1/issues?limit=500").items.count
        let known = try await session.get("/v1/connections").items
        let enabled = Dictionary(
            known.filter { $0["isEnabled"] != .bool(false) }
                .map { ($0.plain("id"), $0.plain("name")) }
        ) { first, _ in first }
        let polls = try await session.get("/v1/polls").items.filter {
            $0["fault"] != nil && enabled[$0.plain("connection")] != nil
        }
        let unread = polls.map { poll in
            Check(
                name: "channel", verdict: .warning,
                detail: "\(enabled[poll.plain("connection")] ?? "") "
                    + "(\(poll.plain("connection"))) cannot be read (\(poll.plain("list"))) since "
                    + "\(poll.plain("failingSince")): \(poll["fault"]?.plain("detail") ?? "")")
        }
        return try await heldBack(session, enabled) + unread
            + [
                ("waiting", waiting, "orders wait: longshore orders list --stage waiting"),
                ("orders", failedOrders, "need a person: longshore orders list --stage failed"),
                ("issues", String(issues), "are open: longshore issues list"),
                ("events", String(parked), "are parked: longshore parked list"),
                ("jobs", failedJobs, "failed: longshore jobs list --state discarded"),
            ].map { name, count, words in
                Check(
                    name: name, verdict: count == "0" ? .good : .warning,
                    detail: count == "0" ? "nothing waits for a person" : "\(count) \(words)")
            }
    }

    /// What people or breakers hold back, of the whole installation.
    private static func heldBack(
        _ session: CommandSession, _ names: [String: String]
    ) async throws -> [Check] {
        let pauses = try await session.get("/admin/pauses").items.map { pause in
            Check(
                name: "paused", verdict: .warning,
                detail: "\(pause.plain("scope")) since \(pause.plain("since")): "
                    + pause.plain("reason"))
        }
        let breakers = try await session.get("/admin/breakers").items.filter {
            !["closed", "recovering"].contains($0.plain("state"))
        }
        return pauses
            + breakers.map { breaker in
                let connection = breaker.plain("connection")
                return Check(
                    name: "breaker", verdict: .warning,
                    detail: "calls to \(names[connection] ?? connection) do not come through "
                        + "since \(breaker.plain("since")): "
                        + (breaker["fault"]?.plain("detail") ?? ""))
            }
    }

    struct Check {
        enum Verdict: String { case good, warning, wrong }
        let name: String
        let verdict: Verdict
        let detail: String
    }

    private static func folderChecks(_ path: String) -> [Check] {
        var checks: [Check] = []
        do {
            _ = try SecretsFile.read(in: path)
            checks.append(Check(name: "secrets", verdict: .good, detail: "readable by you alone"))
        } catch let fault as any Fault {
            checks.append(Check(name: "secrets", verdict: .wrong, detail: fault.detail))
        } catch {
            checks.append(Check(name: "secrets", verdict: .wrong, detail: "\(error)"))
        }
        let file = path + "/longshore.db"
        let mode = (try? FileManager.default.attributesOfItem(atPath: file))?[.posixPermissions]
        if let bits = (mode as? NSNumber)?.intValue, bits & 0o077 != 0 {
            checks.append(
                Check(
                    name: "rights", verdict: .warning,
                    detail: "\(file) can be read by others: chmod 600 \(file)*"))
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
        if let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value {
            let gigabytes = free / 1_073_741_824
            checks.append(
                Check(
                    name: "disk", verdict: gigabytes < 1 ? .warning : .good,
                    detail: "\(gigabytes) GiB free"))
        }
        return checks
    }

    private static func storeChecks(_ facts: JSONValue) -> [Check] {
        let engine = facts["engine"]?.plain ?? "unknown"
        if facts["synchronous_commit"] != nil { return serverChecks(facts, engine) }
        let isFull = facts["synchronous"]?.plain == "2"
        let isLogged = facts["journal_mode"]?.plain == "wal"
        let numbers = engine.split(separator: " ").last?.split(separator: ".").compactMap {
            Int($0)
        }
        let isMended = (numbers ?? []).lexicographicallyPrecedes([3, 51, 3]) == false
        return [
            Check(
                name: "durability", verdict: isFull && isLogged ? .good : .wrong,
                detail:
                    "journal \(facts.plain("journal_mode")), "
                    + "synchronous \(facts.plain("synchronous")); 2 is FULL"
            ),
            Check(
                name: "sqlite", verdict: .good,
                detail: isMended
                    ? engine
                    : engine
                        + ": before 3.51.3 two writing processes can damage the log; only one process writes here"
            ),
        ]
    }

    /// A database server's own settings, and this process' part of the work.
    private static func serverChecks(_ facts: JSONValue, _ engine: String) -> [Check] {
        let names = ["synchronous_commit", "fsync", "full_page_writes"]
        let isSafe = names.allSatisfy { !["off", "local"].contains(facts.plain($0)) }
        let shares = facts.plain("shares_held")
        return [
            Check(
                name: "durability", verdict: isSafe ? .good : .wrong,
                detail: names.map { "\($0) \(facts.plain($0))" }.joined(separator: ", ")),
            Check(name: "database", verdict: .good, detail: engine),
            Check(
                name: "work", verdict: .good,
                detail: "\(facts.plain("process")) has \(shares) of 64 shares"),
        ]
    }
}
