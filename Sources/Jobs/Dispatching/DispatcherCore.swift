import DequeModule
import HeapModule
package import Kernel
package import Storage

/// Which waiting job runs next: a pure state machine over a bounded window per partition.
///
/// Tenants take weighted turns, within a tenant its connections do, within a connection rank
/// decides among the partitions that may start one. Limits count per scope: tenant, connection,
/// queue, kind and key. It does no I/O and knows no clock: the dispatcher around it does what it
/// says.
package struct DispatcherCore: Sendable {
    /// Waiting jobs of one partition held in memory, and of all.
    package static let windowLimit = 1000
    static let totalLimit = 200_000

    var partitions = PartitionTable()
    var scopes = ScopeTable()
    private var flows = FlowTable()
    private var lanes = LaneQueue()
    private var timers = Heap<Timer>()
    private var known: [Int64: Int] = [:]
    /// Jobs offered anew while their last attempt was still being settled.
    private var again: Set<Int64> = []
    private var suspects: Deque<JobHeader> = []
    /// All of them are held back by a pause or a breaker: until its end the others go on.
    private var areSuspectsHeld = false
    private var loneRun: Int64?
    /// Scopes with limits of their own.
    private var limited: Set<String> = []
    private var lanesOfRunning: [Int64: String] = [:]
    package private(set) var runningCount = 0
    private let capacity: Int

    private struct Timer: Comparable, Sendable {
        let at: Instant
        let partition: Int
        static func < (one: Timer, other: Timer) -> Bool { one.at < other.at }
    }

    /// A job to start: its claim decides whether it still can.
    package struct Start: Sendable, Hashable {
        package let number: Int64
        package let partition: String
    }

    /// - Parameters:
    ///   - capacity: jobs running at once in this process.
    ///   - tenantLimit: what one tenant may run at once unless its own limit says otherwise.
    package init(capacity: Int, tenantLimit: Int? = nil) {
        self.capacity = capacity
        scopes.tenantLimit = tenantLimit ?? capacity
    }

    package var waitingCount: Int { known.count - runningCount }

    private var windowLimit: Int {
        let count = partitions.count
        return count <= 200 ? Self.windowLimit : max(16, Self.totalLimit / count)
    }

    /// Makes jobs known that are due now.
    package mutating func offer(_ headers: [JobHeader]) {
        for header in headers {
            let place = partition(header.partition)
            guard known[header.number] == nil else {
                again.insert(header.number)
                continue
            }
            known[header.number] = place
            add(
                ReadyJob(number: header.number, rank: header.rank, lane: header.lane), to: place)
        }
    }

    /// Jobs that ran when the process died: each runs alone before anything else does.
    package mutating func offerSuspects(_ headers: [JobHeader]) {
        for header in headers where known[header.number] == nil {
            known[header.number] = partition(header.partition)
            suspects.append(header)
        }
    }

    /// Says that the queue holds jobs of a partition that are not in memory.
    package mutating func noteMore(_ name: String) {
        partitions.noteMore(partition(name), windowLimit)
    }

    /// Partitions whose window runs low while the queue holds more.
    package var starving: [String] { partitions.starving }

    /// How many jobs to read for a starving partition: twice a window, since those in memory are
    /// among what the queue returns.
    package var refillLimit: Int { windowLimit * 2 }

    /// Takes in what the queue returned for a starving partition.
    package mutating func refill(_ name: String, with headers: [JobHeader], isAll: Bool) {
        partitions.setMore(partition(name), !isAll, windowLimit)
        offer(headers.filter { known[$0.number] == nil })
        if let place = partitions.index(of: name) { discardIfIdle(place) }
    }

    /// What to start now.
    /// - Parameter spend: takes a token of each scope; zero when given, else how long to wait.
    package mutating func take(
        now: Instant, spend: ([String]) -> Duration
    ) -> (jobs: [Start], isAlone: Bool) {
        wake(now)
        if loneRun != nil { return ([], true) }
        let suspect = firstSuspect()
        areSuspectsHeld = suspect == nil
        if let suspect {
            guard runningCount == 0 else { return ([], true) }
            let header = suspects.remove(at: suspect)
            loneRun = header.number
            let place = partition(header.partition)
            known[header.number] = place
            start(header.number, header.lane, place)
            return ([Start(number: header.number, partition: header.partition)], true)
        }
        var taken: [Start] = []
        while runningCount < capacity, let tenant = flows.popTenant() {
            if let start = takeOne(of: tenant, now, spend) { taken.append(start) }
        }
        return (taken, false)
    }

    /// The earliest time at which a partition that spent its tokens may go on.
    package var nextUnblocked: Instant? {
        runningCount < capacity && loneRun == nil && (suspects.isEmpty || areSuspectsHeld)
            ? timers.min?.at : nil
    }

    /// An attempt ended, however it did.
    package mutating func finished(_ number: Int64) {
        guard let place = known.removeValue(forKey: number) else { return }
        runningCount -= 1
        if loneRun == number { loneRun = nil }
        for scope in scopes.leave(partitions[place].scopes) { makeRoom(in: scope) }
        let (next, reread) = lanes.leave(lanesOfRunning.removeValue(forKey: number))
        for (job, place) in next {
            partitions.leaveLane(place)
            add(job, to: place)
        }
        for name in reread { noteMore(name) }
        if again.remove(number) != nil { partitions.noteMore(place, windowLimit) }
        partitions.endRun(place)
        discardIfIdle(place)
    }

    /// Puts limits and weights in force, as they are now.
    package mutating func apply(_ budgets: Budgets) {
        if let limits = budgets.limits(after: nil) { apply(limits) }
    }

    /// Puts limits and weights in force.
    mutating func apply(_ limits: Budgets.Limits) {
        for scope in limited where limits.limits[scope] == nil { scopes.unset(scope) }
        limited = Set(limits.limits.keys)
        for (scope, limit) in limits.limits {
            scopes.set(scope, limit: limit.concurrency, isRated: limit.rate != nil)
        }
        flows.weigh(limits.weights)
        for scope in scopes.withRoom { makeRoom(in: scope) }
    }

    /// Starts nothing under these scopes until told otherwise.
    package mutating func pause(_ names: Set<String>) {
        for scope in scopes.pause(names) { makeRoom(in: scope) }
    }

    /// A scope may run so many at once, whatever its own limit: the breaker's hand.
    mutating func throttle(_ name: String, to limit: Int?) {
        let scope = scopes.index(of: name)
        scopes.throttle(scope, to: limit)
        if scopes.hasRoom(scope) { makeRoom(in: scope) }
    }

    /// The limits of its own that the work known of a connection is under.
    func scopes(of connection: String) -> Set<String> {
        let own = partitions.all.compactMap { JobPartition($0.name) }
            .filter { $0.connection == connection }.compactMap(\.key)
        return Set(own + [LimitScope.connection(connection)])
    }

    /// Running jobs by scope, for those who look.
    package var runningByScope: [String: Int] { scopes.running }
}

extension DispatcherCore {
    private mutating func partition(_ name: String) -> Int {
        if let known = partitions.index(of: name) { return known }
        let parsed = JobPartition(name)
        let tenant = flows.tenant(parsed?.tenant ?? .platform)
        let flow = flows.flow(of: tenant, parsed?.connection)
        let tenantName = LimitScope.tenant(parsed?.tenant ?? .platform)
        var outer = [scopes.index(of: tenantName, held: .tenant(tenant))]
        if let connection = parsed?.connection {
            outer.append(
                scopes.index(of: LimitScope.connection(connection), held: .flows([flow])))
        }
        let inner = (parsed.map(LimitScope.inner) ?? [name]).map { scopes.index(of: $0) }
        flows.place(flow, of: tenant, under: outer)
        return partitions.add(name, scopes: outer + inner, inner: inner, flow: flow)
    }

    private mutating func add(_ job: ReadyJob, to place: Int) {
        if let dropped = partitions.insert(job, in: place, limit: windowLimit) {
            known[dropped.number] = nil
        }
        if partitions.wantsTurn(place, for: job) { queue(place) }
    }

    /// Lets a partition stand in its connection's queue with the rank of its first job.
    private mutating func queue(_ place: Int) {
        guard let entry = partitions.entry(place) else { return }
        flows.add(entry, to: partitions[place].flow)
    }

    private mutating func takeOne(
        of tenant: Int, _ now: Instant, _ spend: ([String]) -> Duration
    ) -> Start? {
        // Where there is no room the tenant leaves the queue; it returns when some is made.
        guard scopes.hasRoom(flows.scope(ofTenant: tenant)) else { return nil }
        while let flow = flows.popFlow(of: tenant) {
            if let scope = flows.scope(ofFlow: flow), !scopes.hasRoom(scope) { continue }
            while let entry = flows.popEntry(of: flow) {
                guard partitions.takeTurn(entry) else { continue }
                guard let start = takeOne(in: entry.partition, now, spend) else { continue }
                flows.charge(flow, of: tenant)
                queue(entry.partition)
                return start
            }
        }
        return nil
    }

    private mutating func takeOne(
        in place: Int, _ now: Instant, _ spend: ([String]) -> Duration
    ) -> Start? {
        while let job = partitions[place].window.first {
            guard lanes.isFree(job.lane) else {
                _ = partitions.popFirst(place)
                if let lane = job.lane { wait(job, lane, place) }
                continue
            }
            if let full = partitions[place].inner.first(where: { !scopes.hasRoom($0) }) {
                partitions.block(place, on: full)
                scopes.await(full, place)
                return nil
            }
            let rated = scopes.rated(partitions[place].scopes)
            let wait = rated.isEmpty ? .zero : spend(rated)
            guard wait == .zero else {
                partitions.sleep(place)
                timers.insert(Timer(at: now + wait, partition: place))
                return nil
            }
            _ = partitions.popFirst(place)
            partitions.noteTaken(place, windowLimit)
            start(job.number, job.lane, place)
            return Start(number: job.number, partition: partitions[place].name)
        }
        partitions.noteTaken(place, windowLimit)
        discardIfIdle(place)
        return nil
    }

    /// Where the first suspect stands that nothing holds back; the others wait for its end.
    private mutating func firstSuspect() -> Int? {
        suspects.indices.first { index in
            let place = partition(suspects[index].partition)
            defer { discardIfIdle(place) }
            return partitions[place].scopes.allSatisfy { scopes.isOpen($0) }
        }
    }

    private mutating func wait(_ job: ReadyJob, _ lane: String, _ place: Int) {
        if lanes.wait(job, lane, in: place, named: partitions[place].name) {
            partitions.enterLane(place)
        } else {
            known[job.number] = nil
        }
    }

    private mutating func start(_ number: Int64, _ lane: String?, _ place: Int) {
        runningCount += 1
        scopes.enter(partitions[place].scopes)
        partitions.beginRun(place)
        lanes.enter(lane)
        if let lane { lanesOfRunning[number] = lane }
    }

    private mutating func wake(_ now: Instant) {
        while let timer = timers.min, timer.at <= now {
            timers.removeMin()
            guard partitions.wakeSleeper(timer.partition) else { continue }
            queue(timer.partition)
        }
    }

    /// A scope has room: whoever waits for it stands in the queue again.
    private mutating func makeRoom(in scope: Int) {
        switch scopes.holder(of: scope) {
        case .tenant(let tenant): flows.addBack(tenant: tenant)
        case .flows(let all): for flow in all.sorted() { flows.addBack(flow: flow) }
        case .partitions: wakeWaiters(of: scope)
        }
    }

    /// All of them: whoever is woken may not be able to use the place, for a pause or another limit,
    /// and must not keep it from the others. Those who find none wait again.
    private mutating func wakeWaiters(of scope: Int) {
        for place in scopes.takeWaiters(scope) where partitions.unblock(place, from: scope) {
            queue(place)
        }
    }

    private mutating func discardIfIdle(_ place: Int) {
        if partitions.isIdle(place) { partitions.remove(place) }
    }
}
