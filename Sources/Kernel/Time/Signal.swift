import Synchronization

/// Wakes those who wait for something to happen.
public final class Signal: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    public init() {}

    public var generation: UInt64 { state.withLock { $0.generation } }

    public func raise() {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once raised after `generation`, or when the task is cancelled.
    public func wait(after generation: UInt64) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.generation == generation, !Task.isCancelled else { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// Returns once raised after `generation`, at the deadline, or when the task is cancelled.
    public func wait(
        after generation: UInt64, until deadline: Instant, by timekeeper: any Timekeeper
    ) async {
        let wait = deadline.duration(since: timekeeper.now)
        await self.wait(
            after: generation, untilSteady: timekeeper.steady + wait, by: timekeeper)
    }

    /// As ``wait(after:until:by:)`` with a steady time: whoever sets the clock before the sleep
    /// begins changes nothing.
    public func wait(
        after generation: UInt64, untilSteady end: Instant, by timekeeper: any Timekeeper
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(after: generation) }
            group.addTask {
                // A cancelled sleep is how the other branch ends this one.
                do { try await timekeeper.sleep(untilSteady: end) } catch is CancellationError {
                } catch { preconditionFailure("a timekeeper throws only cancellation") }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
