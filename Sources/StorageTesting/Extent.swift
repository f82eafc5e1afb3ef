import Foundation

/// How large a test is: short beside all the others, whole where `LONGSHORE_WHOLE` is set and it has
/// the machine for itself, as `make torture` runs it.
package enum Extent {
    package static let isWhole =
        ProcessInfo.processInfo.environment["LONGSHORE_WHOLE"]?.isEmpty == false

    package static func of(_ short: Int, whole: Int) -> Int { isWhole ? whole : short }
}
