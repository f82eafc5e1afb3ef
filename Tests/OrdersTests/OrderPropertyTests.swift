import Contracts
import Kernel
import Orders
import Storage
import StorageTesting
import Testing

@Suite struct MachineTests {
    @Test func `every state of every machine can reach an end`() {
        #expect(OrderLifecycle.machine.deadEnds.isEmpty)
        #expect(FulfilmentLifecycle.machine.deadEnds.isEmpty)
        #expect(BucketFlow.machine.deadEnds.isEmpty)
    }

    @Test(arguments: OrderStatus.allCases, OrderVerb.allCases)
    func `an order allows exactly what its table says`(_ status: OrderStatus, _ verb: OrderVerb) {
        let targets = OrderLifecycle.machine.targets(of: verb, in: status)

        #expect(OrderLifecycle.machine.allows(verb, in: status) == !targets.isEmpty)
        #expect(!status.isTerminal || targets.isEmpty)
    }
}

/// Random lives of an order: every command in every state it comes to, in any order.
@Suite struct OrderPropertyTests {
    @Test(arguments: 0..<300)
    func `whatever happens, every unit is in one bucket and the log makes the record`(
        _ seed: UInt64
    ) throws {
        var life = OrderLife(seed: seed)
        for _ in 0..<40 {
            try life.step()
            for line in life.order?.lines ?? [] {
                #expect(line.units.map(\.quantity).total() == line.ordered)
                #expect(line.units.allSatisfy { !$0.quantity.isZero })
            }
        }
        #expect(life.order == nil || life.rebuilt() == life.encoded())
    }

    @Test(arguments: 0..<50)
    func `a rerun decides the same`(_ seed: UInt64) throws {
        var one = OrderLife(seed: seed)
        var other = OrderLife(seed: seed)
        for _ in 0..<30 {
            try one.step()
            try other.step()
        }
        #expect(one.encoded() == other.encoded())
    }

    @Test(arguments: 0..<40)
    func `a status changes only as its table allows`(_ seed: UInt64) throws {
        var life = OrderLife(seed: seed)
        for _ in 0..<40 {
            let before = life.order?.status
            try life.step()
            guard let before, let after = life.order?.status, before != after else { continue }
            let isAllowed = OrderLifecycle.machine.transitions.contains {
                $0.from == before && $0.to == after
            }
            #expect(isAllowed || (before == .open && after == .completed), "\(before) to \(after)")
        }
    }
}

/// One order's random life, from a seed.
struct OrderLife {
    private(set) var order: Order?
    private var events: [(OrderEvent, Instant)] = []
    private var generator: SplitMix64
    private var now = Instant(microseconds: 1_767_225_600_000_000)
    private let seed: UInt64
    private var steps = 0
    private let id = OrderID.sample(1)

    init(seed: UInt64) {
        self.seed = seed
        generator = SplitMix64(seed: seed)
    }

    mutating func step() throws {
        steps += 1
        now = now + .milliseconds(Int64.random(in: 0...5000, using: &generator))
        let command = try randomCommand()
        let decision = Decision(now: now, seed: "\(seed)/\(steps)")
        let made: [OrderEvent]
        do {
            made = try Order.decide(command, on: order, id: id, in: decision)
        } catch is OrdersError { return }
        for event in made {
            order = try Order.apply(event, to: order, at: now)
            events.append((event, now))
        }
    }

    func encoded() -> [UInt8]? { order.flatMap { try? BodyCoder.encode($0) } }

    /// Folds the events as the log holds them: through their wire form.
    func rebuilt() -> [UInt8]? {
        var state: Order?
        for (event, at) in events {
            guard let bytes = try? BodyCoder.encode(event.payload),
                let read = try? OrderEvent(
                    type: type(of: event.payload).type, from: EventData(bytes: bytes)),
                let next = try? Order.apply(read, to: state, at: at)
            else { return nil }
            state = next
        }
        return state.flatMap { try? BodyCoder.encode($0) }
    }

    private mutating func randomCommand() throws -> OrderCommand {
        let lines = order?.lines ?? []
        let line = lines.randomElement(using: &generator)
        let number = line?.number ?? LineNumber(unchecked: "1")
        let quantity = try Quantity(Int.random(in: 0...4, using: &generator))
        let facility = FacilityID.sample(UInt64.random(in: 1...2, using: &generator))
        let fulfilment = line?.units.compactMap(\.fulfilmentOrder).randomElement(using: &generator)
        switch Int.random(in: 0..<17, using: &generator) {
        case 0, 1: return .observe(try sighting(), mappings: try mappings())
        case 2: return .repair(try mappings())
        case 3, 4:
            let held = Allocation(
                line: number, sku: SKU(unchecked: "A"), facility: facility, quantity: quantity)
            let short = StockLine(line: number, sku: SKU(unchecked: "A"), quantity: .one)
            return .reserve(
                StockReserved(
                    order: id, allocations: [held],
                    short: Bool.random(using: &generator) ? [short] : [],
                    revision: order?.stockRevision))
        case 5:
            let bucket: Bucket =
                [.released, .picked, .packed].randomElement(using: &generator) ?? .picked
            return .progress(fulfilment ?? .sample(9), bucket)
        case 6: return .askCancellation([.init(line: number, quantity: quantity)])
        case 7: return .cancel([.init(line: number, quantity: quantity)], .customer, note: "n")
        case 8:
            let open = order?.cancellations.first { $0.state == .requested }
            return .answerCancellation(
                open?.id ?? .sample(3), isAccepted: Bool.random(using: &generator), note: "n")
        case 9:
            if let hold = order?.holds.first { return .liftHold(hold.id, note: "n") }
            return .placeHold(.fraud, note: "n", until: nil, .report)
        case 10: return .checkDeadlines
        case 11: return settle()
        case 12: return .expireHold(order?.holds.first?.id ?? .sample(4))
        case 13:
            return Int.random(in: 0..<6, using: &generator) == 0 ? .abandon(note: "n") : settle()
        case 14: return .resolve(note: "n")
        case 15:
            return .takeBack(
                FulfilmentShort(
                    order: id, fulfilmentOrder: fulfilment ?? .sample(9), facility: facility,
                    lines: [.init(line: number, sku: SKU(unchecked: "A"), quantity: quantity)],
                    reason: "r"))
        default: return dispatch(fulfilment) ?? .assumeDelivered
        }
    }

    private mutating func settle() -> OrderCommand {
        let owed = order?.obligations.randomElement(using: &generator)
        let answers: [ObligationAnswered.Answer] = [.acknowledged, .refused, .unknown]
        return .settle(
            ObligationAnswered(
                order: id, kind: owed?.kind ?? .confirm, subject: owed?.subject ?? "none",
                answer: answers[Int.random(in: 0..<3, using: &generator)],
                fault: RecordedFault(kind: .refused, code: "c", detail: "d")))
    }

    private func dispatch(_ fulfilment: FulfilmentOrderID?) -> OrderCommand? {
        guard let order, let fulfilment else { return nil }
        let waiting = order.waiting(for: fulfilment).map {
            StockLine(line: $0.key, sku: SKU(unchecked: "A"), quantity: $0.value)
        }
        guard !waiting.isEmpty else { return nil }
        return .dispatch([
            ParcelDispatched(
                order: id, connection: order.connection, reference: order.reference,
                fulfilmentOrder: fulfilment, parcel: .sample(UInt64(steps)), facility: .sample(1),
                lines: waiting.sorted { $0.line.rawValue < $1.line.rawValue }, carrier: "c",
                trackingNumber: "t", shippedAt: now)
        ])
    }

    private mutating func mappings() throws -> [ChannelSKU: SKU] {
        Bool.random(using: &generator)
            ? [
                ChannelSKU(unchecked: "x1"): SKU(unchecked: "A"),
                ChannelSKU(unchecked: "x2"): SKU(unchecked: "A"),
            ] : [ChannelSKU(unchecked: "x1"): SKU(unchecked: "A")]
    }

    private mutating func sighting() throws -> OrderObserved {
        let lines = try (1...2).map { number in
            ObservedOrder.Line(
                number: LineNumber(unchecked: String(number)),
                channelSKU: ChannelSKU(unchecked: "x\(number)"), title: "t",
                ordered: try Quantity(3), unitPrice: .zero(.usd),
                total: Money(minorUnits: 100, currency: .usd),
                cancelled: try Quantity(Int.random(in: 0..<20, using: &generator) < 18 ? 0 : 2),
                shipped: .zero)
        }
        return OrderObserved(
            connection: .sample(1), channel: "walmart", inbox: .sample(1), observedVersion: now,
            contact: .sample(UInt64.random(in: 1...2, using: &generator)),
            order: ObservedOrder(
                reference: ChannelReference(unchecked: "r"), customerReference: "c", placedAt: now,
                shipBy: now + .seconds(20), deliverBy: now + .seconds(60),
                releaseAfter: Bool.random(using: &generator) ? now + .seconds(4) : nil,
                isFulfilledByChannel: false,
                destination: .init(country: "USA", region: "MO", postalArea: "630"), lines: lines))
    }
}
