import Kernel
import Synchronization

/// Decoded records as last written, for the writer only; dropped whole on a rollback of a batch.
final class RecordCache: Sendable {
    struct Key: Hashable, Sendable {
        let collection: String
        let tenant: TenantID
        let id: String
    }

    struct Entry: Sendable {
        let version: Int64
        let created: Int64
        let record: any Sendable
    }

    /// Above this, all is forgotten and read again: simple, and rare.
    private static let limit = 20_000
    private let entries = Mutex<[Key: Entry]>([:])
    private let isKept: Bool

    /// - Parameter isKept: false where other processes write too: then nothing is remembered.
    init(isKept: Bool) { self.isKept = isKept }

    func entry(_ key: Key) -> Entry? { entries.withLock { $0[key] } }

    func apply(_ changes: [Key: Entry?]) {
        guard isKept, !changes.isEmpty else { return }
        entries.withLock { entries in
            if entries.count > Self.limit { entries.removeAll() }
            for (key, entry) in changes { entries[key] = entry }
        }
    }

    func removeAll() { entries.withLock { $0.removeAll() } }
}
