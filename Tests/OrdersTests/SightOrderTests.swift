import Contracts
import Kernel
import Orders
import Storage
import StorageTesting
import Testing

/// R13: what a channel shows of an order arrives in any order, and the order must not care.
@Suite struct SightOrderTests {
    /// All arrangements of a few sights, of so many orders.
    private static let orders: UInt64 = 24
    /// Longer rows of sights, in one drawn arrangement each: so many times so many.
    private static let longer: (times: UInt64, rows: UInt64) = (10, 10_000)

    @Test(arguments: Seeds.of(SightOrderTests.orders))
    func `in every arrangement a few sights come to the same`(_ seed: UInt64) throws {
        var channel = ShownOrder(seed: seed)
        let sights = try channel.sights(6)
        let expected = try Known(sights, latest: sights)
        var different = 0
        for arrangement in Self.arrangements(of: sights) {
            if try Known(arrangement, latest: sights) != expected { different += 1 }
        }
        #expect(different == 0, "\(different) of 720 from seed \(seed)")
    }

    @Test(arguments: Seeds.of(SightOrderTests.longer.times))
    func `in a drawn arrangement many sights come to the same`(_ first: UInt64) throws {
        var different: [UInt64] = []
        for number in 0..<Self.longer.rows {
            let seed = first &* 1_000_003 &+ number
            var channel = ShownOrder(seed: seed)
            let sights = try channel.sights(Int.random(in: 7...16, using: &channel.generator))
            let shuffled = sights.shuffled(using: &channel.generator)
            if try Known(shuffled, latest: sights) != Known(sights, latest: sights) {
                different.append(seed)
            }
        }
        #expect(different.isEmpty, "seeds \(different.prefix(10))")
    }

    @Test func `the control: without a version to tell which is newer it does matter`() throws {
        var different = 0
        for seed in Seeds.of(40) {
            var channel = ShownOrder(seed: seed)
            let sights = try channel.sights(6)
            let unversioned = sights.map { sight in
                ShownOrder.sight(sight.order, contact: sight.contact, version: sights[0])
            }
            let shuffled = Array(unversioned.reversed())
            if try Known(shuffled, latest: sights) != Known(unversioned, latest: sights) {
                different += 1
            }
        }
        #expect(different > 4)
    }

    @Test(arguments: Seeds.of(30))
    func `an order from before versions were kept is what its log makes, but for them`(
        _ seed: UInt64
    ) throws {
        var channel = ShownOrder(seed: seed)
        let sights = try channel.sights(8)
        let now = Instant(microseconds: 1_767_225_600_000_000)
        var order: Order?
        var log: [OrderEvent] = []
        for (index, sight)
            in (sights.prefix(1)
            + sights.dropFirst().shuffled(
                using: &channel.generator)).enumerated()
        {
            let events = try Order.decide(
                .observe(sight, mappings: ShownOrder.mappings), on: order, id: .sample(1),
                in: Decision(now: now, seed: "\(index)"))
            for event in events { order = try Order.apply(event, to: order, at: now) }
            if index == 0 { order = order?.withoutVersions }
            log += events
        }

        let rebuilt = try log.reduce(nil) { try Order.apply($1, to: $0, at: now) } as Order?

        #expect(order?.firstVersion == nil)
        #expect(
            try order.map { try BodyCoder.encode($0.withoutVersions) }
                == rebuilt.map { try BodyCoder.encode($0.withoutVersions) })
    }

    private static func arrangements<T>(of items: [T]) -> [[T]] {
        guard items.count > 1 else { return [items] }
        return items.indices.flatMap { index -> [[T]] in
            var others = items
            let first = others.remove(at: index)
            return arrangements(of: others).map { [first] + $0 }
        }
    }

    /// What must be the same in the end.
    private struct Known: Equatable {
        let contact: ContactID?
        let region: String?
        let deadlines: [Instant?]
        let cancelled: [LineNumber: Quantity]
        /// The lines are those last shown, or somebody was told that they are others.
        let isContentKnown: Bool
        let isQuarantined: Bool

        init(_ arrangement: [OrderObserved], latest: [OrderObserved]) throws {
            let now = Instant(microseconds: 1_767_225_600_000_000)
            var order: Order?
            for (index, sight) in arrangement.enumerated() {
                let decision = Decision(now: now, seed: "\(index)")
                let events = try Order.decide(
                    .observe(sight, mappings: ShownOrder.mappings), on: order, id: .sample(1),
                    in: decision)
                for event in events { order = try Order.apply(event, to: order, at: now) }
            }
            contact = order?.contact
            region = order?.contact == nil ? nil : order?.destination.region
            deadlines = [
                order?.shipBy, order?.deliverBy, order?.acknowledgeBy, order?.releaseAfter,
                order?.autoCancelAt,
            ]
            let lines = order?.lines ?? []
            cancelled = Dictionary(
                lines.map { ($0.number, $0.quantity(in: .cancelled)) }
            ) { first, _ in first }
            let last = latest.last?.order.lines ?? []
            let subject = last.sorted { $0.number.rawValue < $1.number.rawValue }
                .map { "\($0.number)×\($0.ordered)" }.joined(separator: ",")
            isContentKnown =
                Dictionary(lines.map { ($0.number, $0.ordered) }) { first, _ in first }
                == Dictionary(last.map { ($0.number, $0.ordered) }) { first, _ in first }
                || (order?.troubles ?? []).contains { $0.subject == subject }
            isQuarantined = order?.status == .quarantined
        }
    }
}

/// An order as a channel shows it, again and again while it changes.
private struct ShownOrder {
    static let mappings = [
        ChannelSKU(unchecked: "x1"): SKU(unchecked: "A"),
        ChannelSKU(unchecked: "x2"): SKU(unchecked: "B"),
    ]
    private static let placed = Instant(microseconds: 1_767_225_600_000_000)

    var generator: SplitMix64
    private var hasContact = true
    private var region = 1
    private var shipBy = 100
    private var releaseAfter: Int?
    private var cancelled = [0, 0]
    private var ordered = [3, 3]

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// So many sights, the oldest first.
    mutating func sights(_ count: Int) throws -> [OrderObserved] {
        try (0..<count).map { number in
            if number > 0 { change() }
            return try sight(version: Self.placed + .seconds(Int64(number)))
        }
    }

    private mutating func change() {
        switch Int.random(in: 0..<8, using: &generator) {
        // A buyer changes the address, and back again; an order has one contact for all of them.
        case 0, 1, 2: (hasContact, region) = (true, Int.random(in: 1...2, using: &generator))
        case 3: hasContact = false
        case 4: shipBy = [100, 200].randomElement(using: &generator) ?? 100
        case 5: releaseAfter = [nil, 50, 60].randomElement(using: &generator) ?? nil
        case 6:
            let line = Int.random(in: 0...1, using: &generator)
            cancelled[line] = min(2, cancelled[line] + 1)
        default: ordered[1] = Int.random(in: 3...5, using: &generator)
        }
    }

    private func sight(version: Instant) throws -> OrderObserved {
        let lines = try (0..<2).map { line in
            ObservedOrder.Line(
                number: LineNumber(unchecked: String(line + 1)),
                channelSKU: ChannelSKU(unchecked: "x\(line + 1)"), title: "t",
                ordered: try Quantity(ordered[line]), unitPrice: .zero(.usd),
                total: Money(minorUnits: 100, currency: .usd),
                cancelled: try Quantity(cancelled[line]), shipped: .zero)
        }
        let order = ObservedOrder(
            reference: ChannelReference(unchecked: "r"), customerReference: "c",
            placedAt: Self.placed, shipBy: Self.placed + .seconds(Int64(shipBy)),
            deliverBy: Self.placed + .seconds(300),
            releaseAfter: releaseAfter.map { Self.placed + .seconds(Int64($0)) },
            isFulfilledByChannel: false,
            destination: .init(
                country: "USA", region: hasContact ? "R\(region)" : "", postalArea: "630"),
            lines: lines)
        return OrderObserved(
            connection: .sample(1), channel: "walmart", inbox: .sample(1), observedVersion: version,
            contact: hasContact ? .sample(1) : nil, order: order)
    }

    /// The same, told under the version of another.
    static func sight(
        _ order: ObservedOrder, contact: ContactID?, version other: OrderObserved
    ) -> OrderObserved {
        OrderObserved(
            connection: .sample(1), channel: "walmart", inbox: .sample(1),
            observedVersion: other.observedVersion, contact: contact, order: order)
    }
}
