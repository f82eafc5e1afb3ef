package import Kernel
package import Storage

package enum BatchTag: IdentifierTag {
    package static let prefix = "bat"
}

/// Jobs that belong together, and what is to be done once every one of them has ended.
///
/// Its count goes down in the very transaction that ends a job, however it ends, so that the
/// completion can neither hang nor come early.
package struct JobBatch: Record {
    package static let collection = "job_batches"
    package static let leavesEvents = false
    package static let byCreation = Index<JobBatch>("by_creation", Column("created", \.createdAt))
    package static let indexes = [byCreation]

    package let id: Identifier<BatchTag>
    package let name: String
    package let total: Int
    /// Jobs that have not ended yet.
    package internal(set) var left: Int
    package internal(set) var completed = 0
    package internal(set) var discarded = 0
    package internal(set) var cancelled = 0
    package let createdAt: Instant
    /// When the last job ended for the first time; the completion was enqueued then.
    package internal(set) var endedAt: Instant?
    let completion: JobLink?
}

extension Transaction {
    /// Enqueues jobs as a batch. Jobs whose unique key is taken are left out of its count.
    /// - Parameter completion: runs once, when all have ended; at once for an empty batch.
    package func enqueue<J: Job>(
        batch name: String, of jobs: [J], _ options: JobOptions = JobOptions(),
        then completion: ChainStep?
    ) throws -> JobBatch {
        let id: Identifier<BatchTag> = decision.newID()
        var count = 0
        for job in jobs {
            let extras = JobExtras(
                batch: id.rawValue, tags: options.tags.isEmpty ? nil : options.tags)
            if case .added = try put(job, options, extras) { count += 1 }
        }
        var batch = JobBatch(
            id: id, name: name, total: count, left: count, createdAt: decision.now,
            completion: completion?.link)
        if count == 0 { try end(&batch) }
        try insert(batch)
        return batch
    }

    /// A job of a batch ended.
    func endInBatch(_ text: String, as state: JobState) throws {
        guard let id = Identifier<BatchTag>(text), var batch = try get(JobBatch.self, id) else {
            return
        }
        batch.left -= 1
        switch state {
        case .completed: batch.completed += 1
        case .discarded: batch.discarded += 1
        default: batch.cancelled += 1
        }
        if batch.left == 0, batch.endedAt == nil { try end(&batch) }
        try update(batch)
    }

    /// A job of a batch, ended before, is tried again.
    func reopenInBatch(_ text: String, from state: JobState) throws {
        guard let id = Identifier<BatchTag>(text), var batch = try get(JobBatch.self, id) else {
            return
        }
        batch.left += 1
        switch state {
        case .completed: batch.completed -= 1
        case .discarded: batch.discarded -= 1
        default: batch.cancelled -= 1
        }
        try update(batch)
    }

    private func end(_ batch: inout JobBatch) throws {
        batch.endedAt = decision.now
        if let completion = batch.completion {
            _ = try insert(completion, chain: [], batch: nil)
        }
    }
}
