import Contracts
import Kernel
import Orders
import Storage
import StorageTesting
import Testing

@Suite struct DeadlineTests {
    @Test func `a deadline is on time, then at risk, then breached, each said once`() throws {
        var order = try DatedOrder(shipBy: 100_000)

        let early = try order.run(.checkDeadlines, at: 10)
        let near = try order.run(.checkDeadlines, at: 90_000)
        let again = try order.run(.checkDeadlines, at: 90_001)
        let late = try order.run(.checkDeadlines, at: 100_000)
        let later = try order.run(.checkDeadlines, at: 100_001)

        #expect(early.isEmpty && again.isEmpty && later.isEmpty)
        #expect(near.count == 1 && late.count == 2)
        #expect(order.state.deadlines.map(\.state) == [.breached])
        #expect(order.state.stage == .received, "late work goes on: it is no failure")
    }

    @Test func `the next look is at the warning, then at the time itself, then never`() throws {
        let order = try DatedOrder(shipBy: 100_000).state
        let warning = DeadlineKind.shipBy.warning

        #expect(order.nextDeadlineCheck(after: .at(0)) == .at(100_000) - warning)
        #expect(order.nextDeadlineCheck(after: .at(99_000)) == .at(99_000), "near, and unsaid")
        var warned = try DatedOrder(shipBy: 100_000)
        _ = try warned.run(.checkDeadlines, at: 99_000)
        #expect(warned.state.nextDeadlineCheck(after: .at(99_000)) == .at(100_000))
        #expect(order.nextDeadlineCheck(after: .at(200_000)) == .at(200_000), "late, and unsaid")
        var checked = try DatedOrder(shipBy: 100_000)
        _ = try checked.run(.checkDeadlines, at: 200_000)
        #expect(checked.state.nextDeadlineCheck(after: .at(200_000)) == nil)
    }

    @Test func `a release time is planned for before anything is reserved`() throws {
        let order = try DatedOrder(releaseAfter: 500).state

        #expect(order.nextDeadlineCheck(after: .at(1)) == .at(500))
    }

    @Test func `a release time moved into the past releases at once`() throws {
        var order = try DatedOrder(releaseAfter: 500)
        _ = try order.reserveAll(at: 10)

        let made = try order.observe(releaseAfter: 5, at: 20)

        #expect(made.contains { if case .unitsSourced = $0 { true } else { false } })
    }

    @Test func `a deadline the channel moves begins anew`() throws {
        var order = try DatedOrder(shipBy: 100_000)
        _ = try order.run(.checkDeadlines, at: 100_000)

        _ = try order.observe(shipBy: 900_000, at: 100_010)

        #expect(order.state.deadlines.map(\.state) == [.onTime])
        #expect(order.state.deadlines.map(\.at) == [.at(900_000)])
    }

    @Test func `before its release time an order is reserved and not released`() throws {
        var order = try DatedOrder(releaseAfter: 500)
        _ = try order.reserveAll(at: 10)
        #expect(order.state.quantity(in: .reserved).units == 2)
        #expect(order.state.stage == .waiting)

        let made = try order.run(.checkDeadlines, at: 500)

        #expect(made.contains { if case .unitsSourced = $0 { true } else { false } })
    }

    @Test func `what was given up is failed until it is answered or dealt with`() throws {
        var order = try DatedOrder(shipBy: 100_000)
        func answer(_ answer: ObligationAnswered.Answer) -> OrderCommand {
            .settle(
                ObligationAnswered(
                    order: order.state.id, kind: .acknowledge, subject: order.state.id.rawValue,
                    answer: answer,
                    fault: answer == .acknowledged
                        ? nil : RecordedFault(kind: .defect, code: "c", detail: "gone")))
        }

        _ = try order.run(answer(.unknown), at: 1)
        #expect(order.state.stage == .failed)
        #expect(order.state.obligations.first?.state == .unknown)
        #expect(OrderOutlook(order.state, at: .at(2)).waitsFor?.contains("gone") == true)

        var answered = order
        _ = try answered.run(answer(.acknowledged), at: 2)
        #expect(answered.state.stage == .received)

        _ = try order.run(.resolve(note: "told them by telephone"), at: 3)
        #expect(order.state.stage == .received)
        #expect(throws: OrdersError.self) { try order.run(.resolve(note: "again"), at: 4) }

        _ = try order.run(answer(.unknown), at: 5)
        #expect(order.state.stage == .failed, "a later failure is not hidden by what was said")
    }
}

extension Instant {
    fileprivate static func at(_ seconds: Int64) -> Instant {
        Instant(microseconds: 1_767_225_600_000_000 + seconds * 1_000_000)
    }
}

/// An accepted order of two units, with times of the channel's.
private struct DatedOrder {
    private(set) var state: Order
    private let releaseAfter: Instant?

    init(shipBy: Int64? = nil, releaseAfter: Int64? = nil) throws {
        self.releaseAfter = releaseAfter.map(Instant.at)
        let seen = try Self.seen(shipBy.map(Instant.at), self.releaseAfter, .at(0))
        let decision = Decision(now: .at(0), seed: "new")
        let events = try Order.decide(
            .observe(seen, mappings: [ChannelSKU(unchecked: "x"): SKU(unchecked: "A")]), on: nil,
            id: .sample(1), in: decision)
        var order: Order?
        for event in events { order = try Order.apply(event, to: order, at: .at(0)) }
        state = try #require(order)
    }

    mutating func run(_ command: OrderCommand, at seconds: Int64) throws -> [OrderEvent] {
        let decision = Decision(now: .at(seconds), seed: "\(seconds)")
        let events = try Order.decide(command, on: state, id: state.id, in: decision)
        for event in events { state = try Order.apply(event, to: state, at: .at(seconds)) }
        return events
    }

    mutating func observe(shipBy: Int64, at seconds: Int64) throws -> [OrderEvent] {
        try run(
            .observe(try Self.seen(.at(shipBy), releaseAfter, .at(seconds)), mappings: [:]),
            at: seconds)
    }

    mutating func observe(releaseAfter: Int64, at seconds: Int64) throws -> [OrderEvent] {
        try run(
            .observe(try Self.seen(nil, .at(releaseAfter), .at(seconds)), mappings: [:]),
            at: seconds)
    }

    mutating func reserveAll(at seconds: Int64) throws -> [OrderEvent] {
        let held = Allocation(
            line: LineNumber(unchecked: "1"), sku: SKU(unchecked: "A"), facility: .sample(1),
            quantity: try Quantity(2))
        return try run(
            .reserve(
                StockReserved(order: state.id, allocations: [held], short: [], revision: nil)),
            at: seconds)
    }

    private static func seen(
        _ shipBy: Instant?, _ releaseAfter: Instant?, _ version: Instant
    ) throws -> OrderObserved {
        let line = ObservedOrder.Line(
            number: LineNumber(unchecked: "1"), channelSKU: ChannelSKU(unchecked: "x"),
            title: "t", ordered: try Quantity(2), unitPrice: .zero(.usd),
            total: Money(minorUnits: 100, currency: .usd), cancelled: .zero, shipped: .zero)
        return OrderObserved(
            connection: .sample(1), channel: "walmart", inbox: .sample(1),
            observedVersion: version, contact: .sample(1),
            order: ObservedOrder(
                reference: ChannelReference(unchecked: "r"), customerReference: "c",
                placedAt: .at(0), shipBy: shipBy, deliverBy: nil, releaseAfter: releaseAfter,
                isFulfilledByChannel: false,
                destination: .init(country: "USA", region: "MO", postalArea: "630"),
                lines: [line]))
    }
}
