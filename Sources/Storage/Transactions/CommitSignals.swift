package import Kernel
import Synchronization

/// Wakes those who wait for something to be committed.
package final class Signal: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var generation: UInt64 { state.withLock { $0.generation } }

    package func raise() {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns once raised after `generation`, or when the task is cancelled.
    package func wait(after generation: UInt64) async {
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
    package func wait(
        after generation: UInt64, until deadline: Instant, by timekeeper: any Timekeeper
    ) async {
        let wait = deadline.duration(since: timekeeper.now)
        await self.wait(
            after: generation, untilSteady: timekeeper.steady + wait, by: timekeeper)
    }

    /// As ``wait(after:until:by:)`` with a steady time: whoever sets the clock before the sleep
    /// begins changes nothing.
    package func wait(
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

/// What commits tell the rest of the process.
package final class CommitSignals: Sendable {
    package let log = Signal()
    package let jobs = Signal()
    /// Pauses and other words to the dispatcher changed.
    package let controls = Signal()
    private let fresh = Mutex<[JobHeader]>([])
    private let cancellations = Mutex<[Int64]>([])

    /// Past this the dispatcher reads the queue instead.
    private static let freshLimit = 20_000

    package init() {}

    func announce(jobs headers: [JobHeader]) {
        fresh.withLock { fresh in
            if fresh.count < Self.freshLimit { fresh.append(contentsOf: headers) }
        }
        jobs.raise()
    }

    /// A running job is to end.
    package func announce(cancelled number: Int64) {
        cancellations.withLock { $0.append(number) }
        jobs.raise()
    }

    package func announceControls() {
        controls.raise()
        jobs.raise()
    }

    package func takeCancellations() -> [Int64] {
        cancellations.withLock { numbers in
            defer { numbers.removeAll() }
            return numbers
        }
    }

    /// Hands over, once, the jobs committed since the last time.
    package func takeFreshJobs() -> (headers: [JobHeader], isComplete: Bool) {
        fresh.withLock { fresh in
            defer { fresh.removeAll(keepingCapacity: true) }
            return (fresh, fresh.count < Self.freshLimit)
        }
    }
}
