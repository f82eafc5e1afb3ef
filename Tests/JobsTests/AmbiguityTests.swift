import EngineTesting
import Jobs
import Kernel
import Storage
import StorageTesting
import Synchronization
import Testing

/// R17: the other side does what it is asked, and its answer is lost: it is asked before it is told again.
@Suite(.onBothEngines, .namingTheEngine) struct AmbiguityTests {
    private struct Order: Job {
        static let kind: JobKind = "testing.order"
        let number: Int
    }

    /// Another system, whose answers come, are lost after it has acted, or before.
    private final class World: Sendable {
        private struct State {
            var random: SplitMix64
            var effects: [Int: Int] = [:]
            var lost = 0
            var looks = 0
        }

        private let state: Mutex<State>

        init(seed: UInt64) { state = Mutex(State(random: SplitMix64(seed: seed))) }

        var effects: [Int: Int] { state.withLock { $0.effects } }
        var lost: Int { state.withLock { $0.lost } }
        var looks: Int { state.withLock { $0.looks } }

        func order(_ number: Int) throws {
            try state.withLock { state in
                switch Int.random(in: 0..<10, using: &state.random) {
                case 0..<3:
                    state.effects[number, default: 0] += 1
                    state.lost += 1
                    throw JobsError(.timedOut, "the answer was lost")
                case 3..<5: throw JobsError(.timedOut, "it never got there")
                default: state.effects[number, default: 0] += 1
                }
            }
        }

        func look(_ number: Int) throws -> EffectLook {
            try state.withLock { state in
                state.looks += 1
                // Asking may fail as well.
                guard Int.random(in: 0..<10, using: &state.random) > 0 else {
                    throw JobsError(.timedOut, "nobody answered")
                }
                return state.effects[number] == nil ? .absent : .happened
            }
        }
    }

    private struct Orderer: JobWorker {
        let world: World
        /// Tells again without asking.
        let isBlind: Bool

        func work(_ job: Order, in context: JobContext) async throws -> JobOutcome {
            if isBlind {
                try world.order(job.number)
                return .completed
            }
            _ = try await EffectLedger().perform(
                scope: "world", key: "\(job.number)", in: context,
                look: { try world.look(job.number) }, call: { try world.order(job.number) },
                settle: { _, _ in })
            return .completed
        }
    }

    private static func run(_ count: Int, _ world: World, isBlind: Bool) async throws -> JobsStage {
        var stage = try await JobsStage()
        stage.registry.add(Orderer(world: world, isBlind: isBlind))
        try await stage.store.writeUnrepeated(.sample()) { transaction in
            for number in 0..<count { _ = try transaction.enqueue(Order(number: number)) }
        }
        try await stage.run { stage in
            try await stage.until {
                // In one look: between two of them a job may go from one state to the other.
                let states = try await stage.rows([
                    .available, .running, .retryable, .scheduled,
                ]).map(\.state)
                if states.isEmpty { return true }
                // Only while nothing runs: an attempt must not be run out of its time.
                if !states.contains(.available), !states.contains(.running) {
                    stage.timekeeper.advance(by: .seconds(600))
                }
                return false
            }
        }
        return stage
    }

    @Test func `of two thousand orders with lost answers each is placed once`() async throws {
        let world = World(seed: Seeds.of(1)[0])

        let stage = try await Self.run(2000, world, isBlind: false)

        let counts = try await stage.store.bookkeeping { try $0.jobCounts(tenant: .sample(1)) }
        #expect(counts == [.completed: 2000])
        #expect(world.effects.count == 2000 && world.effects.values.allSatisfy { $0 == 1 })
        #expect(world.lost > 400 && world.looks >= world.lost)
    }

    @Test func `the control: whoever tells again without asking orders twice`() async throws {
        let world = World(seed: Seeds.of(1)[0])

        _ = try await Self.run(100, world, isBlind: true)

        #expect(world.effects.values.contains { $0 > 1 })
    }

    /// A first call that gets there only after it was looked for; every later one is refused.
    private final class LateArrival: JobWorker {
        private let calls = Mutex(0)
        private let outcomes = Mutex<[String]>([])
        /// What there is to see when a refusal is looked into.
        private let shows: EffectLook

        init(shows: EffectLook) { self.shows = shows }

        var ends: [String] { outcomes.withLock { $0 } }

        func work(_ job: Order, in context: JobContext) async throws -> JobOutcome {
            let outcome = try await EffectLedger().perform(
                scope: "late", key: "\(job.number)", in: context,
                look: { calls.withLock { $0 } < 2 ? .absent : shows },
                call: {
                    let isFirst = calls.withLock { calls in
                        calls += 1
                        return calls == 1
                    }
                    throw isFirst
                        ? JobsError(.timedOut, "it is on its way")
                        : JobsError(.alreadyFinished, "it is done already")
                }, settle: { _, _ in })
            if case .refused(let fault) = outcome {
                outcomes.withLock { $0.append(fault.code) }
            } else {
                outcomes.withLock { $0.append("happened") }
            }
            return .completed
        }
    }

    @Test func `a refusal for the sake of what arrived late is no refusal`() async throws {
        for (shows, end) in [(EffectLook.happened, "happened"), (.absent, "jobs.alreadyFinished")] {
            var stage = try await JobsStage()
            let world = LateArrival(shows: shows)
            stage.registry.add(world)
            try await stage.store.writeUnrepeated(.sample()) {
                _ = try $0.enqueue(Order(number: 1))
            }

            try await stage.run { stage in
                try await stage.until {
                    if !world.ends.isEmpty { return true }
                    if try await stage.rows([.retryable]).count == 1 {
                        stage.timekeeper.advance(by: .seconds(600))
                    }
                    return false
                }
            }

            #expect(world.ends == [end])
        }
    }
}
