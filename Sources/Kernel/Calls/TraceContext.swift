/// The trace a request belongs to, as callers name it.
///
/// - Source: W3C Trace Context, level 1 (2021-11-23), sections 3.2 and 4.3.
public struct TraceContext: Hashable, Sendable {
    /// 32 hexadecimal digits, not all zero.
    public let traceID: String

    /// - Returns: `nil` for a header that is not a valid `traceparent`; its sender is then ignored.
    public init?(traceparent header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff",
            parts[0] != "00" || parts.count == 4, Self.isHex(parts[0]),
            Self.isID(parts[1], digits: 32), Self.isID(parts[2], digits: 16),
            parts[3].utf8.count == 2, Self.isHex(parts[3])
        else { return nil }
        traceID = String(parts[1])
    }

    /// - Returns: `nil` unless the text is a trace's identifier.
    public init?(traceID: String) {
        guard Self.isID(traceID[...], digits: 32) else { return nil }
        self.traceID = traceID
    }

    /// The header of a call made for this trace.
    /// - Parameter span: names the call; zero, which the standard forbids, becomes one.
    public func traceparent(span: UInt64) -> String {
        let hex = String(max(span, 1), radix: 16)
        return "00-\(traceID)-\(String(repeating: "0", count: 16 - hex.count))\(hex)-01"
    }

    private static func isID(_ text: Substring, digits: Int) -> Bool {
        text.utf8.count == digits && isHex(text) && text.contains { $0 != "0" }
    }

    /// Lower-case digits only.
    private static func isHex(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
