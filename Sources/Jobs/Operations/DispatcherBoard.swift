package import Kernel
import Synchronization

/// What a dispatcher does at this moment, for those who look; and their word to it.
package final class DispatcherBoard: Sendable {
    package struct Breaker: Sendable {
        package let connection: String
        package let state: CircuitBreaker.State
        package let failures: Int
        package let since: Instant?
        package let fault: RecordedFault?
    }

    package struct Figures: Sendable {
        package var started = 0
        package var completed = 0
        package var retried = 0
        package var discarded = 0
        package var cancelled = 0
        package var snoozed = 0
        /// Ends of attempts that were no longer the current ones, refused.
        package var staleEnds = 0
        /// Attempts given up although their handler would not end.
        package var abandoned = 0
        package var quarantined = 0
    }

    private struct State {
        var runningByScope: [String: Int] = [:]
        var waiting = 0
        var isRunning = false
        var breakers: [Breaker] = []
        var figures = Figures()
    }

    private let state = Mutex(State())

    package init() {}

    package var runningByScope: [String: Int] { state.withLock { $0.runningByScope } }
    /// Jobs held in memory, ready to start.
    package var waiting: Int { state.withLock { $0.waiting } }
    package var isRunning: Bool { state.withLock { $0.isRunning } }
    package var breakers: [Breaker] { state.withLock { $0.breakers } }
    /// Those of which calls do not come through; the others recover.
    package var openBreakers: [Breaker] {
        breakers.filter { if case .recovering = $0.state { false } else { true } }
    }
    package var figures: Figures { state.withLock { $0.figures } }

    func show(
        running: [String: Int], waiting: Int, breakers: CircuitBreakers, clock: any Timekeeper
    ) {
        let lead = clock.now.duration(since: clock.steady)
        let shown = breakers.byConnection.filter { !$0.value.isClosed }.map { name, breaker in
            // Breakers run on steady time; people read the clock on the wall.
            var state = breaker.state
            switch state {
            case .open(let until): state = .open(until: until + lead)
            case .recovering(let allowed, let until):
                state = .recovering(allowed: allowed, until: until + lead)
            case .closed, .halfOpen: break
            }
            return Breaker(
                connection: name, state: state, failures: breaker.failures,
                since: breaker.since.map { $0 + lead }, fault: breaker.fault)
        }
        state.withLock { state in
            state.runningByScope = running
            state.waiting = waiting
            state.breakers = shown.sorted { $0.connection < $1.connection }
        }
    }

    func setRunning(_ isRunning: Bool) { state.withLock { $0.isRunning = isRunning } }

    func count(_ change: @Sendable (inout Figures) -> Void) {
        state.withLock { change(&$0.figures) }
    }
}
