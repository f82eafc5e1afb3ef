internal import CRE2

/// A compiled regular expression in RE2's syntax: linear in the text, whatever the pattern.
final class Pattern: Sendable {
    /// What compiling and matching one pattern may take.
    private static let maximumMemory: Int64 = 262_144
    /// What making one costs for each of its parts, and what one that is wrong or too large may have cost.
    static let stepsPerPart = 12
    static let stepsOfWrong = 20_000
    static let maximumBytes = 4096
    private static let maximumGroups = 16

    /// Where the library keeps it; its patterns may be used from many threads at once.
    private let address: UInt
    let groups: Int
    /// Steps to charge for each time it is compiled.
    let size: Int

    /// - Throws: `.invalidArgument` with the reason.
    init(_ text: String) throws(EvaluationError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw EvaluationError(
                .limitExceeded, "a pattern may have \(Self.maximumBytes) bytes")
        }
        var copy = text
        var reason = [CChar](repeating: 0, count: 200)
        let found = copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                reason.withUnsafeMutableBufferPointer { buffer in
                    cre2_compile(
                        characters.baseAddress, characters.count, Self.maximumMemory,
                        buffer.baseAddress, buffer.count)
                }
            }
        }
        guard let found else {
            let end = reason.firstIndex(of: 0) ?? reason.count
            let words = String(
                decoding: reason[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw EvaluationError(.invalidArgument, "the pattern is wrong: \(words)")
        }
        address = UInt(bitPattern: found)
        groups = Int(cre2_groups(found))
        size = Int(cre2_size(found))
    }

    /// Whether matching needs no more than a table, whatever the text.
    var isSmall: Bool { size <= 200 }

    /// What matching a text of so many bytes costs: at worst each byte meets each part of the pattern.
    func steps(for bytes: Int) -> Int {
        let (product, isOver) = bytes.multipliedReportingOverflow(by: 1 + size / 16)
        return isOver ? Int.max / 2 : product / 2 + 1
    }

    deinit { cre2_free(handle) }

    private var handle: OpaquePointer? { OpaquePointer(bitPattern: address) }

    func isFound(in text: String) -> Bool {
        var copy = text
        return copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                cre2_match(handle, characters.baseAddress, characters.count, 0, nil, 0)
            }
        }
    }

    /// - Returns: the match and its groups as places in the bytes; `nil` for a group that took no part.
    func match(in bytes: [UInt8], from start: Int) -> [Range<Int>?]? {
        let count = min(groups, Self.maximumGroups) + 1
        var places = [Int64](repeating: -1, count: count * 2)
        let isFound = bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { characters in
                places.withUnsafeMutableBufferPointer {
                    cre2_match(
                        handle, characters.baseAddress, characters.count, start,
                        $0.baseAddress, Int32(count))
                }
            }
        }
        guard isFound else { return nil }
        return (0..<count).map { index in
            let (begin, end) = (places[2 * index], places[2 * index + 1])
            return begin < 0 ? nil : Int(begin)..<Int(end)
        }
    }
}
