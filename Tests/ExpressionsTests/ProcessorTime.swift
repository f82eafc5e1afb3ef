import Glibc

/// What this thread itself worked: others beside it do not count.
enum ProcessorTime {
    static func measure(_ work: () -> Void) -> Duration {
        let before = now
        work()
        return now - before
    }

    private static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
