/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z.
///
/// In JSON it is RFC 3339 text with six decimals, such as `2026-03-04T10:15:30.123000Z`.
public struct Instant: Hashable, Sendable, Comparable {
    public let microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Milliseconds since 1970, as several marketplaces send them.
    /// - Returns: `nil` outside the years 1 to 9999: no order was placed then.
    public init?(milliseconds: Int64) {
        guard (-62_135_596_800_000...253_402_300_799_999).contains(milliseconds) else { return nil }
        microseconds = milliseconds * 1000
    }

    public static func < (one: Self, other: Self) -> Bool { one.microseconds < other.microseconds }

    /// The later moment; saturates at the ends of the range.
    public func advanced(by duration: Duration) -> Instant {
        let (value, overflow) = microseconds.addingReportingOverflow(duration.microseconds)
        guard overflow else { return Instant(microseconds: value) }
        return Instant(microseconds: duration < .zero ? .min : .max)
    }

    public static func + (instant: Instant, duration: Duration) -> Instant {
        instant.advanced(by: duration)
    }

    public static func - (instant: Instant, duration: Duration) -> Instant {
        instant.advanced(by: .zero - duration)
    }

    /// The time from `earlier` to this moment; negative where `earlier` is later. Saturates.
    public func duration(since earlier: Instant) -> Duration {
        let (value, overflow) = microseconds.subtractingReportingOverflow(earlier.microseconds)
        guard overflow else { return .microseconds(value) }
        return .microseconds(self < earlier ? Int64.min : Int64.max)
    }
}

extension Duration {
    /// Whole microseconds, cut towards zero; saturates.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, spill) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return spill ? (seconds < 0 ? .min : .max) : sum
    }
}

extension Instant: CustomStringConvertible, LosslessStringConvertible {
    public var description: String {
        // Moments outside the years 1 to 9999 come only from a store asked for its ends.
        let microseconds = min(
            max(self.microseconds, -62_135_596_800_000_000), 253_402_300_799_999_999)
        let day = microseconds.flooredQuotient(86_400_000_000)
        let within = microseconds - day * 86_400_000_000
        let (year, month, dayOfMonth) = CivilDate.date(daysSince1970: day)
        let seconds = within / 1_000_000
        var text = [UInt8]()
        text.reserveCapacity(27)
        text.append(year, digits: 4, then: "-")
        text.append(month, digits: 2, then: "-")
        text.append(dayOfMonth, digits: 2, then: "T")
        text.append(seconds / 3600, digits: 2, then: ":")
        text.append(seconds / 60 % 60, digits: 2, then: ":")
        text.append(seconds % 60, digits: 2, then: ".")
        text.append(within % 1_000_000, digits: 6, then: "Z")
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads RFC 3339 with any number of decimals and any offset, or a bare date as its midnight.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2),
            reader.skip("-"), let day = reader.number(2), (1...12).contains(month),
            (1...CivilDate.days(inMonth: month, of: year)).contains(day)
        else { return nil }
        let midnight = CivilDate.daysSince1970(year, month, day) * 86_400_000_000
        if reader.isAtEnd {
            self.init(microseconds: midnight)
            return
        }
        guard reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let clock = reader.clock(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        self.init(microseconds: midnight + clock - offset)
    }
}

extension Instant: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected a time like 2026-03-04T10:15:30Z")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Int64 {
    func flooredQuotient(_ divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self + 1) / divisor - 1
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ value: Int64, digits: Int, then end: Unicode.Scalar) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        for _ in 0..<digits {
            append(UInt8(48 + Swift.abs(value / divisor % 10)))
            divisor /= 10
        }
        append(UInt8(ascii: end))
    }
}

/// Reads fixed-width digits from a text without allocating.
private struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: scalar) else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func number(_ digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let byte = rest.first, (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
            rest = rest.dropFirst()
        }
        return value
    }

    /// Hours, minutes, seconds and decimals as microseconds.
    mutating func clock() -> Int64? {
        guard let hour = number(2), skip(":"), let minute = number(2), hour < 24, minute < 60
        else { return nil }
        var second: Int64 = 0
        if skip(":") {
            guard let read = number(2), read < 61 else { return nil }
            second = min(read, 59)
        }
        var fraction: Int64 = 0
        if skip(".") {
            var scale: Int64 = 100_000
            while let digit = number(1) {
                fraction += digit * scale
                scale /= 10
            }
        }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    }

    /// The zone as microseconds east of UTC; a missing zone means UTC.
    mutating func offset() -> Int64? {
        if isAtEnd || skip("Z") || skip("z") { return 0 }
        let isEast = skip("+")
        guard isEast || skip("-"), let hours = number(2) else { return nil }
        _ = skip(":")
        guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        return (isEast ? 1 : -1) * (hours * 60 + minutes) * 60_000_000
    }
}
