import Kernel
import Storage

/// Which worker does which kind of job.
package struct JobRegistry: Sendable {
    struct Entry: Sendable {
        let timeout: Duration
        let givesUp: Bool
        let run: @Sendable ([UInt8], JobContext) async throws -> JobOutcome
    }

    private var entries: [String: Entry] = [:]

    package init() {}

    package mutating func add<W: JobWorker>(_ worker: W) {
        let kind = W.Work.kind.rawValue
        precondition(entries[kind] == nil, "two workers for \(kind)")
        entries[kind] = Entry(timeout: W.Work.timeout, givesUp: W.Work.givesUp) {
            payload, context in
            try await worker.work(try BodyCoder.decode(W.Work.self, from: payload), in: context)
        }
    }

    package var kinds: [String] { entries.keys.sorted() }

    func entry(_ kind: String) -> Entry? { entries[kind] }
}
