import Foundation

/// How far a zone is from UTC.
enum ZoneOffset {
    /// Reads `+05:30`, `-02:00` or `02:00`.
    /// - Returns: seconds east of UTC.
    static func fixed(_ text: String) -> Int64? {
        var bytes = Array(text.utf8)
        var sign: Int64 = 1
        if let first = bytes.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
            if first == UInt8(ascii: "-") { sign = -1 }
            bytes.removeFirst()
        }
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
        let digits = [bytes[0], bytes[1], bytes[3], bytes[4]]
        guard digits.allSatisfy(Lexer.isDigit) else { return nil }
        let values = digits.map { Int64($0 - 0x30) }
        let (hours, minutes) = (values[0] * 10 + values[1], values[2] * 10 + values[3])
        guard hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    /// - Parameter zone: a fixed offset or an IANA name.
    /// - Returns: seconds east of UTC at that moment; `nil` for an unknown zone.
    static func seconds(of zone: String, at moment: Timestamp) -> Int64? {
        if zone == "UTC" || zone == "Z" { return 0 }
        if let offset = fixed(zone) { return offset }
        guard let found = TimeZone(identifier: zone) else { return nil }
        let date = Date(timeIntervalSince1970: Double(moment.seconds))
        return Int64(found.secondsFromGMT(for: date))
    }
}
