import Kernel
import Storage

/// Which worker does which kind of job.
package struct JobRegistry: Sendable {
    struct Entry: Sendable {
        let timeout: Duration
        let givesUp: Bool
        let run: @Sendable ([UInt8], JobContext) async throws -> JobOutcome
        let gaveUp: @Sendable ([UInt8], RecordedFault, Transaction) throws -> Void
        /// The payload as its kind understands it.
        let read: @Sendable ([UInt8]) throws -> [UInt8]
    }

    private var entries: [String: Entry] = [:]

    package init() {}

    package mutating func add<W: JobWorker>(_ worker: W) {
        let kind = W.Work.kind.rawValue
        precondition(entries[kind] == nil, "two workers for \(kind)")
        entries[kind] = Entry(
            timeout: W.Work.timeout, givesUp: W.Work.givesUp,
            run: { payload, context in
                try await worker.work(try BodyCoder.decode(W.Work.self, from: payload), in: context)
            },
            gaveUp: { payload, fault, transaction in
                let job = try BodyCoder.decode(W.Work.self, from: payload)
                try worker.gaveUp(job, because: fault, in: transaction)
            },
            read: { try BodyCoder.encode(try BodyCoder.decode(W.Work.self, from: $0)) })
    }

    package var kinds: [String] { entries.keys.sorted() }

    func entry(_ kind: String) -> Entry? { entries[kind] }
}
