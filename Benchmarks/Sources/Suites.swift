import Foundation

/// The measured paths, each repeated; every write is durable before it is counted.
struct Suites {
    let name: String
    /// Takes an hour: only when asked for by name.
    var isLong = false
    let run: () async throws -> [Figure]

    static func all(in folder: String, sync: Double) -> [Suites] {
        [
            Suites(name: "P1") { try await QueueSuites(folder: folder).onSQLite() },
            Suites(name: "P3") { try await QueueSuites(folder: folder).onPostgres() },
            Suites(name: "P4") { try await StoreSuite(folder: folder, sync: sync).run() },
            Suites(name: "P5") { try await PickupSuite(folder: folder, sync: sync).run() },
            Suites(name: "P6") { try await FairnessSuite(folder: folder).run() },
            Suites(name: "P7") { try await LimitsSuite(folder: folder).run() },
            Suites(name: "P8") { try await DepthSuite(folder: folder).run() },
            Suites(name: "P9") { try await HeldSuite(folder: folder).run() },
            Suites(name: "P12", isLong: true) { try await SustainedSuite(folder: folder).run() },
            Suites(name: "cel") { try await ExpressionSuite(folder: folder).run() },
            Suites(name: "P13") { try await OrdersBenchmark(folder: folder).run() },
        ]
    }

    /// For whoever looks for where the time goes: `ALONE=1` leaves the other engines out, `TIMES=10`
    /// measures so many times as many jobs.
    static let isAlone = ProcessInfo.processInfo.environment["ALONE"] == "1"
    static let times = max(
        1, Int(ProcessInfo.processInfo.environment["TIMES"] ?? "") ?? 1)

    /// The median of several runs; with bars, whether it reaches all of them.
    static func figure(
        _ id: String, _ what: String, _ values: [Double], _ unit: String,
        peers: [String: Double]? = nil, bars: [Bar] = []
    ) -> Figure {
        let sorted = values.sorted()
        let median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        var figure = Figure(
            id: id, what: what, figure: median, low: sorted.first ?? 0, high: sorted.last ?? 0,
            unit: unit, commit: "", at: "")
        figure.peers = peers
        guard !bars.isEmpty else { return figure }
        let ratio = bars.map { $0.ratio(of: median) }.min() ?? 0
        figure.ratio = ratio
        figure.met = ratio >= 1
        figure.bar = bars.map { bar in
            "\(bar.isLimit ? "≤" : "≥") \(String(format: "%.4g", bar.value)) (\(bar.words))"
        }.joined(separator: ", ")
        return figure
    }

    /// - Parameter field: of `/proc/self/status`, such as `VmHWM`, the most in use so far.
    static func memoryMiB(_ field: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return (line?.split(separator: " ").dropFirst().first).flatMap { Double($0) }
            .map { $0 / 1024 } ?? 0
    }

    static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start).inMilliseconds / 1000
    }
}

extension Duration {
    var inMilliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) * 1000 + Double(attoseconds) / 1e15
    }
}
