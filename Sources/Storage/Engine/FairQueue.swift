import Kernel

/// Waiting writes in classes taken in turn, and within a class by tenant in turn.
package struct FairQueue: Sendable {
    private struct Lane: Sendable {
        /// Finished work is dropped from a queue that never runs empty after so many.
        private static let compaction = 512

        var byTenant: [TenantID: [EngineWork]] = [:]
        var heads: [TenantID: Int] = [:]
        var turn: [TenantID] = []
        var next = 0

        mutating func add(_ work: EngineWork) {
            if byTenant[work.tenant] == nil { turn.append(work.tenant) }
            byTenant[work.tenant, default: []].append(work)
        }

        mutating func pop() -> EngineWork? {
            guard !turn.isEmpty else { return nil }
            if next >= turn.count { next = 0 }
            let tenant = turn[next]
            let head = heads[tenant, default: 0]
            guard let waiting = byTenant[tenant], head < waiting.count else { return nil }
            let work = waiting[head]
            if head + 1 == waiting.count {
                byTenant[tenant] = nil
                heads[tenant] = nil
                turn.remove(at: next)
            } else {
                heads[tenant] = head + 1
                if head + 1 >= Self.compaction {
                    byTenant[tenant]?.removeFirst(head + 1)
                    heads[tenant] = 0
                }
                next += 1
            }
            return work
        }
    }

    private var lanes = WriteLane.allCases.map { _ in Lane() }
    private var nextLane = 0
    private var retries: [EngineWork] = []
    package private(set) var count = 0

    package init() {}

    package mutating func add(_ work: EngineWork) {
        lanes[work.lane.rawValue].add(work)
        count += 1
    }

    /// Puts innocent work of a rolled-back batch in front, in its old order.
    package mutating func putBack(_ works: [EngineWork]) {
        retries.insert(contentsOf: works.reversed(), at: retries.count)
        count += works.count
    }

    package mutating func pop() -> EngineWork? {
        if let work = retries.popLast() {
            count -= 1
            return work
        }
        for _ in lanes.indices {
            let lane = nextLane
            nextLane = (nextLane + 1) % lanes.count
            if let work = lanes[lane].pop() {
                count -= 1
                return work
            }
        }
        return nil
    }
}
