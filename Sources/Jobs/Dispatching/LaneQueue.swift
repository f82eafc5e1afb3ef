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

    /// A lane's job ended. - Returns: the job that waited longest by rank, and partitions to read
    /// again since nothing of them waits in memory any more.
    mutating func leave(
        _ lane: String?
    ) -> (next: (job: ReadyJob, partition: Int)?, reread: Set<String>) {
        guard let lane, busy.remove(lane) != nil else { return (nil, []) }
        guard var jobs = waiting[lane],
            let first = jobs.indices.min(by: { jobs[$0].job < jobs[$1].job })
        else { return (nil, overflowing.removeValue(forKey: lane) ?? []) }
        let next = jobs.remove(at: first)
        waiting[lane] = jobs.isEmpty ? nil : jobs
        return (next, [])
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
