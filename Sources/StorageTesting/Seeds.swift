import Foundation

/// Seeds of property tests; the seed is the argument, so that a failure replays.
package enum Seeds {
    /// So many seeds; each `LONGSHORE_SEED` gives others.
    package static func of(_ count: UInt64) -> [UInt64] {
        let first = ProcessInfo.processInfo.environment["LONGSHORE_SEED"].flatMap { UInt64($0) }
        return (0..<count).map { (first ?? 1) &* 1000 &+ $0 }
    }
}
