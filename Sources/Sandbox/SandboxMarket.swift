import Foundation
import Hummingbird
package import Kernel
import Logging
import Web

/// One message over HTTP, whatever carries it.
package struct SandboxMessage: Sendable {
    package let method: String
    /// Path and query.
    package let target: String
    package let headers: [(String, String)]
    package let body: [UInt8]

    package init(method: String, target: String, headers: [(String, String)], body: [UInt8]) {
        (self.method, self.target, self.headers, self.body) = (method, target, headers, body)
    }
}

/// The pretended marketplace without a socket: what it answers, and what it sends, goes through
/// functions, so that a simulation owns time and every way between.
package final class SandboxMarket: Sendable {
    /// What really happened there, for a checker.
    package struct Facts: Sendable {
        package struct Order: Sendable {
            package let number: String
            package let isCancelledWhole: Bool
            /// Units the marketplace was told have left.
            package let shipped: Int
        }

        package struct Effect: Sendable {
            package let kind: String
            package let order: String
            package let subject: String
        }

        package let orders: [Order]
        package let effects: [Effect]
        package let calls: Int
    }

    private let world: SharedWorld
    private let market: OrderMarket
    private let responder: any HTTPResponder<SandboxContext>
    private let logger: Logger
    private let timekeeper: any Timekeeper
    private let dates = SandboxMarket.makeDates()

    /// - Parameter deliver: takes a webhook to its address and answers with the status.
    package init(
        _ configuration: SandboxConfiguration, timekeeper: any Timekeeper,
        deliver: @escaping @Sendable (_ url: String, SandboxMessage) async throws -> Int
    ) {
        self.timekeeper = timekeeper
        world = SharedWorld(configuration.world)
        market = OrderMarket(
            world: world, sender: WebhookSender(timekeeper: timekeeper, deliver: deliver),
            configuration: configuration, timekeeper: timekeeper)
        let router = Router(context: SandboxContext.self)
        MarketplaceRoutes(world: world, timekeeper: timekeeper).add(to: router)
        responder = router.buildResponder()
        logger = Logger(label: "sandbox") { _ in SwiftLogNoOpLogHandler() }
    }

    /// Makes its orders until the task is cancelled.
    package func run() async { await market.run() }

    /// From now on nothing goes wrong by chance any more, and no new order comes.
    package func heal() async {
        await market.stop()
        world.with { $0.faults.heal() }
    }

    /// - Throws: when the answer is cut off.
    package func respond(
        to message: SandboxMessage
    ) async throws -> (status: Int, headers: [(String, String)], body: [UInt8]) {
        let request = SocketlessRequest(
            method: message.method, target: message.target, authority: "marketplace",
            headers: message.headers, body: message.body)
        let answer = try await request.answer(by: responder, SandboxContext(logger: logger))
        return (answer.status, answer.headers + [("date", now)], answer.body)
    }

    /// The time as a server's answer tells it.
    private var now: String {
        dates.string(
            from: Date(timeIntervalSince1970: Double(timekeeper.now.microseconds) / 1_000_000))
    }

    private static func makeDates() -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }

    package var facts: Facts {
        world.with { world in
            Facts(
                orders: world.numbers.compactMap { world.orders[$0] }.map { order in
                    Facts.Order(
                        number: order.number,
                        isCancelledWhole: order.lines.allSatisfy { $0.cancelled == $0.quantity },
                        shipped: order.lines.map(\.shipped).reduce(0, +))
                },
                effects: world.ledger.effects.map {
                    Facts.Effect(kind: $0.kind, order: $0.order, subject: $0.subject)
                }, calls: world.ledger.calls.count)
        }
    }
}
