package import Kernel
package import Storage

/// How far a subscription is behind the log, by slot.
package struct SubscriptionLag: Sendable {
    package struct Slot: Sendable {
        package let slot: Int
        package let events: Int
        package let oldest: Instant
    }

    package let subscription: String
    package let kind: Subscription.Kind
    /// Events it wants and has neither handled nor set aside.
    package let events: Int
    /// Counting stopped: there are more.
    package let isMore: Bool
    package let oldest: Instant?
    /// Only slots that are behind.
    package let slots: [Slot]
    /// Keys that wait for a person or for another try.
    package let parkedKeys: Int
    /// Of a projection that is being computed anew.
    package let rebuild: Rebuild?
    package let rebuiltAt: Instant?

    /// How far a new computation is.
    package struct Rebuild: Sendable {
        package let since: Instant
        /// Number of the last event handled, and of the last there is.
        package let reached: Int64
        package let last: Int64
        package let parkedKeys: Int
    }

    /// Unhandled events counted.
    private static let limit = 5000
    /// Events looked at: where it stands is written now and then, so many may be handled already.
    private static let lookLimit = 50_000

    package static func measure(
        _ subscription: Subscription, in store: Store
    ) async throws -> SubscriptionLag {
        let name = subscription.name
        let (floor, places, parked) = try await store.survey { session in
            (
                try session.floor(subscription: name) ?? .start,
                try session.slotPlaces(subscription: name),
                try session.parkedKeys(subscription: name).count
            )
        }
        var cursor = floor
        var (seen, unhandled) = (0, 0)
        var behind: [Int: (count: Int, oldest: Instant)] = [:]
        while unhandled < limit, seen < lookLimit {
            let (page, events) = try await store.log(
                after: cursor, types: subscription.types, limit: 500, lane: .looking)
            guard page.next != cursor else { break }
            cursor = page.next
            seen += events.count
            for event in events {
                let slot = slot(of: event, subscription)
                if let place = places[slot], place.epoch == page.epoch,
                    place.position >= event.position.number
                {
                    continue
                }
                unhandled += 1
                let known = behind[slot]
                behind[slot] = ((known?.count ?? 0) + 1, min(known?.oldest ?? event.at, event.at))
            }
        }
        let row = try await row(of: subscription, in: store)
        return SubscriptionLag(
            subscription: name, kind: subscription.kind,
            events: behind.values.map(\.count).reduce(0, +),
            isMore: unhandled >= limit || seen >= lookLimit,
            oldest: behind.values.map(\.oldest).min(),
            slots: behind.map {
                Slot(slot: $0.key, events: $0.value.count, oldest: $0.value.oldest)
            }
            .sorted { $0.slot < $1.slot }, parkedKeys: parked,
            rebuild: try await rebuild(of: subscription, row, in: store),
            rebuiltAt: row?.rebuiltAt.map { Instant(microseconds: $0) })
    }

    private static func row(
        of subscription: Subscription, in store: Store
    ) async throws -> ProjectionRow? {
        guard let name = subscription.projection else { return nil }
        return try await store.survey { try $0.projection(name) }
    }

    private static func rebuild(
        of subscription: Subscription, _ row: ProjectionRow?, in store: Store
    ) async throws -> Rebuild? {
        guard let since = row?.rebuildingSince else { return nil }
        let name = subscription.aside.name
        return try await store.survey { session in
            let floor = try session.floor(subscription: name) ?? .start
            let (reached, last) = try session.extent(at: floor)
            let handled = try session.slotPlaces(subscription: name).values.map(\.position).max()
            return Rebuild(
                since: Instant(microseconds: since), reached: max(reached, handled ?? 0),
                last: last, parkedKeys: try session.parkedKeys(subscription: name).count)
        }
    }

    private static func slot(of event: Envelope, _ subscription: Subscription) -> Int {
        // As the runner does: a key that cannot be read falls back to the stream.
        let text = (try? subscription.key(event)) ?? event.stream
        return Subscription.slot(of: ParkedKey(tenant: event.tenant, key: text))
    }
}
