import Expressions
import Foundation
import Kernel
import Telemetry

/// What it took to work an expression out.
struct CelEffort {
    let limits: Limits
    var compiling = Duration.zero
    var running = Duration.zero
    var cost = 0
    var growthBytes = 0

    init(limits: Limits) { self.limits = limits }

    private static func milliseconds(_ time: Duration) -> String {
        String(format: "%.3f", Double(time / .microseconds(1)) / 1000)
    }

    /// Fields of a JSON object.
    var json: String {
        "\"cost\":\(cost),\"growthBytes\":\(growthBytes),"
            + "\"compileMilliseconds\":\(Self.milliseconds(compiling)),"
            + "\"runMilliseconds\":\(Self.milliseconds(running)),"
            + "\"peakBytes\":\(ProcessFigures.peakBytes)"
    }

    var text: String {
        """
        steps    \(cost) of \(limits.cost)
        made     \(growthBytes) of \(limits.growthBytes) bytes
        compile  \(Self.milliseconds(compiling)) ms
        run      \(Self.milliseconds(running)) ms
        process  \(ProcessFigures.peakBytes / 1_048_576) MiB at most
        """
    }
}
