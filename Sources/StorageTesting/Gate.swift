import Dispatch

/// Keeps a reader or the writer busy until it is opened, and not for ever: a closure given to the store
/// blocks its thread, and some tests are about that.
package final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    /// Raised by each that comes to it.
    package let busy = Counted()

    package init() {}

    package func open(for count: Int = 1) { for _ in 0..<count { semaphore.signal() } }

    /// - Returns: whether it was opened in time.
    package func pass() -> Bool {
        busy.raise()
        return semaphore.wait(timeout: .now() + .seconds(300)) == .success
    }
}
