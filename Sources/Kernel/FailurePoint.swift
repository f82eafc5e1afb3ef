import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Named places where a test may kill the process; compiled in, and off unless asked for.
///
/// `LONGSHORE_CRASH_AT=effect.afterCall:3` kills the process, as `kill -9` does, the third time
/// it comes by that place. `LONGSHORE_PLANT=NAME` plants a named fault, or several with commas between
/// them, so that a checker can be shown to catch it. Both are read once, at the first use.
public enum FailurePoint {
    private static let crashPlan: (name: String, visit: Int)? = {
        guard let text = environment("LONGSHORE_CRASH_AT") else { return nil }
        let parts = text.split(separator: ":")
        guard let name = parts.first else { return nil }
        return (String(name), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }()

    private static let planted = (environment("LONGSHORE_PLANT") ?? "").split(separator: ",")
        .map(String.init)
    private static let visits = Atomic<Int>(0)

    /// Dies here if the plan says so.
    public static func pass(_ name: StaticString) {
        guard let crashPlan, crashPlan.name == name.description else { return }
        if visits.add(1, ordering: .relaxed).newValue == crashPlan.visit { kill(getpid(), SIGKILL) }
    }

    /// Whether a test planted this fault.
    public static func isPlanted(_ name: StaticString) -> Bool {
        !planted.isEmpty && planted.contains(name.description)
    }

    private static let watched = Atomic<Bool>(false)
    /// Not the bare closure: in a generic container each access would wrap it once more, until calling
    /// it overflows the stack.
    private struct Watcher: Sendable { let tell: @Sendable (String) -> Void }
    private static let watcher = Mutex<Watcher?>(nil)

    /// Tells whoever watches that something rare came about: a test of bad luck proves little where the
    /// ways out of it were never gone.
    public static func reach(_ name: StaticString) {
        guard watched.load(ordering: .relaxed) else { return }
        watcher.withLock { $0 }?.tell(name.description)
    }

    /// Has a simulation told of all that ``reach(_:)`` says from now on; `nil` ends it.
    public static func watch(_ watcher: (@Sendable (String) -> Void)?) {
        Self.watcher.withLock { $0 = watcher.map { Watcher(tell: $0) } }
        watched.store(watcher != nil, ordering: .relaxed)
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
