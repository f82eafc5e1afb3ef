import HeapModule
package import Kernel
import Synchronization

/// The marketplace's own clock, which nobody sets.
struct TrueClock: Timekeeper {
    let time: SimulatedTime

    var now: Instant { time.steady }
    var steady: Instant { time.steady }

    func sleep(untilSteady deadline: Instant) async throws {
        try await time.sleep(untilSteady: deadline)
    }
}

/// The one thread of a simulation: which task goes on next is drawn from a seed, and time stands
/// still while any can.
package final class SimulatedTime: TaskExecutor, Timekeeper {
    private struct Timed: Comparable {
        let at: Instant
        let order: UInt64
        let run: @Sendable () -> Void

        static func < (one: Timed, other: Timed) -> Bool {
            (one.at, one.order) < (other.at, other.order)
        }
        static func == (one: Timed, other: Timed) -> Bool { one.order == other.order }
    }

    private struct State {
        var ready: [UnownedJob] = []
        var timed = Heap<Timed>()
        var steady: Instant
        var skew = Duration.zero
        var order: UInt64 = 0
        var random: SplitMix64
        var sleepers: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state: Mutex<State>

    package init(seed: UInt64, from start: Instant) {
        state = Mutex(State(steady: start, random: SplitMix64(seed: seed)))
    }

    /// What the machine's clock shows; it may have been set.
    package var now: Instant { state.withLock { $0.steady + $0.skew } }
    /// Time that only goes forward.
    package var steady: Instant { state.withLock { $0.steady } }

    package func draw() -> UInt64 { state.withLock { $0.random.next() } }

    func chance(_ perMille: Int) -> Bool { Int(draw() % 1000) < perMille }

    func pick(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(draw() % UInt64(range.count))
    }

    /// Someone sets the machine's clock.
    func setClock(by step: Duration) { state.withLock { $0.skew += step } }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    package func after(_ wait: Duration, _ run: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.order += 1
            state.timed.insert(
                Timed(at: state.steady + max(wait, .zero), order: state.order, run: run))
        }
    }

    package func sleep(untilSteady deadline: Instant) async throws {
        let number = state.withLock { state in
            state.order += 1
            return state.order
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let wait = deadline.duration(since: steady)
                let isOver = state.withLock { state in
                    guard wait > .zero, !Task.isCancelled else { return true }
                    state.sleepers[number] = continuation
                    return false
                }
                guard !isOver else { return continuation.resume() }
                after(wait) { self.wake(number) }
            }
            try Task.checkCancellation()
        } onCancel: {
            self.wake(number)
        }
    }

    private func wake(_ number: UInt64) {
        state.withLock { $0.sleepers.removeValue(forKey: number) }?.resume()
    }

    /// Runs work, and what it starts, on this time and the calling thread.
    /// - Throws: what it threw; `SimulationError` when it does not end within `limit`.
    package func complete<T: Sendable>(
        within limit: Duration, _ work: @escaping @Sendable () async throws -> T
    ) throws -> T {
        let found = Outcome<T>()
        let task = Task(executorPreference: self) {
            do { found.set(.success(try await work())) } catch { found.set(.failure(error)) }
        }
        if run(until: { found.isSet }, limit: limit) { return try found.get() }
        task.cancel()
        // What was cancelled ends, so that nothing of it is left behind.
        _ = run(until: { found.isSet }, limit: .seconds(60))
        throw SimulationError("it neither ended nor failed within \(limit)")
    }

    private enum Step { case job(UnownedJob), timed(Timed), none }

    /// Runs until it is over, nothing can go on any more, or time is up.
    /// - Returns: whether it came to its end.
    func run(until isOver: () -> Bool, limit: Duration) -> Bool {
        let end = steady + limit
        while !isOver() {
            switch next(end) {
            case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
            case .timed(let timed): timed.run()
            case .none: return false
            }
        }
        return true
    }

    private func next(_ end: Instant) -> Step {
        state.withLock { state in
            if !state.ready.isEmpty {
                let place = Int(state.random.next() % UInt64(state.ready.count))
                state.ready.swapAt(place, state.ready.count - 1)
                return .job(state.ready.removeLast())
            }
            guard let timed = state.timed.popMin(), timed.at <= end else { return .none }
            state.steady = max(state.steady, timed.at)
            return .timed(timed)
        }
    }
}
