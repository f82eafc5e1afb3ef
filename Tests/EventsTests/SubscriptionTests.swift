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

    @Test func `all that match are retried or skipped, each for itself`() async throws {
        let stage = try await EventsStage()
        for bell in 0..<1100 { stage.breakBell("bell \(bell)", only: 0) }
        for bell in 0..<1100 { try await stage.ring("bell \(bell)", 0) }
        for number in 1..<3 { try await stage.ring("bell 7", number) }
        try await stage.settle()
        let call = Call.sample(at: stage.now)
        func all(
            _ filter: ParkedFilter, _ action: ParkedAction, _ call: Call
        ) async throws -> [ParkedOutcome] {
            var (found, after): ([ParkedOutcome], Int64?) = ([], 0)
            while let place = after {
                let (part, next) = try await stage.parking.apply(
                    action, to: filter, after: place, call: call)
                (found, after) = (found + part, next)
            }
            return found
        }

        let others = try await all(
            ParkedFilter(faultCode: "another"), .skip(reason: "none"), call)
        let strangers = try await all(
            ParkedFilter(), .skip(reason: "none"), .sample(tenant: .sample(2), at: stage.now))
        for bell in 0..<1100 where bell % 2 == 0 { stage.mendBell("bell \(bell)") }
        let retried = try await all(
            ParkedFilter(subscription: "testing.bells", faultCode: "testing.bell"), .retry, call)
        try await stage.settle()
        let skipped = try await all(ParkedFilter(), .skip(reason: "cracked"), call)
        try await stage.settle()

        #expect(others.isEmpty && strangers.isEmpty)
        #expect(retried.count == 1100 && retried.allSatisfy { $0.fault == nil })
        #expect(skipped.count == 550)
        #expect(stage.heard("bell 8") == [0] && stage.heard("bell 7") == [1, 2])
        #expect(try await stage.parking.list(tenant: .sample(1), after: 0, limit: 9).isEmpty)
        await #expect(throws: EventsError.self) {
            _ = try await stage.parking.apply(
                .skip(reason: ""), to: ParkedFilter(), after: 0, call: call)
        }
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
    private let runner: Mutex<SubscriptionRunner>
    private let heard = Mutex<[String: [Int]]>([:])
    private let broken = Mutex<[String: Int?]>([:])

    var now: Int64 { timekeeper.now.microseconds }

    init() async throws {
        database = try TestDatabase()
        store = Store(engine: try database.engine())
        _ = try await store.open([Gadget.self])
        parking = Parking(store: store)
        let placeholder = Subscription(
            name: "none", kind: .reaction, types: [], key: { _ in "" }, handle: { _, _ in })
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        runner = Mutex(
            SubscriptionRunner(placeholder, store: store, timekeeper: timekeeper, logger: logger))
        try await restart()
    }

    func restart() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let subscription = Subscription(
            name: "testing.bells", kind: .reaction, types: [Rang.type],
            key: { try $0.decode(Rang.self).bell }, handle: { try self.hear($0, $1) })
        let fresh = SubscriptionRunner(
            subscription, store: store, timekeeper: timekeeper, logger: logger)
        try await fresh.load()
        runner.withLock { $0 = fresh }
    }

    func ring(_ bell: String, _ number: Int) async throws {
        try await store.writeUnrepeated(.sample()) {
            try $0.emit(Rang(bell: bell, number: number), to: "bells/\(bell)")
        }
    }

    func settle() async throws {
        let runner = runner.withLock { $0 }
        while try await runner.step() {}
    }

    func heard(_ bell: String) -> [Int] { heard.withLock { $0[bell] ?? [] } }
    func breakBell(_ bell: String, only number: Int? = nil) {
        broken.withLock { $0[bell] = .some(number) }
    }
    func mendBell(_ bell: String) { broken.withLock { $0[bell] = nil } }

    private func hear(_ envelope: Envelope, _ transaction: Transaction) throws {
        let event = try envelope.decode(Rang.self)
        if let only = broken.withLock({ $0[event.bell] }), (only ?? event.number) == event.number {
            throw RecordedFault(kind: .invalid, code: "testing.bell", detail: "cracked")
        }
        transaction.afterCommit {
            self.heard.withLock { $0[event.bell, default: []].append(event.number) }
        }
    }
}
