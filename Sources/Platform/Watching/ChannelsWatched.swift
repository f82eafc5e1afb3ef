import ChannelWalmart
import Contracts
package import Issues
package import Kernel
import Orders
import Settings
import Storage

/// Connections whose lists are not read: the poll fails, or it never ran.
struct ChannelsUnread: AbsenceDetector {
    let name = "channels.unread"
    let settings: SettingsService
    let walmart: WalmartModule

    private static let limit = Duration.seconds(15 * 60)

    func absences(
        of tenants: [TenantID], at now: Instant
    ) async throws -> [TenantID: [Absence]] {
        var found: [TenantID: [Absence]] = [:]
        // An identifier begins with its time: older connections sort before this one.
        let young = ConnectionID(at: now - Self.limit, high: 0, low: 0)
        for tenant in tenants {
            let known = try await settings.connections(tenant: tenant)
            let polls = Dictionary(
                grouping: try await walmart.polls(tenant: tenant), by: \.connection)
            for connection in known
            where connection.isEnabled && connection.channel == WalmartModule.channel {
                let streams = polls[connection.id] ?? []
                let last = streams.map { $0.lastSuccess ?? Instant(microseconds: 0) }.min()
                guard last ?? Instant(microseconds: 0) < now - Self.limit, connection.id < young
                else { continue }
                let fault = streams.compactMap(\.lastFault).first
                let detail = fault.map { "the last try: \($0)" } ?? "it never ran"
                found[tenant, default: []].append(
                    Absence(
                        subject: connection.id.rawValue,
                        fault: RecordedFault(
                            kind: .unavailable, code: "channels.unread",
                            detail: "the orders of “\(connection.name)” are not read: \(detail)")))
            }
        }
        return found
    }
}

/// Connections that bring no orders for much longer than they ever did of late.
package struct ChannelsSilent: AbsenceDetector {
    package let name = "channels.silent"
    let orders: OrdersService
    let settings: SettingsService

    /// Orders looked at of each tenant.
    private static let window = 200
    /// Fewer than this say nothing about what is usual.
    private static let fewest = 20
    private static let shortest = Duration.seconds(6 * 3600)
    /// So many times the longest gap.
    private static let factor = 3

    package func absences(
        of tenants: [TenantID], at now: Instant
    ) async throws -> [TenantID: [Absence]] {
        var found: [TenantID: [Absence]] = [:]
        for tenant in tenants {
            let latest = try await orders.page(
                status: nil, stage: nil, after: nil, limit: Self.window, tenant: tenant
            ).items
            let byConnection = Dictionary(grouping: latest, by: \.connection)
            for connection in try await settings.connections(tenant: tenant)
            where connection.isEnabled {
                let times = (byConnection[connection.id] ?? []).map(\.receivedAt).sorted()
                guard let silence = Self.silence(after: times, at: now) else { continue }
                found[tenant, default: []].append(
                    Absence(
                        subject: connection.id.rawValue,
                        fault: RecordedFault(
                            kind: .unavailable, code: "channels.silent",
                            detail: "“\(connection.name)” brought its last order \(silence) ago")))
            }
        }
        return found
    }

    /// For how long nothing came, where that is unusual.
    package static func silence(after times: [Instant], at now: Instant) -> Duration? {
        guard times.count >= fewest, let last = times.last else { return nil }
        let longest = zip(times, times.dropFirst()).map { $1.duration(since: $0) }.max() ?? .zero
        let silence = now.duration(since: last)
        return silence > max(shortest, longest * factor) ? silence : nil
    }
}
