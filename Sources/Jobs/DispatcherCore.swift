package import Kernel
package import Storage

/// Which waiting job runs next: a pure state machine over a bounded window per partition.
///
/// Partitions take turns, so that one's flood delays no other; within one, rank decides. It does
/// no I/O and knows no clock: the dispatcher around it does what it says.
package struct DispatcherCore: Sendable {
    private struct Partition: Sendable {
        var ready: [JobHeader] = []
        /// Index of the first not taken yet; the front is dropped now and then.
        var head = 0
        var running = 0
        /// Whether the queue may hold more than the window.
        var hasMore = false
        var blockedUntil: Instant?

        var isEmpty: Bool { head >= ready.count }
    }

    /// Waiting jobs of one partition held in memory.
    package static let windowLimit = 1000

    private var partitions: [String: Partition] = [:]
    private var turn: [String] = []
    private var next = 0
    private var known: Set<Int64> = []
    /// Jobs offered anew while their last attempt was still being settled.
    private var again: [Int64: String] = [:]
    private var suspects: [JobHeader] = []
    private var loneRun: Int64?
    package private(set) var runningCount = 0
    private let capacity: Int

    /// - Parameter capacity: jobs running at once in this process.
    package init(capacity: Int) { self.capacity = capacity }

    /// Makes jobs known that are due now.
    package mutating func offer(_ headers: [JobHeader]) {
        for header in headers {
            if known.insert(header.number).inserted {
                add(header)
            } else {
                again[header.number] = header.partition
            }
        }
    }

    /// Jobs that ran when the process died: each runs alone before anything else does.
    package mutating func offerSuspects(_ headers: [JobHeader]) {
        for header in headers where known.insert(header.number).inserted {
            suspects.append(header)
        }
    }

    /// Says that the queue holds jobs of a partition that are not in memory.
    package mutating func noteMore(_ partition: String) {
        ensure(partition)
        partitions[partition]?.hasMore = true
    }

    /// Partitions whose window runs low while the queue holds more.
    package var starving: [String] {
        turn.filter { name in
            guard let partition = partitions[name] else { return false }
            return partition.hasMore
                && partition.ready.count - partition.head < Self.windowLimit / 4
        }
    }

    /// Takes in what the queue returned for a starving partition.
    package mutating func refill(_ name: String, with headers: [JobHeader], isAll: Bool) {
        partitions[name]?.hasMore = !isAll
        offer(headers)
    }

    /// What to start now.
    /// - Parameters:
    ///   - limit: a partition's concurrency.
    ///   - spend: takes a token; zero when given, else how long to wait.
    package mutating func take(
        now: Instant, limit: (String) -> Int, spend: (String) -> Duration
    ) -> (jobs: [JobHeader], isAlone: Bool) {
        if loneRun != nil { return ([], true) }
        if !suspects.isEmpty {
            guard runningCount == 0 else { return ([], true) }
            let header = suspects.removeFirst()
            loneRun = header.number
            start(header)
            return ([header], true)
        }
        var taken: [JobHeader] = []
        var idle = 0
        while runningCount < capacity, idle < turn.count {
            if next >= turn.count { next = 0 }
            let name = turn[next]
            next += 1
            guard let header = pop(name, now: now, limit: limit, spend: spend) else {
                idle += 1
                continue
            }
            idle = 0
            start(header)
            taken.append(header)
        }
        dropEmpty()
        return (taken, false)
    }

    /// The earliest time at which a blocked partition may go on.
    package var nextUnblocked: Instant? {
        guard runningCount < capacity, loneRun == nil, suspects.isEmpty else { return nil }
        return partitions.values.filter { !$0.isEmpty }.compactMap(\.blockedUntil).min()
    }

    /// An attempt ended, however it did.
    package mutating func finished(_ header: JobHeader) {
        known.remove(header.number)
        runningCount -= 1
        if loneRun == header.number { loneRun = nil }
        partitions[header.partition]?.running -= 1
        if let partition = again.removeValue(forKey: header.number) { noteMore(partition) }
    }

    private mutating func start(_ header: JobHeader) {
        ensure(header.partition)
        partitions[header.partition]?.running += 1
        runningCount += 1
    }

    private mutating func ensure(_ name: String) {
        guard partitions[name] == nil else { return }
        partitions[name] = Partition()
        turn.append(name)
    }

    private mutating func add(_ header: JobHeader) {
        ensure(header.partition)
        guard var partition = partitions.removeValue(forKey: header.partition) else { return }
        defer { partitions[header.partition] = partition }
        guard partition.ready.count - partition.head < Self.windowLimit else {
            known.remove(header.number)
            partition.hasMore = true
            return
        }
        var place = partition.ready.count
        while place > partition.head, partition.ready[place - 1].rank > header.rank { place -= 1 }
        partition.ready.insert(header, at: place)
    }

    private mutating func pop(
        _ name: String, now: Instant, limit: (String) -> Int, spend: (String) -> Duration
    ) -> JobHeader? {
        guard var partition = partitions.removeValue(forKey: name) else { return nil }
        defer { partitions[name] = partition }
        guard !partition.isEmpty, partition.running < limit(name) else { return nil }
        if let blocked = partition.blockedUntil, now < blocked { return nil }
        let wait = spend(name)
        guard wait == .zero else {
            partition.blockedUntil = now + wait
            return nil
        }
        partition.blockedUntil = nil
        let header = partition.ready[partition.head]
        partition.head += 1
        if partition.head > 512 || partition.isEmpty {
            partition.ready.removeFirst(partition.head)
            partition.head = 0
        }
        return header
    }

    private mutating func dropEmpty() {
        guard turn.count > 256 else { return }
        turn.removeAll { name in
            guard let partition = partitions[name], partition.isEmpty, partition.running == 0,
                !partition.hasMore
            else { return false }
            partitions[name] = nil
            return true
        }
    }
}
