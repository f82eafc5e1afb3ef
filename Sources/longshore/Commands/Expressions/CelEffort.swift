import Expressions
import Foundation
import Kernel

/// What it took to work an expression out.
struct CelEffort {
    let limits: Limits
    var compiling = Duration.zero
    var running = Duration.zero
    var cost = 0
    var growthBytes = 0

    init(limits: Limits) { self.limits = limits }

    /// The most memory that this whole program has had in use so far; what `getrusage` says may still be of the
    /// one that started it.
    private static var peakBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (kibibytes ?? 0) * 1024
    }

    private static func milliseconds(_ time: Duration) -> String {
        String(format: "%.3f", Double(time / .microseconds(1)) / 1000)
    }

    /// Fields of a JSON object.
    var json: String {
        "\"cost\":\(cost),\"growthBytes\":\(growthBytes),"
            + "\"compileMilliseconds\":\(Self.milliseconds(compiling)),"
            + "\"runMilliseconds\":\(Self.milliseconds(running)),"
            + "\"peakBytes\":\(Self.peakBytes)"
    }

    var text: String {
        """
        steps    \(cost) of \(limits.cost)
        made     \(growthBytes) of \(limits.growthBytes) bytes
        compile  \(Self.milliseconds(compiling)) ms
        run      \(Self.milliseconds(running)) ms
        process  \(Self.peakBytes / 1_048_576) MiB at most
        """
    }
}
