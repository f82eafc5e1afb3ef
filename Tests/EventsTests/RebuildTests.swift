import EngineTesting
import Events
import Kernel
import Storage
import StorageTesting
import Synchronization
import Testing

@Suite(.onBothEngines, .namingTheEngine) struct RebuildTests {
    @Test func `what is shown stays until the new computation has caught up`() async throws {
        let stage = try await RebuildStage()
        try await stage.ring("great", 700)
        try await stage.settle()
        stage.weight.withLock { $0 = 10 }

        try await stage.begin()
        _ = try await stage.rebuild()
        let meanwhile = try await stage.tally("great")
        let lag = try await SubscriptionLag.measure(stage.subscription, in: stage.store)
        try await stage.settle()
        try await stage.ring("great")
        try await stage.settle()

        #expect(meanwhile == 700)
        #expect(lag.rebuild?.reached == 512)
        #expect(try await stage.tally("great") == 7010)
        let events = try await stage.store.read(.platform) {
            try $0.log(after: .start, limit: 10).events.map(\.type)
        }
        #expect(events == [ProjectionRebuildBegun.type, ProjectionRebuilt.type])
    }

    @Test(arguments: Seeds.of(8))
    func `every ring counts once, however computing anew, ending and starting fall`(
        _ seed: UInt64
    ) async throws {
        var random = SplitMix64(seed: seed)
        let stage = try await RebuildStage()
        for _ in 0..<120 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2:
                try await stage.ring(
                    "bell \(Int.random(in: 0..<3, using: &random))",
                    Int.random(in: 1...3, using: &random),
                    tenant: .sample(UInt64.random(in: 1...2, using: &random)))
            case 3...4: _ = try await stage.live()
            case 5: _ = try await stage.rebuild()
            case 6:
                async let kept = stage.live()
                async let anew = stage.rebuild()
                _ = try await (kept, anew)
            case 7:
                if try await stage.row()?.rebuildingSince == nil { try await stage.begin() }
            case 8:
                if try await stage.row()?.rebuildingSince != nil, Bool.random(using: &random) {
                    try await stage.cancel()
                }
            default: try await stage.restart()
            }
            let wrong = try await stage.wrong(isAtRest: false)
            #expect(wrong.isEmpty, "\(wrong)")
        }
        try await stage.settle()

        let wrong = try await stage.wrong(isAtRest: true)
        #expect(wrong.isEmpty, "\(wrong)")
    }

    @Test func `control: sides that change without their places are noticed`() async throws {
        let stage = try await RebuildStage()
        try await stage.ring("great", 5)
        try await stage.settle()
        try await stage.begin()
        _ = try await stage.rebuild()
        try await stage.ring("great", 2)
        while try await stage.live() {}

        var row = try #require(try await stage.row())
        row.side = row.side.other
        row.rebuildingSince = nil
        let careless = row
        try await stage.store.writeUnrepeated(stage.call()) {
            try $0.bookkeeping { try $0.saveProjection(careless) }
        }
        try await stage.restart()
        try await stage.settle()

        #expect(try await stage.wrong(isAtRest: true).count == 1)
    }

    @Test func `what cannot be computed keeps the old shown until a person has spoken`()
        async throws
    {
        let stage = try await RebuildStage()
        try await stage.ring("good", 2)
        try await stage.ring("bad", 3)
        try await stage.settle()
        stage.cracked.withLock { $0 = ["bad"] }
        stage.weight.withLock { $0 = 10 }

        try await stage.begin()
        try await stage.settle()
        let parked = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 10)
        #expect(parked.map(\.subscription) == Array(repeating: "testing.tallies~rebuild", count: 3))
        #expect(try await stage.tally("good") == 2)
        #expect(stage.observer.open.withLock { $0.count } == 1)

        stage.cracked.withLock { $0 = [] }
        try await stage.parking.skip(
            parked[0].number, reason: "cracked",
            call: .sample(at: stage.timekeeper.now.microseconds))
        try await stage.settle()

        #expect(try await stage.tally("good") == 20)
        #expect(try await stage.tally("bad") == 20)
        #expect(stage.observer.open.withLock { $0.isEmpty })
    }

    @Test func `what the old side had set aside is nobody's trouble once the new one is shown`()
        async throws
    {
        let stage = try await RebuildStage()
        stage.cracked.withLock { $0 = ["bad"] }
        try await stage.ring("bad", 2)
        try await stage.ring("bad", 1, tenant: .sample(2))
        try await stage.settle()
        #expect(stage.observer.open.withLock { $0.count } == 2)

        stage.cracked.withLock { $0 = [] }
        try await stage.begin()
        try await stage.settle()

        #expect(stage.observer.open.withLock { $0.isEmpty })
        for tenant in [TenantID.sample(1), .sample(2)] {
            #expect(try await stage.parking.list(tenant: tenant, after: 0, limit: 9).isEmpty)
        }
        #expect(try await stage.wrong(isAtRest: true).isEmpty)
    }

    @Test func `given up, it leaves nothing behind`() async throws {
        let stage = try await RebuildStage()
        try await stage.ring("bad", 600)
        try await stage.settle()
        stage.cracked.withLock { $0 = ["bad"] }
        try await stage.begin()
        _ = try await stage.rebuild()

        try await stage.cancel()
        stage.cracked.withLock { $0 = [] }
        try await stage.settle()
        try await stage.ring("bad")
        try await stage.settle()

        #expect(stage.observer.open.withLock { $0.isEmpty })
        #expect(try await stage.parking.list(tenant: .sample(1), after: 0, limit: 9).isEmpty)
        #expect(try await stage.wrong(isAtRest: true).isEmpty)
        await #expect(throws: EventsError.self) { try await stage.cancel() }
    }

    @Test func `what people decided about events holds for a new computation too`() async throws {
        let stage = try await RebuildStage()
        stage.cracked.withLock { $0 = ["bad", "worse"] }
        try await stage.ring("bad")
        try await stage.ring("worse")
        try await stage.settle()
        let parked = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 9)
        let call = Call.sample(at: stage.timekeeper.now.microseconds)
        try await stage.parking.replace(
            parked[0].number, data: BodyCoder.encode(Rang(bell: "mended", number: 1)), call: call)
        try await stage.parking.skip(parked[1].number, reason: "cracked", call: call)
        try await stage.settle()

        try await stage.begin()
        try await stage.settle()

        #expect(try await stage.row()?.side == .second)
        #expect(try await stage.tally("mended") == 1)
        #expect(try await stage.tally("bad") == nil)
        #expect(try await stage.tally("worse") == nil)
    }

    @Test func `given up and begun again at once, nobody's trouble is forgotten`() async throws {
        let stage = try await RebuildStage()
        try await stage.ring("bad", 450)
        try await stage.ring("good")
        try await stage.settle()
        stage.cracked.withLock { $0 = ["bad"] }
        try await stage.begin()
        while try await stage.rebuild() {}
        #expect(stage.observer.open.withLock { $0.count } == 1)

        try await stage.cancel()
        stage.cracked.withLock { $0 = [] }
        try await stage.begin()
        try await stage.settle()

        #expect(stage.observer.open.withLock { $0.isEmpty })
        #expect(try await stage.wrong(isAtRest: true).isEmpty)
        let names = try await stage.store.bookkeeping {
            try $0.subscriptions(from: "testing.tallies~", to: "testing.tallies~~")
        }
        #expect(names.isEmpty)
    }

    @Test func `a half by one code is not filled up by another`() async throws {
        let stage = try await RebuildStage()
        _ = try await stage.rebuilds.renew(call: stage.call())
        try await stage.ring("great", 600)
        try await stage.settle()
        try await stage.begin()
        _ = try await stage.rebuild()

        // Newer code starts in the middle, then older code, as when releases are changed in turn.
        stage.weight.withLock { $0 = 2 }
        try await stage.restart(version: 2)
        #expect(try await stage.rebuilds.renew(call: stage.call()) == [RebuildStage.name])
        _ = try await stage.rebuild()
        stage.weight.withLock { $0 = 1 }
        try await stage.restart(version: 1)
        #expect(try await stage.rebuilds.renew(call: stage.call()).isEmpty)
        try await stage.settle()
        #expect(try await stage.tally("great") == 600)
        stage.weight.withLock { $0 = 2 }
        try await stage.restart(version: 2)
        try await stage.settle()

        #expect(try await stage.tally("great") == 1200)
        #expect(try await stage.row()?.version == 2)
        try await stage.restart(version: 1)
        await #expect(throws: EventsError.self) { try await stage.begin() }
    }

    @Test func `newer code computes anew at the next start, the first and the same do not`()
        async throws
    {
        let stage = try await RebuildStage()
        let first = try await stage.rebuilds.renew(call: stage.call())
        try await stage.ring("great", 3)
        try await stage.settle()
        let same = try await stage.rebuilds.renew(call: stage.call())

        stage.weight.withLock { $0 = 2 }
        try await stage.restart(version: 2)
        let newer = try await stage.rebuilds.renew(call: stage.call())
        try await stage.settle()
        let again = try await stage.rebuilds.renew(call: stage.call())

        #expect([first, same, newer, again] == [[], [], [RebuildStage.name], []])
        #expect(try await stage.tally("great") == 6)
    }

    @Test func `reactions, unknown names and second requests are refused`() async throws {
        let stage = try await RebuildStage()
        func code(_ body: () async throws -> Void) async -> EventsFaultCode? {
            do { try await body() } catch { return (error as? EventsError)?.reason }
            return nil
        }
        let call = stage.call()
        #expect(
            await code { try await stage.rebuilds.begin("testing.reaction", call: call) }
                == .notProjection)
        #expect(
            await code { try await stage.rebuilds.begin("nothing", call: call) }
                == .unknownSubscription)
        try await stage.begin()
        #expect(await code { try await stage.begin() } == .rebuilding)
    }

    @Test func `a projection writes its own and nothing else, and nobody else writes it`()
        async throws
    {
        let stray: [@Sendable (Transaction) throws -> Void] = [
            { try $0.insert(Gadget(id: .sample(9), name: "stray")) },
            { try $0.emit(Rang(bell: "x", number: 1), to: "bells/x") },
        ]
        for write in stray {
            let stage = try await RebuildStage()
            stage.strays.withLock { $0 = .init(write: write) }
            try await stage.ring("great")
            try await stage.settle()
            let parked = try await stage.parking.list(tenant: .sample(1), after: 0, limit: 9)
            #expect(parked.map(\.fault?.code) == ["storage.notItsOwn"])
        }
        let stage = try await RebuildStage()
        await #expect(throws: StorageError.self) {
            try await stage.store.writeUnrepeated(.sample()) {
                try $0.insert(Tally(id: .sample(1), bell: "great", rings: 1))
            }
        }
    }
}
