import Synchronization

/// Suspects take turns in a process: while one runs that may end it, no other such does, so that a
/// death says whose fault it was.
package final class LoneTurn: Sendable {
    /// How long a turn takes: an event's handler ends soon, a job may take minutes.
    package enum Length: Sendable { case brief, long }

    private struct State {
        var isTaken = false
        var brief: [CheckedContinuation<Void, Never>] = []
        var long: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Who waits, for those who look.
    package var waitingCount: Int { state.withLock { $0.brief.count + $0.long.count } }

    /// Waits until it is one's turn: the brief go before the long, and among each who came first.
    /// ``leave()`` must follow.
    package func enter(_ length: Length) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.isTaken else {
                    state.isTaken = true
                    return true
                }
                switch length {
                case .brief: state.brief.append(continuation)
                case .long: state.long.append(continuation)
                }
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Takes the turn where nobody has it. - Returns: whether ``leave()`` must follow.
    package func tryEnter() -> Bool {
        state.withLock { state in
            guard !state.isTaken else { return false }
            state.isTaken = true
            return true
        }
    }

    /// Ends one's turn.
    package func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if !state.brief.isEmpty { return state.brief.removeFirst() }
            if !state.long.isEmpty { return state.long.removeFirst() }
            state.isTaken = false
            return nil
        }
        next?.resume()
    }
}
