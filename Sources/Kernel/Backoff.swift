/// Waiting times between tries: doubling from half a second, five minutes at most.
public enum Backoff {
    public static let base = Duration.milliseconds(500)
    public static let limit = Duration.seconds(300)

    /// The longest wait after this many failed tries.
    public static func ceiling(attempt: Int) -> Duration {
        let doublings = min(max(attempt - 1, 0), 10)
        return min(base * (1 << doublings), limit)
    }

    /// Full jitter: anywhere between nothing and the ceiling, so that a crowd spreads out.
    ///
    /// Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    public static func delay(
        attempt: Int, using generator: inout some RandomNumberGenerator
    ) -> Duration {
        let ceiling = ceiling(attempt: attempt).microseconds
        return .microseconds(Int64.random(in: 0...ceiling, using: &generator))
    }
}
