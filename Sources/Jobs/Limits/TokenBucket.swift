package import Kernel

/// How often something may be done: so many in any minute, with a burst of a part of them.
package struct RateLimit: Hashable, Sendable, Codable {
    /// Never more than this many in any sixty seconds.
    package let perMinute: Int

    package init(perMinute: Int) { self.perMinute = max(1, perMinute) }

    /// A tenth may come at once. What flows in over a minute and the burst together make the limit.
    var burst: Int { max(1, perMinute / 10) }
}

/// A token bucket in whole millionths of a token; it starts empty, so that a restart adds nothing.
///
/// Over any sixty seconds at most `burst + flow` = `perMinute` tokens are given.
package struct TokenBucket: Sendable {
    private static let token: Int64 = 1_000_000

    private let limit: RateLimit
    private var level: Int64 = 0
    private var at: Instant
    private var pausedUntil: Instant?

    package init(_ limit: RateLimit, at now: Instant) {
        self.limit = limit
        at = now
    }

    /// Millionths of a token a second.
    private var flow: Int64 {
        max(1, Int64(max(limit.perMinute - limit.burst, 1)) * Self.token / 60)
    }

    private mutating func refill(_ now: Instant) {
        let elapsed = min(max(now.duration(since: at).microseconds, 0), 60_000_000)
        level = min(Int64(limit.burst) * Self.token, level + elapsed * flow / 1_000_000)
        at = max(at, now)
    }

    /// Takes one token. - Returns: zero when given, else how long until there may be one.
    package mutating func take(_ now: Instant) -> Duration {
        refill(now)
        if let pausedUntil, now < pausedUntil { return pausedUntil.duration(since: now) }
        guard level >= Self.token else {
            let missing = Self.token - level
            return .microseconds(max(1000, missing * 1_000_000 / flow))
        }
        level -= Self.token
        return .zero
    }

    /// Returns a token that was taken and not used.
    package mutating func giveBack() {
        level = min(Int64(limit.burst) * Self.token, level + Self.token)
    }

    /// The other side said to wait: nothing is given before, and nothing is saved up meanwhile.
    package mutating func pause(until instant: Instant) {
        pausedUntil = max(pausedUntil ?? instant, instant)
        empty(at: instant)
    }

    /// What was saved up is given up.
    mutating func empty(at instant: Instant) {
        level = 0
        at = max(at, instant)
    }
}
