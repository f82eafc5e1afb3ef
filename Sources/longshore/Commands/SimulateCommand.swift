import ArgumentParser
import Foundation
import Glibc
import Simulation
import Storage

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs the platform through days of bad luck, each from one seed.",
        discussion: """
            The dispatcher, the store and the workers are those of “serve”; time, chance, disk and \
            network are simulated: the process dies inside commits, the disk fills, answers are cut, \
            webhooks are lost or come twice, the clock is set. When everything has come to rest the \
            marketplace's own ledger is compared with our records. The same seed gives the same \
            trace hash on every machine. Exits 1 when a law was broken.

              longshore simulate --seed 7 --trace
              longshore simulate --seeds 500
              longshore simulate --plant losesJobs --seeds 200
            """)

    @Option(help: "The seed, or the first of them.") var seed: UInt64 = 1
    @Option(help: "How many seeds, one after the other.") var seeds = 1
    @Option(
        help: """
            A fault to plant, for the laws to find: \
            \(PlantedFault.allCases.map(\.rawValue).joined(separator: ", ")); or “all”, each in turn.
            """)
    var plant: String?
    @Flag(help: "Print all that happened.") var trace = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1_000_000).contains(seeds) else {
            throw ValidationError("--seeds must be 1 to 1000000")
        }
        guard plant == nil || plant == "all" || PlantedFault(rawValue: plant ?? "") != nil else {
            throw ValidationError("no fault is called “\(plant ?? "")”")
        }
    }

    func run() async throws {
        try Self.fixHashing()
        let simulation = try Simulation()
        if plant == "all" { return try showAllFound(simulation) }
        let fault = plant.flatMap { PlantedFault(rawValue: $0) }
        var tally = Tally()
        for number in 0..<UInt64(seeds) {
            let report = try simulation.run(
                seed: seed &+ number, planting: fault, keepsAll: trace)
            tally.add(report)
            if !output.json, seeds == 1 || !report.violations.isEmpty { show(report) }
            if fault != nil, !report.violations.isEmpty { break }
        }
        if output.json {
            Terminal.line(tally.json(withTrace: trace).pretty)
        } else if seeds > 1 {
            Terminal.line(tally.words)
        }
        if !tally.broken.isEmpty { throw ExitCode.failure }
    }

    /// What many days came to.
    private struct Tally {
        var reports: [Simulation.Report] = []
        var reached: Set<String> = []
        var (days, orders, calls, deaths) = (0, 0, 0, 0)
        var broken: [Simulation.Report] { reports.filter { !$0.violations.isEmpty } }

        mutating func add(_ report: Simulation.Report) {
            days += 1
            orders += report.orders
            calls += report.calls
            deaths += report.deaths
            reached.formUnion(report.reached)
            // A million days are not kept: only the first, and those that tell something.
            if reports.count < 100 || !report.violations.isEmpty { reports.append(report) }
        }

        var words: String {
            "\(days) days: \(orders) orders, \(calls) calls, \(deaths) deaths; "
                + "\(broken.count) broke a law. Reached: \(reached.sorted().joined(separator: ", "))"
        }

        func json(withTrace: Bool) -> JSONValue {
            .object([
                "days": .integer(Int64(days)), "orders": .integer(Int64(orders)),
                "calls": .integer(Int64(calls)), "deaths": .integer(Int64(deaths)),
                "broken": .integer(Int64(broken.count)),
                "reached": .array(reached.sorted().map { .string($0) }),
                "reports": .array(reports.map { Self.json($0, withTrace) }),
            ])
        }

        private static func json(_ report: Simulation.Report, _ withTrace: Bool) -> JSONValue {
            .object([
                "seed": .integer(Int64(clamping: report.seed)),
                "traceHash": .string(report.traceHash),
                "orders": .integer(Int64(report.orders)), "calls": .integer(Int64(report.calls)),
                "deaths": .integer(Int64(report.deaths)),
                "violations": .array(report.violations.map { .string($0) }),
                "trace": .array((withTrace ? report.trace : []).map { .string($0) }),
            ])
        }
    }

    private func show(_ report: Simulation.Report) {
        if trace || !report.violations.isEmpty {
            for line in report.trace { Terminal.line("  \(line)") }
        }
        Terminal.line(
            "seed \(report.seed): trace \(report.traceHash), \(report.orders) orders, "
                + "\(report.calls) calls, \(report.deaths) deaths, "
                + "\(report.simulated.components.seconds) s simulated, "
                + (report.violations.isEmpty ? "no law broken" : "a law broken"))
        for violation in report.violations { Terminal.line("  BROKEN: \(violation)") }
    }

    /// Each planted fault, and the first seed that shows it.
    private func showAllFound(_ simulation: Simulation) throws {
        var missed = 0
        var items: [JSONValue] = []
        for fault in PlantedFault.allCases {
            var found: Simulation.Report?
            var number: UInt64 = 0
            while found == nil, number < UInt64(max(seeds, 1)) {
                let report = try simulation.run(seed: seed &+ number, planting: fault)
                if !report.violations.isEmpty { found = report }
                number += 1
            }
            if found == nil { missed += 1 }
            items.append(
                .object([
                    "fault": .string(fault.rawValue), "isFound": .bool(found != nil),
                    "seeds": .integer(Int64(number)),
                    "violation": found?.violations.first.map { .string($0) } ?? .null,
                ]))
            guard !output.json else { continue }
            Terminal.line(
                found.map {
                    "\(fault.rawValue): found after \(number): \($0.violations.first ?? "")"
                } ?? "\(fault.rawValue) (\(fault.summary)): NOT found in \(number) seeds")
        }
        if output.json { Terminal.line(JSONValue.object(["items": .array(items)]).pretty) }
        if missed > 0 { throw ExitCode.failure }
    }

    /// The order of sets and dictionaries is drawn anew in every process, unless this is said before
    /// it starts: so it starts itself again.
    private static func fixHashing() throws {
        guard getenv("SWIFT_DETERMINISTIC_HASHING") == nil else { return }
        setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        throw ValidationError("cannot start itself again: \(String(cString: strerror(errno)))")
    }
}
