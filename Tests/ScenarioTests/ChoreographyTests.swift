import Catalogue
import Contracts
import Events
import Foundation
import Inventory
import Kernel
import Logging
import Orders
import Platform
import Settings
import Storage
import StorageTesting
import Synchronization
import Testing
import Warehouse

/// Services hear of each other by events, in any interleaving: here chance decides who hears next,
/// while people pick, find too little, pack, hand over and cancel.
@Suite struct ChoreographyTests {
    private static let base =
        UInt64(ProcessInfo.processInfo.environment["LONGSHORE_SEED"] ?? "") ?? 1

    @Test(arguments: 0..<24)
    func `whoever hears first, every sum holds and all work can end`(_ number: UInt64) async throws
    {
        try await Self.live(Self.base &* 1000 &+ number)
    }

    /// Two reports of missing units, packed before Orders' answers came: the first answer brought units
    /// back that were not there, and the last box was never let go.
    @Test func `what once went wrong stays mended`() async throws {
        try await Self.live(13_014)
    }

    private static func live(_ seed: UInt64) async throws {
        let shop = try await Shop(seed: seed)

        try await shop.live(steps: 700)
        try await shop.finish()

        let report = try await shop.platform.verification(of: shop.tenant)
        let log = report.findings.isEmpty ? "" : try await shop.wholeLog()
        #expect(report.findings.isEmpty, "\(report.findings)\n\(log)")
        let parked = try await shop.parked()
        #expect(parked.isEmpty, "\(parked)")
        let open = try await shop.openWork()
        let story = try await shop.story(open.first)
        #expect(open.isEmpty, "work that cannot end: \(open)\n\(story)")
        for order in try await shop.orders() {
            let moving = [Bucket.sourced, .released, .picked, .packed].map(order.quantity(in:))
            #expect(moving.total().isZero, "\(order.id) has units that went nowhere")
        }
        #expect(try await shop.unitsOnHand() == shop.expectedOnHand())
        await shop.platform.close()
    }
}

/// A platform whose subscriptions are stepped by hand.
private final class Shop {
    let platform: Platform
    let tenant = TenantID.sample(1)
    private let runners: [SubscriptionRunner]
    private let clock = ManualTimekeeper()
    private var generator: SplitMix64
    private var facilities: [FacilityID] = []
    private let connection = ConnectionID.sample(1)
    private var received = 0
    private var calls = 0

    init(seed: UInt64) async throws {
        generator = SplitMix64(seed: seed)
        let folder = NSTemporaryDirectory() + "longshore-choreography-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        _ = try SecretsFile.create(in: folder)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let clock = clock
        let chance = Mutex(SplitMix64(seed: ~seed))
        var configuration = PlatformConfiguration(dataPath: folder)
        configuration.randomness = { chance.withLock { $0.next() } }
        platform = try await Platform(configuration, timekeeper: clock, logger: logger)
        let store = platform.store
        runners = platform.subscriptions.map {
            SubscriptionRunner(
                $0, store: store, timekeeper: clock, logger: logger, isOneLane: true)
        }
        for runner in runners { try await runner.load() }
        try await open()
    }

    /// A new operation each time, named by how many there were.
    private var call: Call {
        calls += 1
        clock.advance(by: .milliseconds(1))
        return Call(
            tenant: tenant, actor: .platform, at: clock.now, correlation: "test",
            operation: OperationID("call-\(calls)"), fingerprint: "")
    }

    private func open() async throws {
        let channelSKU = ChannelSKU(unchecked: "x"), sku = SKU(unchecked: "A")
        _ = try await platform.catalogue.service.add(sku, title: "A", call: call)
        _ = try await platform.catalogue.service.map(
            channelSKU, of: connection, to: sku, replacing: false, call: call)
        for rank in 0..<3 {
            let made = try await platform.settings.service.addFacility(
                name: "f\(rank)", rank: rank, call: call)
            facilities.append(made.id)
        }
        try await settle()
        for facility in facilities {
            let quantity = Int.random(in: 1...9, using: &generator)
            received += quantity
            _ = try await platform.inventory.service.receive(
                try Quantity(quantity), of: sku, at: facility, note: "n", call: call)
        }
        for number in 0..<4 { try await observe(number) }
    }

    private func observe(_ number: Int) async throws {
        let line = ObservedOrder.Line(
            number: LineNumber(unchecked: "1"), channelSKU: ChannelSKU(unchecked: "x"),
            title: "t", ordered: try Quantity(Int.random(in: 1...5, using: &generator)),
            unitPrice: .zero(.usd), total: Money(minorUnits: 100, currency: .usd),
            cancelled: .zero, shipped: .zero)
        let seen = OrderObserved(
            connection: connection, channel: "walmart", inbox: .sample(UInt64(number)),
            observedVersion: clock.now, contact: .sample(1),
            order: ObservedOrder(
                reference: ChannelReference(unchecked: "r\(number)"), customerReference: "c",
                placedAt: clock.now, shipBy: nil, deliverBy: nil, isFulfilledByChannel: false,
                destination: .init(country: "USA", region: "MO", postalArea: "630"),
                lines: [line]))
        try await platform.store.writeUnrepeated(call) {
            try $0.emit(seen, to: "test/\(number)")
        }
    }

    /// People and services act in an order that chance decides.
    func live(steps: Int) async throws {
        for _ in 0..<steps {
            if Int.random(in: 0..<4, using: &generator) > 0 {
                let runner = runners[Int.random(in: 0..<runners.count, using: &generator)]
                clock.advance(by: .milliseconds(1))
                _ = try await runner.step()
            } else {
                // What a rule forbids just now is refused, and that is all.
                do { try await act() } catch let fault as any Fault where fault.kind != .defect {}
            }
        }
    }

    private func act() async throws {
        let warehouse = platform.warehouse.service
        guard let work = try await openWork().randomElement(using: &generator) else { return }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0, 1: _ = try await warehouse.pick(work.id, call: call)
        case 2: _ = try await warehouse.pack(work.id, call: call)
        case 3: _ = try await warehouse.dispatch(work.id, call: call)
        case 4:
            guard let line = work.lines.first else { return }
            let part = try Quantity(Int.random(in: 1...line.quantity.units, using: &generator))
            _ = try await warehouse.fallShort(
                work.id, by: [LineQuantity(line: line.line, quantity: part)], reason: "gone",
                call: call)
        default:
            guard Int.random(in: 0..<3, using: &generator) == 0 else { return }
            let one = LineQuantity(line: LineNumber(unchecked: "1"), quantity: .one)
            let asked = Bool.random(using: &generator) ? [one] : []
            _ = try await platform.orders.service.cancel(
                work.order, lines: asked, cause: .customer, note: "n", call: call)
        }
    }

    func settle() async throws {
        var hasMoved = true
        while hasMoved {
            hasMoved = false
            for runner in runners where try await runner.step() { hasMoved = true }
        }
    }

    /// Everything that is open is picked, packed and handed over.
    func finish() async throws {
        for _ in 0..<12 {
            try await settle()
            for work in try await openWork() {
                let warehouse = platform.warehouse.service
                do { _ = try await warehouse.pick(work.id, call: call) } catch is WarehouseError {}
                do { _ = try await warehouse.pack(work.id, call: call) } catch is WarehouseError {}
            }
            try await settle()
            for work in try await openWork() {
                do {
                    _ = try await platform.warehouse.service.dispatch(work.id, call: call)
                } catch let fault as any Fault where fault.kind == .refused {}
            }
        }
        try await settle()
    }

    func openWork() async throws -> [WorkOrder] {
        try await platform.warehouse.service.page(
            state: nil, after: nil, limit: 500, tenant: tenant
        ).items
    }

    func orders() async throws -> [Order] {
        try await platform.orders.service.page(
            status: nil, stage: nil, after: nil, limit: 500, tenant: tenant
        ).items
    }

    /// What happened to an order, for those who look into a failure.
    func story(_ work: WorkOrder?) async throws -> String {
        guard let work else { return "" }
        let events = try await platform.orders.service.timeline(work.order, tenant: tenant)
        return events.map { "\($0.type) \(String(decoding: $0.data, as: UTF8.self))" }
            .joined(separator: "\n")
    }

    /// All that happened, in order, for those who look into a failure.
    func wholeLog() async throws -> String {
        let rows = try await platform.store.read(tenant) {
            try $0.log(after: .start, limit: 2000).events
        }
        return rows.filter { !$0.type.rawValue.hasSuffix("saved.1") }
            .map { "\($0.type) \(String(decoding: $0.data, as: UTF8.self))" }
            .joined(separator: "\n")
    }

    func parked() async throws -> [String] {
        let tenant = tenant
        return try await platform.store.bookkeeping {
            try $0.parkedList(tenant: tenant, after: 0, limit: 100).map {
                "\($0.subscription): \($0.fault.map { "\($0)" } ?? "behind")"
            }
        }
    }

    func unitsOnHand() async throws -> Int {
        try await platform.inventory.service.levels(
            prefix: "", after: nil, limit: 100, tenant: tenant
        ).items.map(\.onHand.units).reduce(0, +)
    }

    /// What came in, less what parcels carried off, put right by counts.
    func expectedOnHand() async throws -> Int {
        let found = try await platform.inventory.service.explain(
            SKU(unchecked: "A"), limit: 500, tenant: tenant)
        let counted = found.flatMap(\.1).map { movement in
            switch movement.kind {
            case .adjustedUp: movement.quantity.units
            case .adjustedDown: -movement.quantity.units
            case .received, .reserved, .unreserved, .shipped: 0
            }
        }.reduce(0, +)
        let shipped = try await orders().map { $0.quantity(in: .shipped).units }.reduce(0, +)
        return received - shipped + counted
    }
}
