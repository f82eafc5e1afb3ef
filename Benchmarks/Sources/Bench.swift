import Foundation
import Glibc

/// One measured figure: the median of its repeats, with the lowest and highest.
struct Figure: Codable {
    let id: String
    let what: String
    let figure: Double
    let low: Double
    let high: Double
    let unit: String
    /// Others' medians in the same run.
    var peers: [String: Double]?
    /// The figure as a part of what the hardest of its bars asks for; 1 and more meets all.
    var ratio: Double?
    var bar: String?
    var met: Bool?
    var commit: String
    var at: String
}

/// What a figure has to reach.
struct Bar {
    let words: String
    let value: Double
    /// Whether less is better.
    let isLimit: Bool

    init(_ words: String, _ value: Double, isLimit: Bool = false) {
        (self.words, self.value, self.isLimit) = (words, value, isLimit)
    }

    func ratio(of figure: Double) -> Double { isLimit ? value / figure : figure / value }
}

/// Runs benchmarks on a folder of a real disk and keeps their figures.
@main
struct Bench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        func option(_ name: String) -> String? {
            arguments.firstIndex(of: name).flatMap {
                $0 + 1 < arguments.count ? arguments[$0 + 1] : nil
            }
        }
        if let path = option("--fill") {
            return try await DepthSuite.fill(
                path, ready: Int(option("--ready") ?? "") ?? 0,
                scheduled: Int(option("--scheduled") ?? "") ?? 0)
        }
        let results = option("--results") ?? "Benchmarks/results/latest.json"
        let folder = URL(fileURLWithPath: results).deletingLastPathComponent().path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        guard !isInMemory(folder) else {
            print("\(folder) lies in memory: durability cannot be measured there.")
            exit(2)
        }
        let sync = syncMicroseconds(folder)
        print("fdatasync of this disk: median \(Int(sync)) µs\n")
        var figures = [
            Figure(
                id: "disk.fdatasync", what: "one fdatasync of 4 KiB", figure: sync, low: sync,
                high: sync, unit: "µs", commit: "", at: "")
        ]
        let only = option("--only")
        let suites = Suites.all(in: folder, sync: sync)
        guard only == nil || suites.contains(where: { $0.name == only }) else {
            print(
                "there is no \(only ?? ""); there are \(suites.map(\.name).joined(separator: ", "))"
            )
            exit(64)
        }
        for suite in suites where only == nil ? !suite.isLong : suite.name == only {
            figures += try await suite.run()
        }
        let commit = option("--commit") ?? "unknown"
        let now = ISO8601DateFormatter().string(from: Date())
        figures = figures.map { figure in
            var stamped = figure
            stamped.commit = commit
            stamped.at = now
            return stamped
        }
        show(figures)
        try merge(figures, into: results)
    }

    /// Whether the folder's mount is tmpfs or ramfs, by the kernel's own list of mounts.
    private static func isInMemory(_ folder: String) -> Bool {
        let path = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path + "/"
        let mounts = (try? String(contentsOfFile: "/proc/mounts", encoding: .utf8)) ?? ""
        var nearest = (point: "", kind: "")
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 2 else { continue }
            let point = words[1] == "/" ? "/" : words[1] + "/"
            guard path.hasPrefix(point), point.count > nearest.point.count else { continue }
            nearest = (point, words[2])
        }
        return ["tmpfs", "ramfs"].contains(nearest.kind)
    }

    private static func syncMicroseconds(_ folder: String) -> Double {
        let path = folder + "/sync-probe"
        let handle = open(path, O_CREAT | O_RDWR, 0o600)
        defer {
            close(handle)
            unlink(path)
        }
        let page = [UInt8](repeating: 7, count: 4096)
        var times: [Double] = []
        for _ in 0..<200 {
            _ = write(handle, page, page.count)
            let start = ContinuousClock.now
            fdatasync(handle)
            times.append(Double((ContinuousClock.now - start).components.attoseconds) / 1e12)
        }
        return times.sorted()[times.count / 2]
    }

    private static func show(_ figures: [Figure]) {
        for figure in figures {
            let places = figure.high < 100 ? 2 : 0
            let value = String(format: "%.\(places)f", figure.figure)
            let range = String(format: "%.\(places)f–%.\(places)f", figure.low, figure.high)
            let head = figure.what.padding(toLength: 78, withPad: " ", startingAt: 0)
            print("\(head) \(value) \(figure.unit)  (\(range))")
            for (peer, rate) in (figure.peers ?? [:]).sorted(by: { $0.key < $1.key }) {
                print("    \(peer): \(String(format: "%.0f", rate))")
            }
            if let bar = figure.bar, let met = figure.met, let ratio = figure.ratio {
                print("    \(met ? "met" : "NOT MET") (\(String(format: "%.2f", ratio))): \(bar)")
            }
        }
    }

    private static func merge(_ figures: [Figure], into path: String) throws {
        var known: [Figure] = []
        if let data = FileManager.default.contents(atPath: path) {
            known = (try? JSONDecoder().decode([Figure].self, from: data)) ?? []
        }
        let fresh = Set(figures.map(\.id))
        let merged = (known.filter { !fresh.contains($0.id) } + figures).sorted { $0.id < $1.id }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(merged).write(to: URL(fileURLWithPath: path))
        print("\nkept in \(path)")
    }
}
