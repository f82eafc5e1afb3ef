import Synchronization

/// Suspects take turns in a process: while one runs that may end it, no other such does, so that a
/// death says whose fault it was.
package final class LoneTurn: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Who waits, for those who look.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Waits until it is one's turn; who came first goes first. ``leave()`` must follow.
    package func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.isTaken else {
                    state.isTaken = true
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Ends one's turn.
    package func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.isTaken = false
            return nil
        }
        next?.resume()
    }
}
