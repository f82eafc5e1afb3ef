/// Jobs that wait for another of their lane to end.
struct LaneQueue: Sendable {
    /// Past so many of one lane, the rest stays in the database until they have run.
    private static let limit = 64

    private var busy: Set<String> = []
    private var waiting: [String: [(job: ReadyJob, partition: Int)]] = [:]
    private var overflowing: [String: Set<String>] = [:]

    mutating func enter(_ lane: String?) {
        if let lane { busy.insert(lane) }
    }

    func isFree(_ lane: String?) -> Bool { lane.map { !busy.contains($0) } ?? true }

    /// - Returns: `false` when the job cannot be kept in memory.
    mutating func wait(
        _ job: ReadyJob, _ lane: String, in partition: Int, named name: String
    ) -> Bool {
        guard waiting[lane, default: []].count < Self.limit else {
            overflowing[lane, default: []].insert(name)
            return false
        }
        waiting[lane, default: []].append((job, partition))
        return true
    }

    /// A lane's job ended. - Returns: all that waited for it, of which the first to start takes the
    /// lane, and partitions to read again since not all of theirs were kept.
    mutating func leave(
        _ lane: String?
    ) -> (next: [(job: ReadyJob, partition: Int)], reread: Set<String>) {
        guard let lane, busy.remove(lane) != nil else { return ([], []) }
        return (
            waiting.removeValue(forKey: lane) ?? [], overflowing.removeValue(forKey: lane) ?? []
        )
    }
}

/// A waiting job as a window holds it.
struct ReadyJob: Comparable, Sendable {
    let number: Int64
    let rank: Int64
    let lane: String?

    static func < (one: ReadyJob, other: ReadyJob) -> Bool {
        one.rank == other.rank ? one.number < other.number : one.rank < other.rank
    }
}
