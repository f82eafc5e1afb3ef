import Foundation
import Glibc
import Kernel
import Storage
import StorageTesting
import Testing
import Torture

/// R1, R2, R5 and R7 in short, with controls that must lose.
@Suite(.serialized) struct TortureTests {
    private func torture(
        _ faults: [Torture.Fault], rounds: Int, isControl: Bool = false,
        atPowerCut control: TortureWorker.Control = .doesNotSync
    ) async throws -> [TortureVerdict] {
        let seed = Seeds.of(1)[0]
        var verdicts: [TortureVerdict] = []
        for fault in faults {
            let wrong: TortureWorker.Control? =
                isControl ? (fault == .powerCut ? control : .answersEarly) : nil
            let torture = Torture(
                program: ProcessSession.program.path, place: "/var/tmp", rounds: rounds,
                control: wrong)
            let verdict = try await Turnstile.processes.pass {
                await torture.run(fault, seed: seed)
            }
            if let reason = verdict.notRun {
                #expect(
                    ProcessInfo.processInfo.environment["CI"] == nil || getuid() != 0, "\(reason)")
                print("SKIPPED: \(fault.rawValue) \(reason)")
                continue
            }
            verdicts.append(verdict)
        }
        return verdicts
    }

    /// R1: sixty cycles.
    @Test func `sixty kills at any moment and at named ones lose nothing`() async throws {
        let verdicts =
            try await torture(
                [
                    .kill, .killInsideBatch, .killBeforeCommit, .killAfterCommit, .killAfterClaim,
                    .killBeforeSettle, .killAfterEffect, .pause,
                ], rounds: 7) + torture([.fileLimit], rounds: 4)

        #expect(verdicts.count == 9 && verdicts.map(\.rounds).reduce(0, +) == 60)
        for verdict in verdicts {
            #expect(
                verdict.isSound && verdict.isTelling && verdict.acknowledged > 50, "\(verdict)")
        }
    }

    @Test func `full and slow disks, failing syncs and power cuts lose nothing`() async throws {
        let verdicts =
            try await torture([.fullDisk, .slowDisk, .failingSync], rounds: 3)
            + torture([.powerCut], rounds: 10)

        for verdict in verdicts {
            // A disk a hundred times slower acknowledges little, but something.
            #expect(
                verdict.isSound && verdict.isTelling && verdict.acknowledged > 5, "\(verdict)")
        }
    }

    @Test func `the controls lose`() async throws {
        for verdict in try await torture(
            [.killBeforeCommit, .killAfterCommit, .fileLimit, .fullDisk, .slowDisk, .powerCut],
            rounds: 2, isControl: true)
            + torture([.powerCut], rounds: 2, isControl: true, atPowerCut: .syncsRarely)
        {
            #expect(verdict.lost > 0, "\(verdict)")
        }
    }
}
