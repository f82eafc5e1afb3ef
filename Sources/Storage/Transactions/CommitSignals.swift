package import Kernel
import Synchronization

/// What commits tell the rest of the process.
package final class CommitSignals: Sendable {
    package let log = Signal()
    package let jobs = Signal()
    /// Pauses and other words to the dispatcher changed.
    package let controls = Signal()
    /// Whether other processes work on the same database, and so must hear of commits.
    package var isShared: Bool { sharing.load(ordering: .relaxed) }
    private let sharing = Atomic<Bool>(false)
    private let wasShared = Atomic<Bool>(false)
    private let fresh = Mutex<[JobHeader]>([])
    private let isIncomplete = Atomic<Bool>(false)
    private let cancellations = Mutex<[Int64]>([])

    /// Past this the dispatcher reads the queue instead.
    private static let freshLimit = 20_000

    package init() {}

    func announce(jobs headers: [JobHeader]) {
        fresh.withLock { fresh in
            if fresh.count < Self.freshLimit { fresh.append(contentsOf: headers) }
        }
        jobs.raise()
    }

    /// - Returns: whether nobody had been there to be heard before.
    func share(_ isShared: Bool) -> Bool {
        sharing.store(isShared, ordering: .relaxed)
        return isShared && !wasShared.exchange(true, ordering: .relaxed)
    }

    /// Another process committed: what it was is to be read.
    package func hear(_ news: EngineNews) {
        if news.contains(.events) { log.raise() }
        if news.contains(.controls) { controls.raise() }
        guard !news.isDisjoint(with: [.jobs, .controls]) else { return }
        isIncomplete.store(true, ordering: .releasing)
        jobs.raise()
    }

    /// A running job is to end.
    package func announce(cancelled number: Int64) {
        cancellations.withLock { $0.append(number) }
        jobs.raise()
    }

    package func announceControls() {
        controls.raise()
        jobs.raise()
    }

    package func takeCancellations() -> [Int64] {
        cancellations.withLock { numbers in
            defer { numbers.removeAll() }
            return numbers
        }
    }

    /// Hands over, once, the jobs committed since the last time.
    package func takeFreshJobs() -> (headers: [JobHeader], isComplete: Bool) {
        let isIncomplete = isIncomplete.exchange(false, ordering: .acquiring)
        return fresh.withLock { fresh in
            defer { fresh.removeAll(keepingCapacity: true) }
            return (fresh, !isIncomplete && fresh.count < Self.freshLimit)
        }
    }
}
