import Foundation
import Kernel
import Processes
import Simulation
import Storage
import StorageTesting
import Testing

/// R28: the real dispatcher, store and workers under simulated time, chance, disk and network.
@Suite struct SimulationTests {
    /// In a process of its own, which takes a whole processor.
    private func simulate(_ arguments: [String]) async throws -> (status: Int32, said: JSONValue) {
        let (ending, text) = try await Turnstile.processes.pass {
            try await ChildProcess.run(
                [ProcessSession.program.path, "simulate", "--json"] + arguments, errors: .asOurs)
        }
        guard case .exited(let status) = ending else {
            throw StageError(description: "simulate ended by \(ending)")
        }
        let said = try BodyCoder.decode(JSONValue.self, from: Array(text.utf8))
        return (status, said)
    }

    @Test func `five hundred days of bad luck break no law`() async throws {
        let first = Seeds.of(1)[0]

        // One day after the other on one thread: two processes use two processors.
        async let earlier = simulate(["--seed", "\(first)", "--seeds", "250"])
        async let later = simulate(["--seed", "\(first + 250)", "--seeds", "250"])
        let halves = try await [earlier, later]

        func total(_ name: String) -> Int {
            halves.compactMap { Int($0.said[name].text) }.reduce(0, +)
        }
        let broken = halves.flatMap { $0.said["reports"].list }
            .filter { !$0["violations"].list.isEmpty }
            .map { "seed \($0["seed"].text): \($0["violations"].list.map(\.text))" }
        #expect(halves.allSatisfy { $0.status == 0 } && broken.isEmpty, "\(broken)")
        #expect(total("days") == 500 && total("deaths") > 200 && total("orders") > 1500)
        let reached = Set(halves.flatMap { $0.said["reached"].list.map(\.text) })
        for point in [
            "clock.step", "disk.diedAfterCommit", "disk.diedBeforeCommit", "disk.full",
            "effect.hadHappened", "effect.hadNotHappened", "events.alone", "events.aloneAgain",
            "events.handledAfterAll", "events.setAside", "events.waitedBehind",
            "jobs.broughtForward", "jobs.endWrittenLater", "jobs.excused", "jobs.promoted",
            "jobs.quarantined", "jobs.suspectAlone", "network.answerLost", "network.notReached",
            "network.status400", "network.status401", "network.status404", "network.status429",
            "network.status503", "webhook.toNobody",
        ] {
            #expect(reached.contains(point), "\(point) was never reached")
        }
    }

    @Test func `the same seed gives the same trace in every process, another one another`()
        async throws
    {
        let seed = Seeds.of(1)[0]
        var hashes: [[String]] = []
        for _ in 0..<2 {
            let (_, said) = try await simulate(["--seed", "\(seed)", "--seeds", "12"])
            hashes.append(said["reports"].list.map { $0["traceHash"].text })
        }

        #expect(hashes[0] == hashes[1] && hashes[0].count == 12)
        #expect(Set(hashes[0]).count == 12)
    }

    @Test(arguments: PlantedFault.allCases)
    func `a planted fault is found within two hundred seeds`(_ fault: PlantedFault) async throws {
        let first = Seeds.of(1)[0]

        let (status, said) = try await simulate([
            "--seed", "\(first)", "--seeds", "200", "--plant", fault.rawValue,
        ])

        #expect(status == 1, "\(fault.summary): not found in \(said["days"].text) seeds")
    }
}
