import Dispatch
import Kernel
import Storage
import StorageTesting
import Synchronization
import Testing

@Suite struct WriteLineTests {
    /// Runs nothing before it is told to.
    private final class SlowWriter: BatchWriter {
        private let gate: Gate

        init(_ gate: Gate) { self.gate = gate }

        func runBatch(_ next: () -> EngineWork?) -> BatchOutcome {
            gate.wait()
            var outcome = BatchOutcome()
            while let work = next() { outcome.answers.append((work, .success(()))) }
            return outcome
        }
    }

    /// Closed until it is opened.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        func open() { semaphore.signal() }
        func wait() {
            semaphore.wait()
            semaphore.signal()
        }
    }

    private final class Answers: Sendable {
        private let all = Mutex<[WriteLane: [StorageFaultCode?]]>([:])

        func work(_ lane: WriteLane) -> EngineWork {
            EngineWork(lane: lane, tenant: .sample(1), run: { _ in }, undo: {}) { result in
                var code: StorageFaultCode?
                if case .failure(let error) = result { code = (error as? StorageError)?.reason }
                self.all.withLock { $0[lane, default: []].append(code) }
            }
        }

        subscript(_ lane: WriteLane) -> [StorageFaultCode?] { all.withLock { $0[lane] ?? [] } }
    }

    @Test func `past a stated count who can come again is sent away, and the platform is not`()
        async throws
    {
        let (gate, answers) = (Gate(), Answers())
        let line = WriteLine("test", SlowWriter(gate))

        for _ in 0..<12_000 { line.submit(answers.work(.interactive)) }
        for lane in [WriteLane.acknowledgement, .settling, .dispatching, .bulk] {
            line.submit(answers.work(lane))
        }
        let refused = answers[.interactive].count
        gate.open()
        await line.close()

        #expect((1900...2000).contains(refused))
        #expect(answers[.interactive].filter { $0 == .overloaded }.count == refused)
        #expect(answers[.interactive].count == 12_000)
        #expect(answers[.acknowledgement] == [.overloaded])
        for lane in [WriteLane.settling, .dispatching, .bulk] { #expect(answers[lane] == [nil]) }
    }

    @Test func `what comes after the end is refused, and what came before is written`() async throws
    {
        let (gate, answers) = (Gate(), Answers())
        let line = WriteLine("test", SlowWriter(gate))
        line.submit(answers.work(.settling))
        gate.open()

        await line.close()
        line.submit(answers.work(.bulk))

        #expect(answers[.settling] == [nil] && answers[.bulk] == [.closed])
    }
}
