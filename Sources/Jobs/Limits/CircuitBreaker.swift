package import Kernel

/// Whether calls to one connection are worth trying: pure.
///
/// Closed while calls come through. After several in a row did not, it is open: nothing is tried,
/// and what fails meanwhile costs no attempt. After a time one call may probe; when that does not
/// come through it waits longer. When it does, each answer lets one more run at once, so that what
/// gathered does not fall upon the other side, until it is closed again.
package struct CircuitBreaker: Sendable, Hashable {
    package enum State: Hashable, Sendable {
        case closed
        case open(until: Instant)
        /// One may try.
        case halfOpen
        /// Answers come again: so many may run at once, and by then as many as there are.
        case recovering(allowed: Int, until: Instant)
    }

    /// So many calls in a row must fail before nothing more is tried.
    package static let threshold = 5
    private static let shortest = Duration.seconds(5)
    private static let longest = Duration.seconds(300)
    /// So many may run at once before it is closed; or it took so long, and nothing failed.
    private static let recovered = 64
    private static let recovery = Duration.seconds(30)

    package private(set) var state = State.closed
    package private(set) var failures = 0
    private var openings = 0
    package private(set) var since: Instant?
    package private(set) var fault: RecordedFault?

    package init() {}

    /// How many calls may run at once; `nil` leaves it to the connection's own limit.
    package var allowed: Int? {
        switch state {
        case .closed: nil
        case .open: 0
        case .halfOpen: 1
        case .recovering(let allowed, _): allowed
        }
    }

    package var isClosed: Bool { state == .closed }

    package var isRecovering: Bool { if case .recovering = state { true } else { false } }

    /// When it changes by itself.
    var end: Instant? {
        switch state {
        case .closed, .halfOpen: nil
        case .open(let until), .recovering(_, let until): until
        }
    }

    package mutating func succeeded(at now: Instant) {
        failures = 0
        switch state {
        case .closed: self = CircuitBreaker()
        case .open, .halfOpen: state = .recovering(allowed: 2, until: now + Self.recovery)
        case .recovering(let allowed, let until):
            if allowed < Self.recovered {
                state = .recovering(allowed: allowed + 1, until: until)
            } else {
                self = CircuitBreaker()
            }
        }
    }

    /// A call did not come through.
    /// - Parameter jitter: 0...1; spreads the probes of many connections to one partner.
    package mutating func failed(_ fault: RecordedFault, at now: Instant, jitter: Double) {
        failures += 1
        self.fault = fault
        switch state {
        case .closed where failures < Self.threshold,
            .recovering where failures < Self.threshold:
            return
        // What began before it opened says nothing new.
        case .open: return
        case .closed, .halfOpen, .recovering: break
        }
        since = since ?? now
        let ceiling = min(Self.shortest * (1 << min(openings, 6)), Self.longest)
        let wait = ceiling.microseconds / 2 + Int64(Double(ceiling.microseconds / 2) * jitter)
        openings += 1
        state = .open(until: now + .microseconds(wait))
    }

    /// - Returns: whether one may probe, or all may run, from now on.
    package mutating func wake(_ now: Instant) -> Bool {
        guard let end, end <= now else { return false }
        switch state {
        // Too little came to be sure of it: it goes on by one more with each answer.
        case .recovering(let allowed, _) where failures > 0 || allowed == 2:
            state = .recovering(allowed: allowed, until: now + Self.recovery)
        // How often it opened is known until the next answer.
        case .recovering: state = .closed
        case .open, .halfOpen, .closed: state = .halfOpen
        }
        return true
    }
}

/// The breakers of all connections with trouble.
struct CircuitBreakers: Sendable {
    private(set) var byConnection: [String: CircuitBreaker] = [:]

    func isClosed(_ connection: String) -> Bool { byConnection[connection]?.isClosed ?? true }

    /// - Returns: what the connection may run at once from now on; outer `nil`: nothing changed.
    mutating func succeeded(_ connection: String, at now: Instant) -> Int?? {
        guard var breaker = byConnection[connection] else { return nil }
        let before = breaker.allowed
        breaker.succeeded(at: now)
        keep(breaker, connection)
        return breaker.allowed == before ? nil : .some(breaker.allowed)
    }

    mutating func failed(
        _ connection: String, _ fault: RecordedFault, at now: Instant, jitter: Double
    ) -> Int?? {
        var breaker = byConnection[connection] ?? CircuitBreaker()
        let before = breaker.state
        breaker.failed(fault, at: now, jitter: jitter)
        byConnection[connection] = breaker
        return breaker.state == before ? nil : .some(breaker.allowed)
    }

    /// Connections for which something changed with time, with what they may run at once from now on.
    mutating func wake(_ now: Instant) -> [(connection: String, allowed: Int?)] {
        byConnection.keys.sorted().compactMap { connection in
            guard var breaker = byConnection[connection], breaker.wake(now) else { return nil }
            keep(breaker, connection)
            return (connection, breaker.allowed)
        }
    }

    private mutating func keep(_ breaker: CircuitBreaker, _ connection: String) {
        byConnection[connection] = breaker == CircuitBreaker() ? nil : breaker
    }

    func isRecovering(_ connection: String) -> Bool {
        byConnection[connection]?.isRecovering ?? false
    }

    /// When the next of them changes by itself.
    var nextWake: Instant? { byConnection.values.compactMap(\.end).min() }
}
