import Issues
import Kernel
import Orders

/// Orders that stay in a stage longer than it should take.
struct OrdersStandStill: AbsenceDetector {
    let name = "orders.standstill"
    let orders: OrdersService

    /// How long an order may be in a stage. What waits is a person's to see already, so it may stay
    /// longer; what failed goes on by no other means.
    static let limits: [OrderStage: Duration] = [
        .received: .seconds(15 * 60), .released: .seconds(3 * 86_400),
        .dispatched: .seconds(4 * 3600), .waiting: .seconds(3 * 86_400),
        .failed: .seconds(15 * 60),
    ]

    func absences(
        of tenants: [TenantID], at now: Instant
    ) async throws -> [TenantID: [Absence]] {
        var found: [TenantID: [Absence]] = [:]
        for tenant in tenants {
            for (stage, limit) in Self.limits.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                found[tenant, default: []] += try await orders.standing(
                    in: stage, since: now - limit, tenant: tenant
                ).map { order in
                    Absence(
                        subject: "\(stage.rawValue)/\(order.id)",
                        fault: RecordedFault(
                            kind: .refused, code: "orders.standstill",
                            detail: "\(stage.rawValue) since \(order.statusSince)"),
                        order: order.id.rawValue)
                }
            }
        }
        return found
    }
}
