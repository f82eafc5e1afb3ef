import EngineTesting
import Events
import Kernel
import Logging
import Storage
import StorageTesting
import Synchronization
import Testing

enum TallyTag: IdentifierTag { static let prefix = "tal" }

/// How often a bell rang: what the projection under test computes.
struct Tally: Record {
    static let collection = "tallies"
    static let leavesEvents = false
    static let projection: String? = "testing.tallies"
    static let byBell = Index<Tally>.unique("by_bell", Column("bell", \.bell))
    static let indexes = [byBell]

    let id: Identifier<TallyTag>
    let bell: String
    var rings: Int
}

/// A projection on a fresh database, with who keeps it and who computes it anew.
final class RebuildStage: Sendable {
    struct Hands: Sendable {
        let live: SubscriptionRunner
        let rebuilder: ProjectionRebuilder
    }

    static let name = "testing.tallies"
    let store: Store
    let parking: Parking
    let timekeeper = ManualTimekeeper()
    let observer = Listener()
    /// What one ring counts: other code yields other sums.
    let weight = Mutex(1)
    let cracked = Mutex<Set<String>>([])
    struct Stray: Sendable { let write: @Sendable (Transaction) throws -> Void }
    let strays = Mutex(Stray { _ in })
    private let database: TestDatabase
    private let version = Mutex<Int64>(1)
    private let rung = Mutex<[String: Int]>([:])
    private let hands = Mutex<Hands?>(nil)
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() async throws {
        database = try TestDatabase()
        store = Store(engine: try database.engine())
        _ = try await store.open([Tally.self, Gadget.self])
        parking = Parking(store: store, observers: [observer])
        try await restart()
    }

    var subscription: Subscription {
        Subscription(
            name: Self.name, kind: .projection, types: [Rang.type],
            version: version.withLock { $0 }, key: { try $0.decode(Rang.self).bell },
            handle: { try self.project($0, $1) })
    }

    var reaction: Subscription {
        Subscription(
            name: "testing.reaction", kind: .reaction, types: [Rang.type], key: { $0.stream },
            handle: { _, _ in })
    }

    var rebuilds: ProjectionRebuilds {
        ProjectionRebuilds(store: store, subscriptions: [subscription, reaction])
    }

    /// As a process that starts: nothing is known but what the database says.
    func restart(version: Int64? = nil) async throws {
        if let version { self.version.withLock { $0 = version } }
        let live = SubscriptionRunner(
            subscription, store: store, timekeeper: timekeeper, logger: logger,
            observers: [observer])
        try await live.load()
        let rebuilder = ProjectionRebuilder(
            subscription, live: live, store: store, timekeeper: timekeeper, logger: logger,
            observers: [observer])
        hands.withLock { $0 = Hands(live: live, rebuilder: rebuilder) }
    }

    func ring(_ bell: String, _ times: Int = 1, tenant: TenantID = .sample(1)) async throws {
        for number in 0..<times {
            try await store.writeUnrepeated(.sample(tenant: tenant)) {
                try $0.emit(Rang(bell: bell, number: number), to: "bells/\(bell)")
            }
            rung.withLock { $0["\(tenant)/\(bell)", default: 0] += 1 }
        }
    }

    func live() async throws -> Bool { try await present().live.step() }
    func rebuild() async throws -> Bool { try await present().rebuilder.step() }

    func settle() async throws {
        var isMoving = true
        while isMoving {
            let (kept, anew) = (try await live(), try await rebuild())
            isMoving = kept || anew
        }
    }

    func begin() async throws { try await rebuilds.begin(Self.name, call: call()) }
    func cancel() async throws { try await rebuilds.cancel(Self.name, call: call()) }
    func call() -> Call { .sample(tenant: .platform, at: timekeeper.now.microseconds) }

    func row() async throws -> ProjectionRow? {
        try await store.bookkeeping { try $0.projection(Self.name) }
    }

    func tally(_ bell: String, tenant: TenantID = .sample(1)) async throws -> Int? {
        try await store.read(tenant) { try $0.find(Tally.byBell, bell)?.rings }
    }

    /// Bells whose shown sum is not what was rung, or, while things move, is more than that.
    func wrong(isAtRest: Bool) async throws -> [String] {
        var found: [String] = []
        for (name, times) in rung.withLock({ $0 }) {
            let parts = name.split(separator: "/").map(String.init)
            guard let tenant = TenantID(parts[0]) else { continue }
            let shown = try await tally(parts[1], tenant: tenant) ?? 0
            if isAtRest ? shown != times : shown > times {
                found.append("\(name) shows \(shown) of \(times)")
            }
        }
        return found
    }

    private func present() -> Hands {
        guard let hands = hands.withLock({ $0 }) else { preconditionFailure("started by init") }
        return hands
    }

    private func project(_ envelope: Envelope, _ transaction: Transaction) throws {
        let event = try envelope.decode(Rang.self)
        if cracked.withLock({ $0.contains(event.bell) }) {
            throw RecordedFault(kind: .invalid, code: "testing.bell", detail: "cracked")
        }
        try strays.withLock { $0 }.write(transaction)
        let weight = weight.withLock { $0 }
        if var tally = try transaction.find(Tally.byBell, event.bell) {
            tally.rings += weight
            try transaction.update(tally)
        } else {
            try transaction.insert(
                Tally(id: transaction.decision.newID(), bell: event.bell, rings: weight))
        }
    }
}

/// Remembers what it was told of.
final class Listener: ParkingObserver {
    let open = Mutex<Set<Int64>>([])

    func parked(
        _ row: ParkedRow, _ event: Envelope, _ fault: RecordedFault, in transaction: Transaction
    ) throws {
        transaction.afterCommit { self.open.withLock { _ = $0.insert(row.number) } }
    }

    func released(
        _ row: ParkedRow, isHandled: Bool, in transaction: Transaction
    ) throws {
        #expect(transaction.tenant == row.key.tenant)
        transaction.afterCommit { self.open.withLock { _ = $0.remove(row.number) } }
    }
}
