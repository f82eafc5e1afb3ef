import Dispatch
import Kernel
import Storage
import Synchronization

/// What waits to be written, and the connection that writes it: one batch after the other.
final class PostgresLine: Sendable {
    private struct Waiting {
        var queue = FairQueue()
        var isDraining = false
        var isClosed = false
    }

    private let waiting = Mutex(Waiting())
    private let writer: Mutex<PostgresWriter?>
    private let queue: DispatchQueue

    /// - Parameter name: for those who look at the process' threads.
    init(_ address: String, _ name: String) throws {
        queue = DispatchQueue(label: "longshore.storage.postgres.\(name)")
        writer = Mutex(try PostgresWriter(address))
    }

    /// Commits so far, and the closures in them.
    var counts: (batches: Int, closures: Int) {
        writer.withLock { ($0?.batches ?? 0, $0?.closures ?? 0) }
    }

    func submit(_ work: EngineWork) {
        let refusal: StorageError? = waiting.withLock { waiting in
            if waiting.isClosed { return StorageError(.closed, "the store is closed") }
            waiting.queue.add(work)
            guard !waiting.isDraining else { return nil }
            waiting.isDraining = true
            queue.async { self.drain() }
            return nil
        }
        if let refusal { work.finish(.failure(refusal)) }
    }

    private func drain() {
        while true {
            let hasWork = waiting.withLock { waiting in
                if waiting.queue.count == 0 { waiting.isDraining = false }
                return waiting.isDraining
            }
            guard hasWork else { return }
            let outcome = writer.withLock { writer -> PostgresWriter.Outcome in
                guard let writer else { return PostgresWriter.Outcome() }
                return writer.runBatch { self.waiting.withLock { $0.queue.pop() } }
            }
            waiting.withLock { $0.queue.putBack(outcome.again) }
            for (work, result) in outcome.answers { work.finish(result) }
        }
    }

    /// Refuses what comes, then writes what waits: what came between would find nobody to write it.
    func close() async {
        waiting.withLock { $0.isClosed = true }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            queue.async {
                self.drain()
                continuation.resume()
            }
        }
        writer.withLock { $0 = nil }
    }
}
