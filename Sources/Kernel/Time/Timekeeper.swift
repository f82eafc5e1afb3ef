import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Where time comes from, so that tests can own it.
public protocol Timekeeper: Sendable {
    var now: Instant { get }
    /// Time that only goes forward, at one pace, whoever sets the machine's clock. Where it begins
    /// is not said: only differences mean anything, and only within one process.
    var steady: Instant { get }
    /// Returns at this steady time or later, or throws `CancellationError`.
    func sleep(untilSteady deadline: Instant) async throws
}

extension Timekeeper {
    public func sleep(for duration: Duration) async throws {
        try await sleep(untilSteady: steady + duration)
    }

    /// Sleeps for as long as it is until then by the clock as it is set now.
    public func sleep(until deadline: Instant) async throws {
        try await sleep(for: deadline.duration(since: now))
    }
}

/// The machine's clock.
public struct SystemTimekeeper: Timekeeper {
    public init() {}

    public var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(
            microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    public var steady: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(
            microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    public func sleep(untilSteady deadline: Instant) async throws {
        let wait = deadline.duration(since: steady)
        if wait > .zero { try await Task.sleep(for: wait) }
    }
}

/// A clock that moves only when told.
public final class ManualTimekeeper: Timekeeper {
    private struct State {
        var now: Instant
        var steady: Instant
        var sleepers: [Int: (deadline: Instant, wake: CheckedContinuation<Void, any Error>)] = [:]
        var nextSleeper = 0
    }

    private let state: Mutex<State>

    public init(_ now: Instant = Instant(microseconds: 1_767_225_600_000_000)) {
        state = Mutex(State(now: now, steady: now))
    }

    public var now: Instant { state.withLock { $0.now } }
    public var steady: Instant { state.withLock { $0.steady } }

    /// Time passes; by less than nothing, someone set the clock back.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now + duration
            state.steady = state.steady + max(duration, .zero)
            let due = state.sleepers.filter { $0.value.deadline <= state.steady }
            for key in due.keys { state.sleepers[key] = nil }
            return due.values.map(\.wake)
        }
        for wake in due { wake.resume() }
    }

    public func sleep(untilSteady deadline: Instant) async throws {
        let number = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isDue = state.withLock { state in
                    guard deadline > state.steady, !Task.isCancelled else { return true }
                    state.sleepers[number] = (deadline, continuation)
                    return false
                }
                if isDue { continuation.resume() }
            }
            try Task.checkCancellation()
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }
}
