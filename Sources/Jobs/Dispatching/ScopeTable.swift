/// What runs under each scope, how much may, and which partitions wait for room.
struct ScopeTable: Sendable {
    /// Who waits when there is no room.
    enum Holder: Hashable, Sendable {
        case tenant(Int)
        /// Connections of that name, one of each tenant that has one.
        case flows(Set<Int>)
        case partitions

        mutating func join(_ other: Holder) {
            switch (self, other) {
            case (.flows(let known), .flows(let more)): self = .flows(known.union(more))
            case (_, .partitions): break
            default: self = other
            }
        }
    }

    private struct Scope: Sendable {
        let name: String
        var holder: Holder
        var limit: Int
        var running = 0
        var isPaused = false
        var isRated = false
        var throttle: Int?
        var waiters: [Int] = []

        var mayBeAwaited: Bool { hasRoom && (holder != .partitions || !waiters.isEmpty) }
        var hasRoom: Bool { isOpen && running < min(limit, throttle ?? .max) }
        /// Whether something could run were nothing else running.
        var isOpen: Bool { !isPaused && min(limit, throttle ?? .max) > 0 }
    }

    var tenantLimit = Int.max
    private var rows: [Scope] = []
    private var numbers: [String: Int] = [:]

    mutating func index(of name: String, held holder: Holder = .partitions) -> Int {
        if let known = numbers[name] {
            rows[known].holder.join(holder)
            return known
        }
        rows.append(Scope(name: name, holder: holder, limit: standard(name)))
        numbers[name] = rows.count - 1
        return rows.count - 1
    }

    func holder(of scope: Int) -> Holder { rows[scope].holder }

    func hasRoom(_ scope: Int) -> Bool { rows[scope].hasRoom }
    func isOpen(_ scope: Int) -> Bool { rows[scope].isOpen }
    func rated(_ scopes: [Int]) -> [String] {
        scopes.filter { rows[$0].isRated }.map { rows[$0].name }
    }

    mutating func enter(_ scopes: [Int]) { for scope in scopes { rows[scope].running += 1 } }

    /// - Returns: scopes that have room now and may be waited for.
    mutating func leave(_ scopes: [Int]) -> [Int] {
        var freed: [Int] = []
        for scope in scopes {
            rows[scope].running -= 1
            if rows[scope].mayBeAwaited { freed.append(scope) }
        }
        return freed
    }

    mutating func `await`(_ scope: Int, _ partition: Int) { rows[scope].waiters.append(partition) }
    mutating func takeWaiters(_ scope: Int) -> [Int] {
        defer { rows[scope].waiters.removeAll() }
        return rows[scope].waiters
    }

    mutating func set(_ name: String, limit: Int, isRated: Bool) {
        let scope = index(of: name)
        rows[scope].limit = limit
        rows[scope].isRated = isRated
    }

    /// It has no limit of its own any more.
    mutating func unset(_ name: String) { set(name, limit: standard(name), isRated: false) }

    private func standard(_ name: String) -> Int {
        name.hasPrefix("tenant:") ? tenantLimit : .max
    }

    mutating func throttle(_ scope: Int, to limit: Int?) { rows[scope].throttle = limit }

    /// - Returns: scopes that were paused and no longer are.
    mutating func pause(_ names: Set<String>) -> [Int] {
        for name in names { _ = index(of: name) }
        var resumed: [Int] = []
        for scope in rows.indices {
            let isPaused = names.contains(rows[scope].name)
            if rows[scope].isPaused, !isPaused { resumed.append(scope) }
            rows[scope].isPaused = isPaused
        }
        return resumed
    }

    var withRoom: [Int] { rows.indices.filter { rows[$0].mayBeAwaited } }

    var running: [String: Int] {
        Dictionary(
            rows.filter { $0.running > 0 }.map { ($0.name, $0.running) },
            uniquingKeysWith: { first, _ in first })
    }
}
