import Contracts
import Inventory
package import Kernel
import Orders
import Storage

/// What `verify` found. Empty findings mean that every invariant holds.
package struct VerificationReport: Codable, Sendable {
    package struct Finding: Codable, Sendable {
        package let invariant: String
        package let subject: String
        package let detail: String
    }

    package var orders = 0
    package var fulfilmentOrders = 0
    package var stockLevels = 0
    package var reservations = 0
    /// At most 1,000 are listed.
    package var findings: [Finding] = []
    package let unchecked: [String]
}

extension Platform {
    /// Checks the model's invariants over everything a tenant has.
    package func verification(of tenant: TenantID) async throws -> VerificationReport {
        try await Verification(platform: self, tenant: tenant).run()
    }
}

/// Checks the model's invariants over everything a tenant has, in pages.
struct Verification: Sendable {
    private static let findingLimit = 1000
    private static let pageSize = 500

    let platform: Platform
    let tenant: TenantID

    func run() async throws -> VerificationReport {
        var report = VerificationReport(
            unchecked: ["I5: there are no money accounts yet"])
        for state in [
            OrderLifecycle.machine.deadEnds.count, FulfilmentLifecycle.machine.deadEnds.count,
        ]
        where state > 0 {
            report.findings.append(
                .init(invariant: "I6", subject: "state machine", detail: "a state has no way out"))
        }
        try await checkOrders(&report)
        try await checkStock(&report)
        return report
    }

    private func checkOrders(_ report: inout VerificationReport) async throws {
        var cursor: PageCursor?
        repeat {
            let after = cursor
            let (findings, count, works, next) = try await platform.store.read(tenant) { reader in
                let page = try reader.page(
                    Order.byPlacement, after: after, limit: Self.pageSize)
                var findings: [VerificationReport.Finding] = []
                var works = 0
                for order in page.items {
                    let work = try reader.page(
                        FulfilmentOrder.byOrder, equals: [order.id], limit: 200
                    ).items
                    works += work.count
                    findings += OrderInvariants.findings(order, work).map {
                        .init(
                            invariant: $0.invariant, subject: order.id.rawValue, detail: $0.detail)
                    }
                    let rebuilt = try reader.state(
                        Order.self, order.id, asOf: Instant(microseconds: .max))
                    let isOld = order.firstVersion == nil
                    let made = isOld ? rebuilt?.withoutVersions : rebuilt
                    let kept = isOld ? order.withoutVersions : order
                    if try made.map(BodyCoder.encode) != BodyCoder.encode(kept) {
                        findings.append(
                            .init(
                                invariant: "log", subject: order.id.rawValue,
                                detail: "the record differs from what its events make"))
                    }
                }
                return (findings, page.items.count, works, page.next)
            }
            report.orders += count
            report.fulfilmentOrders += works
            add(findings, to: &report)
            cursor = next
        } while cursor != nil
    }

    private func checkStock(_ report: inout VerificationReport) async throws {
        // One snapshot: sums of reservations and the counters they explain must be of one moment.
        let result = try await platform.store.read(tenant) { reader in
            var held: [String: Int] = [:]
            var reservations = 0
            try Self.eachPage(reader, Reservation.byOrder) { reservation in
                reservations += 1
                for part in reservation.lines.flatMap(\.held) {
                    held["\(part.sku)@\(part.facility)", default: 0] += part.quantity.units
                }
            }
            var levels = 0
            var findings: [VerificationReport.Finding] = []
            try Self.eachPage(reader, StockLevel.bySKU) { level in
                levels += 1
                let place = "\(level.sku)@\(level.facility)"
                let sum = held.removeValue(forKey: place) ?? 0
                if sum != level.reserved.units {
                    findings.append(
                        .init(
                            invariant: "I2", subject: place,
                            detail: "reserved is \(level.reserved), reservations hold \(sum)"))
                }
                if level.reserved > level.onHand {
                    findings.append(
                        .init(
                            invariant: "I4", subject: place,
                            detail: "reserved \(level.reserved) exceeds on hand \(level.onHand)"))
                }
            }
            for (place, sum) in held {
                findings.append(
                    .init(invariant: "I2", subject: place, detail: "\(sum) held, no stock level"))
            }
            return (reservations, levels, findings)
        }
        report.reservations = result.0
        report.stockLevels = result.1
        add(result.2, to: &report)
    }

    private static func eachPage<R: Record>(
        _ reader: ReadTransaction, _ index: Index<R>, _ body: (R) -> Void
    ) throws {
        var cursor: PageCursor?
        repeat {
            let page = try reader.page(index, after: cursor, limit: pageSize)
            page.items.forEach(body)
            cursor = page.next
        } while cursor != nil
    }

    private func add(
        _ findings: [VerificationReport.Finding], to report: inout VerificationReport
    ) {
        report.findings += findings.prefix(max(0, Self.findingLimit - report.findings.count))
    }
}
