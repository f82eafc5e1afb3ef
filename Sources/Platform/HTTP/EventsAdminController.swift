import Events
import Hummingbird
import Kernel
import Storage
import Web

/// How far each subscription is: the whole installation's, so only over the data folder's socket.
struct EventsAdminController: Sendable {
    let platform: Platform

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.get("subscriptions", use: Endpoint.route(platform.timekeeper, subscriptions))
    }

    /// `GET /admin/subscriptions` → each with what it has not handled yet, by slot.
    @Sendable private func subscriptions(_ call: Endpoint) async throws -> ListReply<LagReply> {
        var replies: [LagReply] = []
        for subscription in platform.subscriptions {
            replies.append(
                LagReply(
                    try await SubscriptionLag.measure(subscription, in: platform.store),
                    now: platform.timekeeper.now))
        }
        return ListReply(items: replies.sorted { $0.name < $1.name }, next: nil)
    }
}

struct LagReply: Encodable, Sendable {
    struct Slot: Encodable, Sendable {
        let slot: Int
        let events: Int
        let oldest: Instant
    }

    let name: String
    let kind: String
    /// Events it wants and has not handled.
    let behind: Int
    /// Counting stopped: there are more.
    let isMore: Bool
    /// Age of the oldest of them.
    let lagSeconds: Int64
    let parkedKeys: Int
    /// Only those that are behind.
    let slots: [Slot]

    init(_ lag: SubscriptionLag, now: Instant) {
        name = lag.subscription
        kind = lag.kind.rawValue
        behind = lag.events
        isMore = lag.isMore
        lagSeconds = lag.oldest.map { max(0, now.microseconds - $0.microseconds) / 1_000_000 } ?? 0
        parkedKeys = lag.parkedKeys
        slots = lag.slots.map { Slot(slot: $0.slot, events: $0.events, oldest: $0.oldest) }
    }
}
