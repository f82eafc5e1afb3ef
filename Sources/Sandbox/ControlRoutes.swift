import Foundation
import Hummingbird
import Kernel
import NIOCore

/// What a test or a demonstration asks of the sandbox itself; not part of the marketplace.
struct ControlRoutes: Sendable {
    typealias Context = SandboxContext

    let world: SharedWorld
    let market: OrderMarket

    func add(to router: Router<Context>) {
        router.get("control/ledger") { _, _ in try json(world.with { LedgerReply($0) }) }
        router.get("control/orders") { _, _ in try json(world.with { OrdersReply($0) }) }
        router.get("control/summary") { _, _ in try json(world.with { SummaryReply($0) }) }
        router.post("control/stop") { _, _ in
            await market.stop()
            return Response(status: .noContent)
        }
        router.post("control/rate") { request, _ in
            let asked: RateRequest = try await read(request)
            await market.setRate(perMinute: asked.perMinute, upTo: asked.orders)
            return Response(status: .noContent)
        }
        router.post("control/sellers") { request, _ in
            let seller: SandboxSeller = try await read(request)
            world.with { $0.sellers[seller.clientID] = seller }
            return Response(status: .noContent)
        }
        router.post("control/faults") { request, _ in
            let asked: FaultRequest = try await read(request)
            world.with { world in
                if let fault = asked.fault {
                    world.faults.ask(fault, operation: asked.operation, times: asked.times ?? 1)
                }
                if let rate = asked.perMille { world.faults.perMille = rate }
            }
            return Response(status: .noContent)
        }
        router.post("control/faults/clear") { _, _ in
            world.with { $0.faults.clear() }
            return Response(status: .noContent)
        }
        router.post("control/orders") { request, _ in
            let asked: OrderRequest = try await read(request)
            world.with { $0.add(asked.order) }
            if asked.announce ?? true { await market.announce("PO_CREATED", asked.number) }
            return Response(status: .noContent)
        }
        router.post("control/orders/:id/cancellation") { _, context in
            await market.cancel(context.parameters.get("id") ?? "", after: .zero)
            return Response(status: .noContent)
        }
        router.post("control/orders/:id/wish") { _, context in
            await market.announce("INTENT_TO_CANCEL", context.parameters.get("id") ?? "")
            return Response(status: .noContent)
        }
    }

    private func json(_ value: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }

    private func read<T: Decodable>(_ request: Request) async throws -> T {
        let bytes = try await request.body.collect(upTo: 1_048_576)
        do {
            return try JSONDecoder().decode(T.self, from: Data(bytes.readableBytesView))
        } catch { throw HTTPError(.badRequest, message: "\(error)") }
    }
}

struct RateRequest: Decodable, Sendable {
    let perMinute: Int
    /// How many orders at most, until the next rate is set.
    let orders: Int?
}

struct FaultRequest: Decodable, Sendable {
    let fault: SandboxFault?
    let operation: String?
    let times: Int?
    let perMille: Int?
}

/// An order put there by hand.
struct OrderRequest: Decodable, Sendable {
    struct Line: Decodable, Sendable {
        let sku: String
        let quantity: Int
    }

    let number: String
    let seller: String
    let lines: [Line]
    let announce: Bool?

    var order: SandboxOrder {
        let now = SystemTimekeeper().now.microseconds / 1000
        return SandboxOrder(
            number: number, customerOrder: "C" + number, seller: seller, createdAt: now,
            changedAt: now, listedFrom: now, buyer: Int(StableHash.of(number) % 9000),
            lines: lines.enumerated().map { index, line in
                SandboxOrder.Line(
                    number: String(index + 1), sku: line.sku, name: "Tea " + line.sku,
                    quantity: line.quantity, cents: 1234, taxCents: 99, created: line.quantity,
                    changedAt: now)
            })
    }
}

struct LedgerReply: Encodable, Sendable {
    let calls: [SandboxLedger.CallEntry]
    let effects: [SandboxLedger.EffectEntry]
    let limits: [String: Int]

    init(_ world: SandboxWorld) {
        calls = world.ledger.calls
        effects = world.ledger.effects
        limits = world.limits
    }
}

struct SummaryReply: Encodable, Sendable {
    let orders: Int
    let calls: Int
    let effects: Int

    init(_ world: SandboxWorld) {
        orders = world.orders.count
        calls = world.ledger.calls.count
        effects = world.ledger.effects.count
    }
}

struct OrdersReply: Encodable, Sendable {
    struct Line: Encodable, Sendable {
        let number: String
        let sku: String
        let quantity: Int
        let totalCents: Int
        let created: Int
        let acknowledged: Int
        let cancelled: Int
        let shipped: Int
        let tracking: [String]
    }

    struct Order: Encodable, Sendable {
        let number: String
        let seller: String
        let createdAt: Int64
        let name: String
        let street: String
        let lines: [Line]
    }

    let orders: [Order]

    init(_ world: SandboxWorld) {
        orders = world.numbers.compactMap { world.orders[$0] }.map { order in
            Order(
                number: order.number, seller: order.seller, createdAt: order.createdAt,
                name: "Avery Quillfeather \(order.buyer)", street: "\(order.buyer) Heronsgate Lane",
                lines: order.lines.map { line in
                    Line(
                        number: line.number, sku: line.sku, quantity: line.quantity,
                        totalCents: line.cents + line.taxCents, created: line.created,
                        acknowledged: line.acknowledged, cancelled: line.cancelled,
                        shipped: line.shipped, tracking: line.shipments.map(\.trackingNumber))
                })
        }
    }
}
