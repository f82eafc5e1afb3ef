package import Kernel

/// Whether calls to one connection are worth trying: pure.
///
/// Closed while calls come through. After several in a row did not, it is open: nothing is tried,
/// and what fails meanwhile costs no attempt. After a time one call may probe; when that comes
/// through it is closed again, else it waits longer.
package struct CircuitBreaker: Sendable, Hashable {
    package enum State: Hashable, Sendable {
        case closed
        case open(until: Instant)
        /// One may try.
        case halfOpen
    }

    /// So many calls in a row must fail before nothing more is tried.
    package static let threshold = 5
    private static let shortest = Duration.seconds(5)
    private static let longest = Duration.seconds(300)

    package private(set) var state = State.closed
    package private(set) var failures = 0
    private var openings = 0
    package private(set) var since: Instant?
    package private(set) var fault: RecordedFault?

    package init() {}

    /// How many calls may run at once; `nil` leaves it to the connection's own limit.
    var allowed: Int? {
        switch state {
        case .closed: nil
        case .open: 0
        case .halfOpen: 1
        }
    }

    package var isClosed: Bool { state == .closed }

    package mutating func succeeded() { self = CircuitBreaker() }

    /// A call did not come through.
    /// - Parameter jitter: 0...1; spreads the probes of many connections to one partner.
    package mutating func failed(_ fault: RecordedFault, at now: Instant, jitter: Double) {
        failures += 1
        self.fault = fault
        switch state {
        case .closed where failures < Self.threshold: return
        // What began before it opened says nothing new.
        case .open: return
        case .closed, .halfOpen: break
        }
        since = since ?? now
        let ceiling = min(Self.shortest * (1 << min(openings, 6)), Self.longest)
        let wait = ceiling.microseconds / 2 + Int64(Double(ceiling.microseconds / 2) * jitter)
        openings += 1
        state = .open(until: now + .microseconds(wait))
    }

    /// - Returns: whether one may probe from now on.
    package mutating func wake(_ now: Instant) -> Bool {
        guard case .open(let until) = state, until <= now else { return false }
        state = .halfOpen
        return true
    }
}

/// The breakers of all connections with trouble.
struct CircuitBreakers: Sendable {
    private(set) var byConnection: [String: CircuitBreaker] = [:]

    func isClosed(_ connection: String) -> Bool { byConnection[connection]?.isClosed ?? true }

    /// - Returns: what the connection may run at once from now on; outer `nil`: nothing changed.
    mutating func succeeded(_ connection: String) -> Int?? {
        guard let breaker = byConnection.removeValue(forKey: connection), !breaker.isClosed
        else { return nil }
        return .some(nil)
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

    /// Connections that may be probed now.
    mutating func wake(_ now: Instant) -> [String] {
        byConnection.keys.sorted().filter { byConnection[$0]?.wake(now) ?? false }
    }

    var nextProbe: Instant? {
        byConnection.values.compactMap { breaker in
            if case .open(let until) = breaker.state { until } else { nil }
        }.min()
    }
}
