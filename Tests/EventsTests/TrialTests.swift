import EngineTesting
import Events
import Kernel
import Storage
import StorageTesting
import Synchronization
import Testing

/// Events that may have ended the process that handled them.
@Suite(.onBothEngines, .namingTheEngine) struct TrialTests {
    private static let name = "testing.bells"

    private func trials(_ stage: EventsStage, _ position: Int64) async throws -> Int {
        try await stage.store.bookkeeping {
            try $0.trials(subscription: Self.name, position: position)
        }
    }

    /// As processes leave it that died while they handled the event alone.
    private func die(_ stage: EventsStage, _ position: Int64, times: Int) async throws {
        try await stage.store.writeUnrepeated(.sample()) { transaction in
            try transaction.bookkeeping {
                try $0.saveTrials(subscription: Self.name, position: position, times)
            }
        }
    }

    private func positions(_ stage: EventsStage) async throws -> [Int64] {
        try await stage.store.log(after: .start, types: [Rang.type], limit: 100).events
            .map(\.position.number)
    }

    @Test func `what ended two processes while alone is set aside, and nobody else waits`()
        async throws
    {
        let stage = try await EventsStage()
        for number in 0..<2 {
            try await stage.ring("bad", number)
            try await stage.ring("good", number)
        }
        let first = try await positions(stage)[0]
        try await die(stage, first, times: 2)

        try await stage.restart()
        try await stage.settle()
        let parked = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 10)

        #expect(parked.map(\.fault?.code) == ["events.quarantined", nil])
        #expect(parked.map(\.state) == [.parked, .waiting])
        #expect(stage.heard("good") == [0, 1] && stage.heard("bad").isEmpty)

        // A release that can handle it, and a person who tries again.
        try await stage.parking.retry(parked[0].number, call: .sample(at: stage.now))
        try await stage.settle()
        #expect(stage.heard("bad") == [0, 1])
        #expect(try await trials(stage, first) == 0)
    }

    @Test func `a retried event that ends two processes more is set aside again`() async throws {
        let stage = try await EventsStage()
        stage.breakBell("bad")
        try await stage.ring("bad", 0)
        try await stage.settle()
        stage.mendBell("bad")
        let head = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 1)[0]
        try await stage.parking.retry(head.number, call: .sample(at: stage.now))
        try await die(stage, head.position, times: 2)

        try await stage.restart()
        try await stage.settle()
        let parked = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 10)

        #expect(parked.map(\.fault?.code) == ["events.quarantined"])
        #expect(stage.heard("bad").isEmpty)
    }

    @Test func `one death more is not yet a reason, and an end forgets it`() async throws {
        let stage = try await EventsStage()
        try await stage.ring("a", 0)
        let position = try await positions(stage)[0]
        try await die(stage, position, times: 1)

        try await stage.restart()
        try await stage.settle()

        #expect(stage.heard("a") == [0])
        #expect(try await trials(stage, position) == 0)
    }

    @Test
    func `after a start the first of a slot is written down before it is handled, others not`()
        async throws
    {
        let stage = try await EventsStage()
        let seen = Order()
        stage.beforeHearing { envelope, transaction in
            let count = try transaction.bookkeeping {
                try $0.trials(subscription: Self.name, position: envelope.position.number)
            }
            seen.append(count)
        }
        for number in 0..<3 { try await stage.ring("a", number) }

        try await stage.restart()
        try await stage.settle()
        try await stage.ring("b", 0)
        try await stage.settle()

        #expect(seen.all.first == 1)
        #expect(Set(seen.all.dropFirst()) == [0])
        for position in try await positions(stage) {
            #expect(try await trials(stage, position) == 0)
        }
    }

    @Test func `what this process lives through is no death, however often`() async throws {
        let stage = try await EventsStage()
        let deaf = DeafObserver()
        stage.breakBell("a")
        try await stage.ring("a", 0)
        let position = try await positions(stage)[0]
        try await stage.restart(observers: [deaf])

        // It is neither handled nor set aside, and each time all is to be done again.
        for _ in 0..<5 {
            await #expect(throws: RecordedFault.self) { try await stage.stepIfOurs() }
            #expect(try await trials(stage, position) == 1)
        }
        stage.mendBell("a")
        while try await stage.stepIfOurs() {}

        #expect(stage.heard("a") == [0])
        #expect(try await stage.parking.list(tenant: .sample(1), after: 0, limit: 9).isEmpty)
        #expect(try await trials(stage, position) == 0)
    }

    @Test func `the control: begun anew each time, the same are deaths`() async throws {
        let stage = try await EventsStage()
        let deaf = DeafObserver()
        stage.breakBell("a")
        try await stage.ring("a", 0)
        let position = try await positions(stage)[0]

        for count in 1...2 {
            try await stage.restart(observers: [deaf])
            await #expect(throws: RecordedFault.self) { try await stage.stepIfOurs() }
            #expect(try await trials(stage, position) == count)
        }
    }

    @Test func `an event on trial waits for whoever is on trial`() async throws {
        let stage = try await EventsStage()
        let turn = stage.leases.loneTurn
        let order = Order()
        stage.beforeHearing { _, _ in order.append(2) }
        try await stage.ring("a", 0)
        try await stage.restart()
        await turn.enter(.long)

        let step = Task { try await stage.settle() }
        // Each of these is written after what was asked to be written before.
        for number in 0..<30 { try await stage.distract(number) }
        order.append(1)
        turn.leave()
        try await step.value

        #expect(order.all.prefix(2) == [1, 2])
    }

    @Test func `turns are given in the order they were asked for, to the brief first`() async {
        let turn = LoneTurn()
        let order = Order()
        await turn.enter(.long)

        await withTaskGroup(of: Void.self) { group in
            for number in 1...3 {
                group.addTask {
                    await turn.enter(number == 1 ? .long : .brief)
                    order.append(number)
                    turn.leave()
                }
                while turn.waitingCount < number { await Task.yield() }
            }
            turn.leave()
            await group.waitForAll()
        }

        #expect(order.all == [2, 3, 1])
    }
}

/// Who has to be told of an event set aside, and cannot be reached.
private struct DeafObserver: ParkingObserver {
    func parked(
        _ row: ParkedRow, _ event: Envelope, _ fault: RecordedFault, in transaction: Transaction
    ) throws {
        throw RecordedFault(kind: .unavailable, code: "testing.deaf", detail: "away")
    }

    func released(_ row: ParkedRow, isHandled: Bool, in transaction: Transaction) throws {}
}

/// What came after what.
private final class Order: Sendable {
    private let numbers = Mutex<[Int]>([])

    var all: [Int] { numbers.withLock { $0 } }

    func append(_ number: Int) { numbers.withLock { $0.append(number) } }
}
