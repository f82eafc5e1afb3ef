/// A moment from the year 1 to 9999, in UTC, to the nanosecond.
public struct Timestamp: Sendable, Hashable, Comparable {
    static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Since 1970-01-01.
    public let seconds: Int64
    /// 0..<1,000,000,000.
    public let nanoseconds: Int32

    public static let epoch = Timestamp(knownSeconds: 0)

    private init(knownSeconds seconds: Int64) {
        self.seconds = seconds
        nanoseconds = 0
    }

    /// - Returns: `nil` past the years 1 to 9999.
    public init?(seconds: Int64, nanoseconds: Int64 = 0) {
        let (extra, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var (sum, isOver) = seconds.addingReportingOverflow(extra)
        if rest < 0 { sum -= 1 }
        guard !isOver, Self.secondsRange.contains(sum) else { return nil }
        self.seconds = sum
        self.nanoseconds = Int32(rest < 0 ? rest + 1_000_000_000 : rest)
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// - Returns: `nil` past the years 1 to 9999.
    func adding(_ span: Span) -> Timestamp? {
        let (whole, rest) = span.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return Timestamp(seconds: seconds + whole, nanoseconds: Int64(nanoseconds) + rest)
    }

    /// - Returns: `nil` where the span does not fit.
    func span(since other: Timestamp) -> Span? {
        let (product, isOver) = (seconds - other.seconds).multipliedReportingOverflow(
            by: 1_000_000_000)
        let (sum, isOverToo) = product.addingReportingOverflow(
            Int64(nanoseconds) - Int64(other.nanoseconds))
        return isOver || isOverToo ? nil : Span(nanoseconds: sum)
    }

    // MARK: - Text

    /// Reads RFC 3339, such as `2026-11-28T08:00:00.5+01:00`.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[range] {
                guard Lexer.isDigit(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        func has(_ character: Character, at place: Int) -> Bool {
            guard place < bytes.count else { return false }
            // Letters in either case; signs as they are.
            let byte = Lexer.isLetter(bytes[place]) ? bytes[place] | 0x20 : bytes[place]
            return byte == character.asciiValue
        }
        guard bytes.count >= 20, let year = number(0..<4), has("-", at: 4),
            let month = number(5..<7), has("-", at: 7), let day = number(8..<10),
            has("t", at: 10), let hour = number(11..<13), has(":", at: 13),
            let minute = number(14..<16), has(":", at: 16), let second = number(17..<19),
            (1...12).contains(month), day >= 1, day <= CivilDate.days(in: month, of: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var place = 19
        var nanoseconds: Int64 = 0
        if has(".", at: place) {
            let start = place + 1
            place = start
            while place < bytes.count, Lexer.isDigit(bytes[place]) { place += 1 }
            guard place > start else { return nil }
            for index in start..<start + 9 {
                nanoseconds =
                    nanoseconds * 10 + (index < place ? Int64(bytes[index] - 0x30) : 0)
            }
        }
        guard let offset = Self.offset(bytes[place...]) else { return nil }
        let days = CivilDate.days(year: year, month: month, day: day)
        self.init(
            seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset,
            nanoseconds: nanoseconds)
    }

    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        if bytes.count == 1, bytes.first == UInt8(ascii: "Z") || bytes.first == UInt8(ascii: "z") {
            return 0
        }
        guard bytes.count == 6 else { return nil }
        return ZoneOffset.fixed(String(decoding: bytes, as: UTF8.self))
    }

    /// RFC 3339 in UTC, with as many decimals as it needs.
    public var text: String {
        let date = CivilDate(days: seconds.floorDivided(by: 86_400))
        let rest = seconds - date.days * 86_400
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        var text = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
        text += "\(padded(rest / 3600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
        if nanoseconds > 0 {
            var decimals = Substring(padded(Int64(nanoseconds), 9))
            while decimals.hasSuffix("0") { decimals = decimals.dropLast() }
            text += "." + decimals
        }
        return text + "Z"
    }
}

extension Int64 {
    /// Towards the past, also before 1970.
    func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// A day in the Gregorian calendar.
struct CivilDate {
    let year: Int64
    /// From 1.
    let month: Int64
    let day: Int64
    /// Since 1970-01-01.
    let days: Int64

    init(days: Int64) {
        self.days = days
        // Eras of 400 years that begin on the first of March, so that the odd day comes last.
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let inEra = shifted - era * 146_097
        let yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * inYear + 2) / 153
        day = inYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.floorDivided(by: 400)
        let yearOfEra = shifted - era * 400
        let inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + inYear - 719_468
    }

    static func days(in month: Int64, of year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month - 1)]
    }

    /// From 0, Sunday.
    var dayOfWeek: Int64 { (days + 4) - (days + 4).floorDivided(by: 7) * 7 }

    /// From 0.
    var dayOfYear: Int64 { days - Self.days(year: year, month: 1, day: 1) }
}
