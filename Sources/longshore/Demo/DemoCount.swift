import Foundation
import Storage

/// How the demonstration stands: our stages against the marketplace's own list, by number.
struct DemoCount: Sendable {
    static let stages = ["received", "released", "dispatched", "confirmed", "waiting", "failed"]

    let byStage: [String: Int]
    /// Shown by the sandbox, and not here.
    let missing: [String]
    /// Here, and not in the sandbox.
    let unknown: [String]
    let shown: Int
    let cancelled: Int

    var isExact: Bool { missing.isEmpty && unknown.isEmpty && byStage.values.reduce(0, +) == shown }

    /// Orders that still move by themselves.
    var moving: Int {
        ["received", "released", "dispatched"].map { byStage[$0] ?? 0 }.reduce(0, +)
            + missing.count
    }

    var line: String {
        Self.stages.map { "\($0)=\(byStage[$0] ?? 0)" }.joined(separator: " ")
    }

    static func take(_ session: CommandSession, _ sandbox: SandboxProcess) async throws -> DemoCount
    {
        let reply = try await sandbox.get("/control/orders")
        guard case .array(let orders) = reply["orders"] ?? .null else {
            throw DemoError(detail: "the sandbox's orders are not readable")
        }
        let shown = Set(orders.map { $0["number"]?.plain ?? "" })
        var byStage: [String: Int] = [:]
        var here: Set<String> = []
        var cancelled = 0
        var cursor = ""
        repeat {
            let page = try await session.get("/v1/orders?limit=500" + cursor)
            for order in page.items where here.insert(order["reference"]?.plain ?? "").inserted {
                byStage[order["stage"]?.plain ?? "", default: 0] += 1
                if order["status"]?.plain == "cancelled" { cancelled += 1 }
            }
            guard case .string(let next) = page["next"] ?? .null else { break }
            cursor = "&cursor=\(next)"
        } while true
        return DemoCount(
            byStage: byStage, missing: shown.subtracting(here).sorted(),
            unknown: here.subtracting(shown).sorted(), shown: shown.count, cancelled: cancelled)
    }
}
