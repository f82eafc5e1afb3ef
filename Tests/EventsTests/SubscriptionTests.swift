import EngineTesting
import Events
import Kernel
import Logging
import Storage
import StorageTesting
import Synchronization
import Testing

struct Rang: EventPayload {
    static let type: EventType = "testing.rang.1"
    let bell: String
    let number: Int
}

struct Noise: EventPayload {
    static let type: EventType = "testing.noise.1"
    let number: Int
}

@Suite(.onBothEngines, .namingTheEngine) struct SubscriptionTests {
    @Test func `every event is handled once and in order per key`() async throws {
        let stage = try await EventsStage()
        for number in 0..<60 { try await stage.ring("bell \(number % 7)", number) }

        try await stage.settle()
        try await stage.restart()
        try await stage.settle()

        for bell in 0..<7 {
            #expect(stage.heard("bell \(bell)") == (0..<60).filter { $0 % 7 == bell })
        }
    }

    @Test func `a key that fails is parked with all behind it, and no other waits`() async throws {
        let stage = try await EventsStage()
        stage.breakBell("bad")
        for number in 0..<5 {
            try await stage.ring("bad", number)
            try await stage.ring("good", number)
        }

        try await stage.settle()
        let parked = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 10)

        #expect(stage.heard("good") == [0, 1, 2, 3, 4])
        #expect(stage.heard("bad").isEmpty)
        #expect(parked.map(\.state) == [.parked, .waiting, .waiting, .waiting, .waiting])
        #expect(parked[0].fault?.code == "testing.bell")
    }

    @Test func `a retry drains the key in order`() async throws {
        let stage = try await EventsStage()
        stage.breakBell("bad")
        for number in 0..<4 { try await stage.ring("bad", number) }
        try await stage.settle()
        let head = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 1)[0]

        stage.mendBell("bad")
        try await stage.parking.retry(head.number, call: .sample(at: stage.now))
        try await stage.settle()
        try await stage.ring("bad", 9)
        try await stage.settle()

        #expect(stage.heard("bad") == [0, 1, 2, 3, 9])
        #expect(try await stage.parking.list(tenant: .sample(1), after: 0, limit: 9).isEmpty)
    }

    @Test func `a key with thousands behind its head does not keep the others waiting`()
        async throws
    {
        let stage = try await EventsStage()
        stage.breakBell("bad")
        for number in 0..<300 { try await stage.ring("bad", number) }
        try await stage.settle()
        let head = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 1)[0]
        stage.mendBell("bad")
        try await stage.parking.retry(head.number, call: .sample(at: stage.now))
        try await stage.ring("good", 0)

        try await stage.step()
        let handled = stage.heard("bad").count

        #expect(stage.heard("good") == [0])
        #expect((1...100).contains(handled))
        try await stage.settle()
        #expect(stage.heard("bad") == Array(0..<300))
    }

    @Test func `skipping leaves a record and lets the rest go on`() async throws {
        let stage = try await EventsStage()
        stage.breakBell("bad", only: 0)
        for number in 0..<3 { try await stage.ring("bad", number) }
        try await stage.settle()
        let head = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 1)[0]

        try await stage.parking.skip(head.number, reason: "known", call: .sample(at: stage.now))
        try await stage.settle()

        #expect(stage.heard("bad") == [1, 2])
        let (events, _) = try await stage.store.read(.sample(1)) {
            try $0.log(after: .start, types: [ParkedEventSkipped.type], limit: 10)
        }
        #expect(events.count == 1)
    }

    @Test func `a replacement is handled in the event's place`() async throws {
        let stage = try await EventsStage()
        stage.breakBell("bad", only: 0)
        try await stage.ring("bad", 0)
        try await stage.settle()
        let head = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 1)[0]

        try await stage.parking.replace(
            head.number, data: BodyCoder.encode(Rang(bell: "bad", number: 77)),
            call: .sample(at: stage.now))
        try await stage.settle()

        #expect(stage.heard("bad") == [77])
    }

    @Test func `many are retried or skipped, each for itself, and none that nobody named`()
        async throws
    {
        let stage = try await EventsStage()
        for bell in 0..<1100 { stage.breakBell("bell \(bell)") }
        for bell in 0..<1100 { try await stage.ring("bell \(bell)", 0) }
        for number in 1..<3 { try await stage.ring("bell 7", number) }
        try await stage.settle()
        let call = Call.sample(at: stage.now)
        func heads(_ filter: ParkedFilter, _ tenant: UInt64 = 1) async throws -> [Int64] {
            var (found, after): ([Int64], Int64?) = ([], 0)
            while let place = after {
                let (rows, next) = try await stage.parking.list(
                    filter, tenant: .sample(tenant), after: place, limit: 500)
                (found, after) = (found + rows.map(\.number), next)
            }
            return found
        }

        let all = try await heads(
            ParkedFilter(subscription: "testing.bells", faultCode: "testing.bell", isHead: true))
        for bell in 0..<1100 where bell % 2 == 0 { stage.mendBell("bell \(bell)") }
        for start in stride(from: 0, to: all.count, by: 500) {
            _ = try await stage.parking.apply(
                .retry, to: Array(all[start..<min(start + 500, all.count)]), call: call)
        }
        try await stage.settle()
        let left = try await heads(ParkedFilter(isHead: true))
        let strangers = try await stage.parking.apply(
            .retry, to: [left[0]], call: .sample(tenant: .sample(2), at: stage.now))
        let skipped = try await stage.parking.apply(
            .skip(reason: "cracked"), to: Array(left.prefix(500)), call: call)
        try await stage.settle()
        let again = try await stage.parking.apply(
            .skip(reason: "cracked"), to: Array(left.prefix(500)), call: call)
        let behind = try await heads(ParkedFilter(subscription: "testing.bells"))

        #expect(all.count == 1100 && left.count == 550)
        #expect(try await heads(ParkedFilter(faultCode: "another")).isEmpty)
        #expect(try await heads(ParkedFilter(), 2).isEmpty)
        #expect(strangers.map(\.fault?.code) == ["events.unknownParked"])
        #expect(skipped.allSatisfy { $0.fault == nil })
        // The next of bell 7 came to stand first: nobody has looked at it, so it is still there.
        #expect(again.allSatisfy { $0.fault?.code == "events.unknownParked" })
        #expect(behind.count == 52 && stage.heard("bell 8") == [0])
        await #expect(throws: EventsError.self) {
            _ = try await stage.parking.apply(.skip(reason: ""), to: [1], call: call)
        }
        await #expect(throws: EventsError.self) {
            _ = try await stage.parking.apply(.retry, to: [], call: call)
        }
    }

    @Test func `pieces without an event of its own come before those with some`() async throws {
        let stage = try await EventsStage()
        for number in 0..<700 { try await stage.distract(number) }
        for number in 0..<5 { try await stage.ring("great", number) }

        // Both pieces of what there was, and then a crash before it is written where it stands.
        while stage.heard("great").count < 5 { try await stage.step() }
        try await stage.ring("great", 5)
        try await stage.restart()
        try await stage.settle()

        #expect(stage.heard("great") == [0, 1, 2, 3, 4, 5])
        let lag = try await SubscriptionLag.measure(stage.subscription, in: stage.store)
        #expect(lag.events == 0 && !lag.isMore)
    }

    @Test func `how far behind it is shows by slot, with the oldest`() async throws {
        let stage = try await EventsStage()
        try await stage.ring("done", 0)
        try await stage.settle()
        for number in 0..<3 { try await stage.ring("a", number) }
        for number in 0..<2 { try await stage.ring("b", number) }
        try await stage.distract(0)

        let behind = try await SubscriptionLag.measure(stage.subscription, in: stage.store)
        try await stage.restart()
        let afterCrash = try await SubscriptionLag.measure(stage.subscription, in: stage.store)
        try await stage.settle()
        let level = try await SubscriptionLag.measure(stage.subscription, in: stage.store)

        // Both keys may fall into one slot.
        let counts = behind.slots.map(\.events).sorted()
        #expect(counts == [2, 3] || counts == [5], "\(counts)")
        #expect(behind.events == 5 && !behind.isMore && behind.oldest == Call.sample().at)
        #expect(behind.slots.allSatisfy { $0.oldest == Call.sample().at })
        #expect(afterCrash.events == 5)
        #expect(level.events == 0 && level.slots.isEmpty && level.oldest == nil)
    }

    @Test func `only the head is acted on, and only by its tenant`() async throws {
        let stage = try await EventsStage()
        stage.breakBell("bad")
        for number in 0..<2 { try await stage.ring("bad", number) }
        try await stage.settle()
        let parked = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 2)

        await #expect(throws: EventsError.self) {
            try await stage.parking.retry(parked[1].number, call: .sample(at: stage.now))
        }
        await #expect(throws: EventsError.self) {
            try await stage.parking.retry(
                parked[0].number, call: .sample(tenant: .sample(2), at: stage.now))
        }
        await #expect(throws: EventsError.self) {
            try await stage.parking.skip(
                parked[0].number, reason: "", call: .sample(at: stage.now))
        }
    }
}

/// A subscription on a fresh database that writes down what it heard, in the same transaction.
final class EventsStage: Sendable {
    private let database: TestDatabase
    let store: Store
    let timekeeper = ManualTimekeeper()
    let parking: Parking
    let leases: Leases
    private struct Prelude: Sendable { let hear: @Sendable (Envelope, Transaction) throws -> Void }
    private let prelude = Mutex<Prelude?>(nil)
    private let runner: Mutex<SubscriptionRunner>
    private let heard = Mutex<[String: [Int]]>([:])
    private let broken = Mutex<[String: Int?]>([:])

    var now: Int64 { timekeeper.now.microseconds }

    init() async throws {
        database = try TestDatabase()
        store = Store(engine: try database.engine())
        _ = try await store.open([Gadget.self])
        parking = Parking(store: store)
        leases = Leases(member: nil, timekeeper: timekeeper)
        let placeholder = Subscription(
            name: "none", kind: .reaction, types: [], key: { _ in "" }, handle: { _, _ in })
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        runner = Mutex(
            SubscriptionRunner(placeholder, store: store, timekeeper: timekeeper, logger: logger))
        try await restart()
    }

    var subscription: Subscription {
        Subscription(
            name: "testing.bells", kind: .reaction, types: [Rang.type],
            key: { try $0.decode(Rang.self).bell }, handle: { try self.hear($0, $1) })
    }

    func restart(observers: [any ParkingObserver] = []) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let fresh = SubscriptionRunner(
            subscription, store: store, timekeeper: timekeeper, logger: logger,
            observers: observers, leases: leases)
        try await fresh.load()
        runner.withLock { $0 = fresh }
    }

    func ring(_ bell: String, _ number: Int) async throws {
        try await store.writeUnrepeated(.sample()) {
            try $0.emit(Rang(bell: bell, number: number), to: "bells/\(bell)")
        }
    }

    /// An event of a type the subscription does not want.
    func distract(_ number: Int) async throws {
        try await store.writeUnrepeated(.sample()) {
            try $0.emit(Noise(number: number), to: "noise/\(number)")
        }
    }

    /// As the service does it. - Returns: whether anything moved.
    func stepIfOurs() async throws -> Bool {
        try await runner.withLock { $0 }.stepIfOurs() == .moved
    }

    func step() async throws { _ = try await runner.withLock { $0 }.step() }

    func settle() async throws {
        let runner = runner.withLock { $0 }
        while try await runner.step() {}
    }

    func heard(_ bell: String) -> [Int] { heard.withLock { $0[bell] ?? [] } }
    func breakBell(_ bell: String, only number: Int? = nil) {
        broken.withLock { $0[bell] = .some(number) }
    }
    func mendBell(_ bell: String) { broken.withLock { $0[bell] = nil } }

    func beforeHearing(_ body: @escaping @Sendable (Envelope, Transaction) throws -> Void) {
        prelude.withLock { $0 = Prelude(hear: body) }
    }

    private func hear(_ envelope: Envelope, _ transaction: Transaction) throws {
        try prelude.withLock { $0 }?.hear(envelope, transaction)
        let event = try envelope.decode(Rang.self)
        if let only = broken.withLock({ $0[event.bell] }), (only ?? event.number) == event.number {
            throw RecordedFault(kind: .invalid, code: "testing.bell", detail: "cracked")
        }
        transaction.afterCommit {
            self.heard.withLock { $0[event.bell, default: []].append(event.number) }
        }
    }
}
