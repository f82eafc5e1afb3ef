import Kernel

/// How often something happened, to be waited for.
package final class Counted: Sendable {
    private let signal = Signal()

    package init() {}

    package func raise() { signal.raise() }

    /// Returns once it has happened so often.
    package func first(at count: UInt64) async {
        while signal.generation < count { await signal.wait(after: signal.generation) }
    }
}
