/// A length of time, to the nanosecond; up to about 292 years either way.
public struct Span: Sendable, Hashable {
    public let nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000),
        ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// Reads `1h30m`, `-1.5s`, `250ms`, `0`.
    /// - Returns: `nil` for other text, and for what does not fit.
    public init?(_ text: String) {
        var rest = Substring(text)
        var isNegative = false
        if rest.hasPrefix("-") || rest.hasPrefix("+") { isNegative = rest.removeFirst() == "-" }
        if rest == "0" {
            self.init(nanoseconds: 0)
            return
        }
        guard !rest.isEmpty, text.utf8.count <= Self.maximumBytes else { return nil }
        var sum: Int128 = 0
        while !rest.isEmpty {
            guard let part = Self.part(&rest) else { return nil }
            sum += part
        }
        guard let nanoseconds = Int64(exactly: isNegative ? -sum : sum) else { return nil }
        self.init(nanoseconds: nanoseconds)
    }

    /// Longer texts are no durations; so few parts cannot pass 128 bits either.
    static let maximumBytes = 100

    private static func part(_ rest: inout Substring) -> Int128? {
        let whole = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(whole.count)
        var decimals = Substring()
        if rest.hasPrefix(".") {
            rest = rest.dropFirst()
            decimals = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(decimals.count)
        }
        guard !whole.isEmpty || !decimals.isEmpty else { return nil }
        let name = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
        rest = rest.dropFirst(name.count)
        guard let unit = units.first(where: { $0.name == name })?.nanoseconds else { return nil }
        guard let count = whole.isEmpty ? 0 : Int64(whole) else { return nil }
        var sum = Int128(count) * Int128(unit)
        var place = unit
        for digit in decimals {
            place /= 10
            sum += Int128((digit.wholeNumberValue ?? 0)) * Int128(place)
        }
        return sum
    }

    /// Seconds with as many decimals as needed, such as `5400s` or `0.25s`.
    public var text: String {
        let magnitude = nanoseconds.magnitude
        let (whole, rest) = magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        var text = (nanoseconds < 0 ? "-" : "") + String(whole)
        if rest > 0 {
            let digits = String(rest)
            var decimals = Substring(String(repeating: "0", count: 9 - digits.count) + digits)
            while decimals.hasSuffix("0") { decimals = decimals.dropLast() }
            text += "." + decimals
        }
        return text + "s"
    }
}
