/// The partitions with work, by number; numbers of partitions that went idle are used again.
struct PartitionTable: Sendable {
    enum Wait: Hashable, Sendable {
        /// It stands in its connection's queue, or has nothing to do.
        case none
        /// Until a scope has room.
        case scope(Int)
        /// Until its tokens come back.
        case tokens
    }

    struct Partition: Sendable {
        let name: String
        /// All scopes its jobs count under, and those it waits for by itself.
        let scopes: [Int]
        let inner: [Int]
        let flow: Int
        var window = ReadyWindow()
        var running = 0
        /// Its jobs that wait for another of their lane.
        var laned = 0
        /// Whether the queue may hold more than the window.
        var hasMore = false
        var wait = Wait.none
        /// Entries in queues with another stamp are outdated.
        var stamp: UInt64 = 0
        var isQueued = false
    }

    struct Entry: Comparable, Sendable {
        let rank: Int64
        let stamp: UInt64
        let partition: Int

        static func < (one: Entry, other: Entry) -> Bool {
            one.rank == other.rank ? one.stamp < other.stamp : one.rank < other.rank
        }
    }

    private var rows: [Partition?] = []
    private var free: [Int] = []
    private var numbers: [String: Int] = [:]
    private var hungry: Set<Int> = []
    private var stamps: UInt64 = 0

    var count: Int { numbers.count }

    subscript(_ place: Int) -> Partition {
        guard let partition = rows[place] else {
            preconditionFailure("partition \(place) is in use while it has work")
        }
        return partition
    }

    func index(of name: String) -> Int? { numbers[name] }

    var all: [Partition] { rows.compactMap(\.self) }

    mutating func add(_ name: String, scopes: [Int], inner: [Int], flow: Int) -> Int {
        stamps += 1
        let partition = Partition(
            name: name, scopes: scopes, inner: inner, flow: flow, stamp: stamps)
        let place: Int
        if let used = free.popLast() {
            place = used
            rows[place] = partition
        } else {
            place = rows.count
            rows.append(partition)
        }
        numbers[name] = place
        return place
    }

    mutating func remove(_ place: Int) {
        numbers[self[place].name] = nil
        hungry.remove(place)
        rows[place] = nil
        free.append(place)
    }

    func isIdle(_ place: Int) -> Bool {
        let partition = self[place]
        return partition.window.count == 0 && partition.running == 0 && partition.laned == 0
            && !partition.hasMore && partition.wait == .none
    }

    var starving: [String] { hungry.map { self[$0].name }.sorted() }

    mutating func noteMore(_ place: Int, _ limit: Int) { setMore(place, true, limit) }

    mutating func setMore(_ place: Int, _ hasMore: Bool, _ limit: Int) {
        rows[place]?.hasMore = hasMore
        noteTaken(place, limit)
    }

    /// The window changed: it may run low now, or no longer.
    mutating func noteTaken(_ place: Int, _ limit: Int) {
        let partition = self[place]
        if partition.hasMore, partition.window.count < max(limit / 4, 1) {
            hungry.insert(place)
        } else {
            hungry.remove(place)
        }
    }

    mutating func insert(_ job: ReadyJob, in place: Int, limit: Int) -> ReadyJob? {
        let dropped = rows[place]?.window.insert(job, limit: limit)
        if dropped != nil { rows[place]?.hasMore = true }
        noteTaken(place, limit)
        return dropped
    }

    mutating func popFirst(_ place: Int) -> ReadyJob? { rows[place]?.window.popFirst() }

    /// A fresh place in the connection's queue; earlier ones no longer count.
    mutating func entry(_ place: Int) -> Entry? {
        guard let first = self[place].window.first else { return nil }
        stamps += 1
        rows[place]?.stamp = stamps
        rows[place]?.isQueued = true
        return Entry(rank: first.rank, stamp: stamps, partition: place)
    }

    /// Whether it must stand in its connection's queue anew for a job just put in.
    func wantsTurn(_ place: Int, for job: ReadyJob) -> Bool {
        let partition = self[place]
        guard partition.wait == .none else { return false }
        return !partition.isQueued || partition.window.first == job
    }

    /// It is its turn. - Returns: `false` for an outdated entry.
    mutating func takeTurn(_ entry: Entry) -> Bool {
        guard rows[entry.partition]?.stamp == entry.stamp else { return false }
        rows[entry.partition]?.isQueued = false
        return true
    }

    mutating func block(_ place: Int, on scope: Int) { rows[place]?.wait = .scope(scope) }
    mutating func sleep(_ place: Int) { rows[place]?.wait = .tokens }

    mutating func unblock(_ place: Int, from scope: Int) -> Bool {
        guard rows[place]?.wait == .scope(scope) else { return false }
        rows[place]?.wait = .none
        return true
    }

    mutating func wakeSleeper(_ place: Int) -> Bool {
        guard place < rows.count, rows[place]?.wait == .tokens else { return false }
        rows[place]?.wait = .none
        return true
    }

    mutating func enterLane(_ place: Int) { rows[place]?.laned += 1 }
    mutating func leaveLane(_ place: Int) { rows[place]?.laned -= 1 }
    mutating func beginRun(_ place: Int) { rows[place]?.running += 1 }
    mutating func endRun(_ place: Int) { rows[place]?.running -= 1 }
}
