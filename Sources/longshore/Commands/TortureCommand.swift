import ArgumentParser
import Foundation
import Glibc
import Storage
import Torture

struct TortureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture",
        abstract: "Breaks a scratch installation on this machine in every way it can, and counts.",
        discussion: """
            For each fault a process with this program's own store and dispatcher works as fast as it \
            can on a scratch copy, is broken again and again, and is then seen through to its end. \
            What it acknowledged and did was written down elsewhere at the time: that is compared \
            with what the store holds. Exits 1 when anything acknowledged is lost or any effect \
            happened twice or not at all, something is there that nobody asked for, a fault could not be \
            seen to its end, or the database's own checks find damage. STRUCK counts the rounds in \
            which the fault came about. Exits 2 where nothing is proven: when a fault never struck, or \
            nothing was acknowledged. --control does it wrong on purpose, and must lose: exits 1 \
            when every fault lost something, and 2 when one did not.

            Some faults need root or a tool; those that could not be run are named with the reason. \
            The store that is broken is the embedded one: a PostgreSQL server has its own proofs.
            """)

    @Option(help: "Rounds of each fault.") var rounds = 3
    @Option(help: "Folder for the scratch copies, on the disk that is to be tried.")
    var place = "/var/tmp"
    @Option(
        name: .customLong("fault"),
        help: """
            Only this; may be given several times: \
            \(Torture.Fault.allCases.map(\.rawValue).joined(separator: ", ")).
            """)
    var faults: [String] = []
    @Option(help: "Where chance begins.") var seed: UInt64 = 1
    @Flag(help: "Do it wrong on purpose: acknowledge too early, and do not wait for the disk.")
    var control = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...10_000).contains(rounds) else {
            throw ValidationError("--rounds must be 1 to 10000")
        }
        var isFolder = ObjCBool(false)
        guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder),
            isFolder.boolValue
        else { throw ValidationError("--place \(place) is no folder") }
        for name in faults where Torture.Fault(rawValue: name) == nil {
            throw ValidationError("no fault is called “\(name)”")
        }
    }

    func run() async throws {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        let chosen = faults.compactMap { Torture.Fault(rawValue: $0) }
        var verdicts: [TortureVerdict] = []
        for fault in chosen.isEmpty ? Torture.Fault.allCases : chosen {
            if !output.json, Terminal.isInteractive {
                Terminal.line("\(fault.rawValue): \(fault.summary) …")
            }
            // Only a power cut shows that nobody waited for the disk.
            let wrong: TortureWorker.Control? =
                control ? (fault == .powerCut ? .doesNotSync : .answersEarly) : nil
            let torture = Torture(
                program: program, place: place, rounds: rounds, control: wrong)
            verdicts.append(await torture.run(fault, seed: seed))
        }
        show(verdicts)
        // A control that was caught everywhere is broken as it should be.
        if control, !unproven(verdicts).isEmpty { throw ExitCode(2) }
        if verdicts.contains(where: { !$0.isSound }) { throw ExitCode.failure }
        if !unproven(verdicts).isEmpty { throw ExitCode(2) }
    }

    /// The faults of which nothing can be said: what did not strike, or acknowledged nothing, cannot
    /// have lost anything, and a control that lost nothing shows that losses are not seen.
    private func unproven(_ verdicts: [TortureVerdict]) -> [String] {
        let ran = verdicts.filter { $0.notRun == nil }
        if ran.isEmpty { return ["any fault"] }
        return ran.filter { !$0.isTelling || (control && $0.lost == 0) }.map(\.fault)
    }

    private func show(_ verdicts: [TortureVerdict]) {
        if output.json {
            let items = verdicts.compactMap { verdict in
                try? BodyCoder.decode(JSONValue.self, from: try BodyCoder.encode(verdict))
            }
            return Terminal.line(
                JSONValue.object([
                    "seed": .integer(Int64(clamping: seed)), "control": .bool(control),
                    "items": .array(items),
                ]).pretty)
        }
        Terminal.table(
            [
                "FAULT", "STRUCK", "TRIED", "ACKNOWLEDGED", "PRESENT", "LOST", "DUPLICATED",
                "UNDONE",
                "UNEXPECTED", "SET ASIDE", "WHAT",
            ],
            verdicts.filter { $0.notRun == nil }.map { verdict in
                [
                    verdict.fault, "\(verdict.struck) of \(verdict.rounds)", "\(verdict.tried)",
                    "\(verdict.acknowledged)", "\(verdict.present)", "\(verdict.lost)",
                    "\(verdict.duplicated)", "\(verdict.undone)", "\(verdict.unexpected)",
                    "\(verdict.quarantined)",
                    Torture.Fault(rawValue: verdict.fault)?.summary ?? "",
                ]
            })
        for verdict in verdicts {
            if let reason = verdict.notRun { Terminal.line("not run: \(verdict.fault): \(reason)") }
            if let reason = verdict.failed { Terminal.line("failed: \(verdict.fault): \(reason)") }
            for finding in verdict.damage { Terminal.line("damaged: \(verdict.fault): \(finding)") }
        }
        conclude(verdicts)
    }

    private func conclude(_ verdicts: [TortureVerdict]) {
        let unproven = unproven(verdicts)
        if verdicts.allSatisfy(\.isSound) {
            let acknowledged = verdicts.map(\.acknowledged).reduce(0, +)
            Terminal.line("0 of \(acknowledged) acknowledged are lost, no effect happened twice")
        } else {
            Terminal.line(
                "BROKEN: see LOST, DUPLICATED, UNDONE and UNEXPECTED"
                    + (control ? "; the control does it wrong on purpose" : ""))
        }
        guard !unproven.isEmpty else { return }
        Terminal.line(
            "NOT PROVEN for \(unproven.joined(separator: ", ")): "
                + (control
                    ? "done wrong on purpose it lost nothing either; try more rounds"
                    : "it never struck, nothing was acknowledged, or it could not be run"))
    }
}

/// The process that is tortured; not for people.
struct TortureWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture-worker", abstract: "The process that is tortured.",
        shouldDisplay: false)

    @Option var data: String
    @Option var outside: String
    @Option var from: Int64 = 0
    @Flag var settle = false
    @Option var control: String?
    @Option var fileLimit = 0

    func run() async throws {
        var options = TortureWorker.Options()
        options.data = data
        options.outside = outside
        options.from = from
        options.onlySettles = settle
        options.control = control.flatMap { TortureWorker.Control(rawValue: $0) }
        options.fileLimit = fileLimit
        try await TortureWorker(options).run()
    }
}
