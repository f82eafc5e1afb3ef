import Dispatch
import Kernel
import Synchronization

/// What came of one batch of writes.
package struct BatchOutcome {
    /// Answers to give, once everything of the batch is settled.
    package var answers: [(work: EngineWork, result: Result<Void, any Error>)] = []
    /// Closures that had no part in what undid their batch: they run again, first.
    package var again: [EngineWork] = []
    /// Set when nothing may be acknowledged from now on.
    package var breakage: StorageError?

    package init() {}
}

/// A connection that writes: runs waiting closures, one commit for all of a batch.
package protocol BatchWriter: SendableMetatype {
    /// Takes closures from `next` until it has none, the batch is full or its time is up.
    func runBatch(_ next: () -> EngineWork?) -> BatchOutcome
}

/// What waits to be written, and the connection that writes it: one batch after the other.
package final class WriteLine<Writer: BatchWriter>: Sendable {
    private struct Waiting {
        var queue = FairQueue()
        var isDraining = false
        var isClosed = false
        var breakage: StorageError?
    }

    /// Who comes when so many wait is sent away: each holds what it is to write in memory, and who
    /// asked has given up by the time it would be its turn.
    private static var mostWaiting: Int { 10_000 }

    private let waiting = Mutex(Waiting())
    private let writer: Mutex<Writer?>
    private let queue: DispatchQueue
    private let onBreakage: @Sendable (StorageError) -> Void

    /// - Parameters:
    ///   - name: for those who look at the process' threads.
    ///   - onBreakage: called once when nothing can be acknowledged any more.
    package init(
        _ name: String, _ writer: sending Writer,
        onBreakage: @escaping @Sendable (StorageError) -> Void = { _ in }
    ) {
        queue = DispatchQueue(label: "longshore.storage.\(name)")
        self.writer = Mutex(writer)
        self.onBreakage = onBreakage
    }

    package var breakage: StorageError? { waiting.withLock { $0.breakage } }

    /// Queues a write; its `finish` answers.
    package func submit(_ work: EngineWork) {
        let refusal: StorageError? = waiting.withLock { waiting in
            if let breakage = waiting.breakage { return breakage }
            if waiting.isClosed { return Self.closed }
            if waiting.queue.count >= Self.mostWaiting, work.lane.mayBeRefused {
                return StorageError(
                    .overloaded, "\(waiting.queue.count) writes are waiting",
                    retryAfter: .seconds(1))
            }
            waiting.queue.add(work)
            guard !waiting.isDraining else { return nil }
            waiting.isDraining = true
            queue.async { self.drain() }
            return nil
        }
        if let refusal { work.finish(.failure(refusal)) }
    }

    /// Between two batches. - Throws: `StorageError.closed`, and what `body` throws.
    package func withWriter<T: Sendable>(_ body: (Writer) throws -> T) throws -> T {
        try writer.withLock { writer in
            guard let writer else { throw Self.closed }
            return try body(writer)
        }
    }

    /// Refuses what comes, writes what waits, and lets the connection go.
    package func close() async {
        waiting.withLock { $0.isClosed = true }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            queue.async {
                self.drain()
                continuation.resume()
            }
        }
        writer.withLock { $0 = nil }
    }

    private static var closed: StorageError { StorageError(.closed, "the store is closed") }

    private func drain() {
        while true {
            let hasWork = waiting.withLock { waiting in
                if waiting.queue.count == 0 { waiting.isDraining = false }
                return waiting.isDraining
            }
            guard hasWork else { return }
            settle(
                writer.withLock { writer in
                    writer?.runBatch { self.waiting.withLock { $0.queue.pop() } } ?? BatchOutcome()
                })
        }
    }

    private func settle(_ outcome: BatchOutcome) {
        var refused: [EngineWork] = []
        waiting.withLock { waiting in
            waiting.queue.putBack(outcome.again)
            guard let breakage = outcome.breakage, waiting.breakage == nil else { return }
            waiting.breakage = breakage
            while let work = waiting.queue.pop() { refused.append(work) }
        }
        for (work, result) in outcome.answers { work.finish(result) }
        guard let breakage = outcome.breakage else { return }
        for work in refused { work.finish(.failure(breakage)) }
        onBreakage(breakage)
    }
}
