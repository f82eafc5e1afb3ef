import Foundation
import Glibc
import Kernel
import Processes

/// Tortures a scratch installation on this machine, one fault after the other.
package struct Torture: Sendable {
    package enum Fault: String, CaseIterable, Sendable {
        case kill, killInsideBatch, killBeforeCommit, killAfterCommit, killAfterClaim
        case killBeforeSettle, killAfterEffect, pause, fileLimit, slowDisk, failingSync
        case fullDisk, powerCut

        package var summary: String {
            switch self {
            case .kill: "kill -9 at any moment"
            case .killInsideBatch: "kill -9 while a batch is written"
            case .killBeforeCommit: "kill -9 before a commit"
            case .killAfterCommit: "kill -9 after a commit, before anyone hears of it"
            case .killAfterClaim: "kill -9 after jobs were claimed"
            case .killBeforeSettle: "kill -9 before a job's end is written"
            case .killAfterEffect: "kill -9 after an effect, before it is written down"
            case .pause: "stopped for a while, then killed"
            case .fileLimit: "files may not grow any more"
            case .slowDisk: "each sync takes 50 ms"
            case .failingSync: "a sync fails"
            case .fullDisk: "the disk is full, then has room again"
            case .powerCut: "the power goes: what was not synced is gone"
            }
        }

        /// How the process ends by it; `nil` where it lives on until it is killed.
        var ending: ChildProcess.Ending? {
            if crashPoint != nil { return .signalled(SIGKILL) }
            return self == .failingSync ? .exited(TortureWorker.brokenStore) : nil
        }

        /// Whether it is seen by what is refused.
        var refuses: Bool { self == .fileLimit || self == .fullDisk }

        /// Where in the code the process dies.
        var crashPoint: String? {
            switch self {
            case .killInsideBatch: "store.insideBatch"
            case .killBeforeCommit: "store.beforeCommit"
            case .killAfterCommit: "store.afterCommit"
            case .killAfterClaim: "jobs.afterClaim"
            case .killBeforeSettle: "jobs.beforeSettle"
            case .killAfterEffect: "effect.afterCall"
            default: nil
            }
        }
    }

    /// Bytes a file may hold where it may not grow; the record outside stays far below.
    private static let fileLimit = 8 * 1_048_576

    let program: String
    /// Where scratch folders are made; on a real disk.
    let place: String
    let rounds: Int
    let control: TortureWorker.Control?
    let clock = SystemTimekeeper()

    package init(program: String, place: String, rounds: Int, control: TortureWorker.Control?) {
        (self.program, self.place, self.rounds, self.control) = (program, place, rounds, control)
    }

    /// Runs one fault on a scratch copy of its own, and takes it away again.
    package func run(_ fault: Fault, seed: UInt64) async -> TortureVerdict {
        if let reason = Tools.missing(for: fault) { return TortureVerdict(fault, notRun: reason) }
        let folder = place + "/longshore-torture-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let disk: ScratchDisk
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            disk = try await ScratchDisk(for: fault, in: folder)
        } catch { return TortureVerdict(fault, notRun: "\(error)") }
        var random = SplitMix64(seed: seed)
        var done: [TortureRound] = []
        do {
            for number in 1...rounds {
                done.append(
                    try await round(fault, disk, folder, from: Int64(number) * 10_000_000, &random))
            }
            try await disk.grow()
            let settle = try await start(disk, folder, ["--settle"])
            try await ended(settle, within: .seconds(300))
            await disk.remove()
            return try TortureVerdict(fault, rounds: done, notebook: folder + "/outside")
        } catch {
            await disk.remove()
            return TortureVerdict(fault, rounds: done.count, failed: "\(error)")
        }
    }

    private func round(
        _ fault: Fault, _ disk: ScratchDisk, _ folder: String, from: Int64,
        _ random: inout SplitMix64
    ) async throws -> TortureRound {
        var arguments = ["--from", "\(from)"]
        if let control { arguments += ["--control", control.rawValue] }
        if fault == .fileLimit { arguments += ["--file-limit", "\(Self.fileLimit)"] }
        var environment: [String: String] = [:]
        if let point = fault.crashPoint {
            environment["LONGSHORE_CRASH_AT"] =
                "\(point):\(Int.random(in: 20...200, using: &random))"
        }
        let process = try await start(
            disk, folder, arguments, environment, tracing: Tools.tracing(fault, &random))
        let time = Duration.milliseconds(Int64.random(in: 200...1200, using: &random))
        try await begun(from, folder, process)
        let refused = refusals(folder)
        switch fault {
        case .pause:
            try await clock.sleep(for: time)
            process.signal(SIGSTOP)
            try await clock.sleep(for: .seconds(1))
            process.signal(SIGCONT)
            try await clock.sleep(for: .milliseconds(500))
        case .fullDisk:
            try await clock.sleep(for: .milliseconds(500))
            try disk.fill()
            try await clock.sleep(for: time)
            disk.makeRoom()
            try await clock.sleep(for: .seconds(1))
        case .powerCut:
            try await clock.sleep(for: time)
            try await standing(process)
            try disk.cutPower()
        default: try await happens(to: process, folder, after: time, fault, refused)
        }
        let isAlive = process.isRunning
        kill(process, folder)
        let ending = try await ended(process, within: .seconds(30))
        if fault == .powerCut { try await disk.powerUp() }
        let hasStruck =
            if let expected = fault.ending { !isAlive && ending == expected } else {
                isAlive && (!fault.refuses || refusals(folder) > refused)
            }
        return TortureRound(hasStruck: hasStruck, damage: try disk.damage(lookingIn: folder))
    }

    /// Lets time pass, and more where the machine is too busy for the fault to have come about.
    private func happens(
        to process: ChildProcess, _ folder: String, after time: Duration, _ fault: Fault,
        _ refused: Int
    ) async throws {
        try await clock.sleep(for: time)
        let end = clock.now + .seconds(10)
        while clock.now < end, process.isRunning,
            fault.ending != nil || (fault.refuses && refusals(folder) == refused)
        {
            try await clock.sleep(for: .milliseconds(50))
        }
    }

    /// How often work was refused so far.
    private func refusals(_ folder: String) -> Int {
        let text = (try? String(contentsOfFile: folder + "/outside", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").count { $0.hasPrefix("f ") }
    }

    /// Stops the process as the loss of power does: none of its threads runs on. What the disk is
    /// asked for at this moment stays asked for, but nobody hears its answer: while the filesystem is
    /// being cut off, ext4 may say yes to a sync of which nothing arrived. Of 100 cuts on a busy disk
    /// two did, and only for what was answered after the cut had begun.
    private func standing(_ process: ChildProcess) async throws {
        process.signal(SIGSTOP)
        let threads = "/proc/\(process.processID)/task"
        let end = clock.now + .seconds(30)
        while process.isRunning, clock.now < end {
            let states = try FileManager.default.contentsOfDirectory(atPath: threads).map {
                Self.state(of: threads + "/" + $0)
            }
            if states.allSatisfy({ $0 == "T" || $0 == "D" }) { return }
            try await clock.sleep(for: .milliseconds(1))
        }
        throw TortureError("the process could not be stopped")
    }

    /// A thread's state, as “T” for stopped and “D” for waiting for a disk (proc(5)).
    private static func state(of thread: String) -> Character? {
        let text = (try? String(contentsOfFile: thread + "/stat", encoding: .utf8)) ?? ""
        return text.split(separator: ")").last?.first { $0 != " " }
    }

    /// A busy machine takes its time to start: chance begins once work does.
    private func begun(_ from: Int64, _ folder: String, _ process: ChildProcess) async throws {
        let end = clock.now + .seconds(60)
        while process.isRunning {
            let text = (try? String(contentsOfFile: folder + "/outside", encoding: .utf8)) ?? ""
            if text.contains("\nt \(from + 1)\n") { return }
            guard clock.now < end else {
                throw TortureError("the process did not begin to work within a minute")
            }
            try await clock.sleep(for: .milliseconds(50))
        }
    }

    /// Kills the worker itself; a tracer ends with it, once the kernel lets go of the last call.
    private func kill(_ process: ChildProcess, _ folder: String) {
        let text = (try? String(contentsOfFile: folder + "/outside", encoding: .utf8)) ?? ""
        let last = text.split(separator: "\n").last { $0.hasPrefix("pid ") }
        guard let number = last.flatMap({ pid_t($0.dropFirst(4)) }) else {
            return process.signal(SIGKILL)
        }
        // Only while it is still ours: a number may soon be another's.
        let command = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
        if String(decoding: command, as: UTF8.self).contains("torture-worker") {
            Glibc.kill(number, SIGKILL)
        }
    }

    private func start(
        _ disk: ScratchDisk, _ folder: String, _ arguments: [String],
        _ environment: [String: String] = [:], tracing: [String] = []
    ) async throws -> ChildProcess {
        let command =
            tracing + [
                program, "torture-worker", "--data", disk.dataPath, "--outside",
                folder + "/outside",
            ] + arguments
        return try await ChildProcess.start(command, environment: environment, log: "/dev/null")
    }

    @discardableResult
    private func ended(
        _ process: ChildProcess, within limit: Duration
    ) async throws -> ChildProcess.Ending {
        let end = clock.now + limit
        while process.isRunning {
            guard clock.now < end else {
                process.signal(SIGKILL)
                throw TortureError("the process did not end in \(limit.components.seconds) s")
            }
            try await clock.sleep(for: .milliseconds(20))
        }
        return try await process.ended()
    }
}
