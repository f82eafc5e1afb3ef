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
        group.post(
            "subscriptions/:name/rebuild", use: Endpoint.route(platform.timekeeper, rebuild))
        group.post(
            "subscriptions/:name/rebuild/cancellation",
            use: Endpoint.route(platform.timekeeper, cancel))
    }

    /// `POST /admin/subscriptions/{name}/rebuild` → computed anew beside what is shown; 404; 409 for
    /// a reaction, and while it is being computed anew.
    @Sendable private func rebuild(_ call: Endpoint) async throws -> [String: String] {
        try await platform.rebuilds.begin(call.context.parameters.require("name"), call: call.call)
        return ["status": "rebuilding"]
    }

    /// `POST /admin/subscriptions/{name}/rebuild/cancellation` → given up; what is shown stays; 404; 409.
    @Sendable private func cancel(_ call: Endpoint) async throws -> [String: String] {
        try await platform.rebuilds.cancel(call.context.parameters.require("name"), call: call.call)
        return ["status": "cancelled"]
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
    /// Of a projection that is being computed anew.
    let rebuild: Rebuild?
    /// When what is shown was last computed anew.
    let rebuiltAt: Instant?

    struct Rebuild: Encodable, Sendable {
        let since: Instant
        /// Number of the last event it has handled, and of the last there is.
        let reached: Int64
        let last: Int64
        /// While there are any, nothing is shown.
        let parkedKeys: Int
    }

    init(_ lag: SubscriptionLag, now: Instant) {
        name = lag.subscription
        kind = lag.kind.rawValue
        behind = lag.events
        isMore = lag.isMore
        lagSeconds = lag.oldest.map { max(0, now.microseconds - $0.microseconds) / 1_000_000 } ?? 0
        parkedKeys = lag.parkedKeys
        slots = lag.slots.map { Slot(slot: $0.slot, events: $0.events, oldest: $0.oldest) }
        rebuild = lag.rebuild.map {
            Rebuild(
                since: $0.since, reached: $0.reached, last: $0.last, parkedKeys: $0.parkedKeys)
        }
        rebuiltAt = lag.rebuiltAt
    }
}
