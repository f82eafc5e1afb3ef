import Synchronization

/// Tells a running attempt to end, from outside its task.
final class AttemptStop: Sendable {
    enum Reason: Sendable {
        /// It ran longer than its kind may.
        case timedOut
        /// A person asked for it.
        case cancelled
        /// The process stops and waits no longer.
        case stopping
    }

    private struct State {
        var reason: Reason?
        var waiter: CheckedContinuation<Void, Never>?
        var isOver = false
    }

    private let state = Mutex(State())

    var reason: Reason? { state.withLock { $0.reason } }

    /// The first reason stands.
    func fire(_ reason: Reason) {
        let waiter = state.withLock { state in
            if state.reason == nil { state.reason = reason }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns once fired, or when the attempt is over.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.reason == nil, !state.isOver else { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.isOver = true
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
