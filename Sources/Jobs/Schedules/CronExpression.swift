import Foundation
package import Kernel

/// When a schedule is due: five fields of cron in a time zone.
///
/// Minute, hour, day of month, month, day of week; lists, ranges, steps, English names; 0 and 7 are
/// Sunday; where both days are restricted either one matches, as cron has always had it. Also
/// `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
///
/// Summer time: where the hour is given, a time that does not exist is due as much later as the
/// clock jumps, and a time that exists twice is due the first time. Where the hour is `*`, it is due
/// as the hours pass: twice in the hour that comes twice, never in the one left out.
///
/// Source: crontab(5) of Vixie cron; the rule for summer time follows RFC 5545, 3.3.5, for times that
/// do not exist or exist twice.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    private static let macros = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
    ]
    private static let months = names("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC", from: 1)
    private static let weekdays = names("SUN MON TUE WED THU FRI SAT", from: 0)
    /// The 29th of February on a given weekday comes back within 40 years, whatever the century.
    private static let daysSearched: Int64 = 40 * 366

    package let description: String
    package let zone: String
    private let minutes: [Int]
    private let hours: [Int]
    private let days: CronField
    private let month: CronField
    private let weekday: Set<Int>
    private let isWeekdayWildcard: Bool
    private let isHourWildcard: Bool

    /// - Parameter zone: an IANA name, such as `America/New_York`.
    /// - Throws: `JobsError`: `.cronMalformed`, `.zoneUnknown`, `.cronNeverFires`.
    package init(_ text: String, in zone: String) throws {
        guard TimeZone(identifier: zone) != nil else {
            throw JobsError(.zoneUnknown, "there is no time zone \(zone)", field: "zone")
        }
        let fields = (Self.macros[text.lowercased()] ?? text).split(separator: " ")
        guard fields.count == 5 else {
            throw JobsError(
                .cronMalformed, "needs five fields, has \(fields.count)", field: "cron")
        }
        func field(
            _ index: Int, _ range: ClosedRange<Int>, _ what: String, _ names: [String: Int] = [:]
        ) throws -> CronField {
            guard let field = CronField(fields[index], range, names: names) else {
                throw JobsError(
                    .cronMalformed, "\(fields[index]) is no \(what)", field: "cron")
            }
            return field
        }
        let hour = try field(1, 0...23, "hour")
        let weekday = try field(4, 0...7, "day of the week", Self.weekdays)
        minutes = try field(0, 0...59, "minute").values.sorted()
        hours = hour.values.sorted()
        days = try field(2, 1...31, "day of the month")
        month = try field(3, 1...12, "month", Self.months)
        self.weekday = Set(weekday.values.map { $0 % 7 })
        isWeekdayWildcard = weekday.isWildcard
        isHourWildcard = hour.isWildcard
        description = text
        self.zone = zone
        let start = Instant(microseconds: 1_767_225_600_000_000)
        guard next(after: start) != nil else {
            throw JobsError(.cronNeverFires, "\(text) names no day there is", field: "cron")
        }
    }

    private static func names(_ text: String, from first: Int) -> [String: Int] {
        let words = text.split(separator: " ").map(String.init)
        return Dictionary(
            uniqueKeysWithValues: words.enumerated().map { ($0.element, $0.offset + first) })
    }

    /// The first time it is due after a moment; `nil` when there is none in forty years.
    package func next(after instant: Instant) -> Instant? {
        let clock = ZoneClock(zone)
        let local = instant.microseconds / 1_000_000 + clock.offset(at: instant)
        // A day early: where the clock jumped, yesterday's last times may be today's.
        let first = Self.floor(local, by: 86_400) - 1
        for day in first..<(first + Self.daysSearched) where matches(day) {
            let due = times(on: day, clock).first { $0 > instant }
            if let due { return due }
        }
        return nil
    }

    /// All times due after one moment and no later than another, oldest first.
    package func times(after: Instant, through: Instant, limit: Int) -> [Instant] {
        guard after < through else { return [] }
        let clock = ZoneClock(zone)
        func day(_ instant: Instant) -> Int64 {
            let local = instant.microseconds / 1_000_000 + clock.offset(at: instant)
            return Self.floor(local, by: 86_400)
        }
        var found: [Instant] = []
        // A day early, as above, and a day late.
        for day in (day(after) - 1)...(day(through) + 1) where matches(day) {
            let last = found.last ?? after
            found += times(on: day, clock).filter { $0 > last && $0 <= through }
            if found.count >= limit { break }
        }
        return Array(found.prefix(limit))
    }

    private func matches(_ day: Int64) -> Bool {
        let (_, month, date) = CivilDate.date(daysSince1970: day)
        guard self.month.values.contains(Int(month)) else { return false }
        // The first of January 1970 was a Thursday.
        let weekday = Int((day % 7 + 11) % 7)
        let isDay = days.values.contains(Int(date))
        let isWeekday = self.weekday.contains(weekday)
        return days.isWildcard || isWeekdayWildcard ? isDay && isWeekday : isDay || isWeekday
    }

    private func times(on day: Int64, _ clock: ZoneClock) -> [Instant] {
        var times: Set<Instant> = []
        for hour in hours {
            for minute in minutes {
                let local = day * 86_400 + Int64(hour) * 3600 + Int64(minute) * 60
                times.formUnion(clock.instants(ofLocal: local, isElapsed: isHourWildcard))
            }
        }
        return times.sorted()
    }

    private static func floor(_ value: Int64, by unit: Int64) -> Int64 {
        value >= 0 ? value / unit : (value - unit + 1) / unit
    }
}

/// Local time of a zone and back.
private struct ZoneClock {
    private let zone: TimeZone

    init(_ name: String) { zone = TimeZone(identifier: name) ?? .gmt }

    func offset(at instant: Instant) -> Int64 { offset(atSecond: instant.microseconds / 1_000_000) }

    private func offset(atSecond second: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second))))
    }

    /// The moments at which clocks show a local time, in seconds since 1970 as if it were UTC.
    func instants(ofLocal local: Int64, isElapsed: Bool) -> [Instant] {
        // No zone changes its clock twice within two days.
        let before = offset(atSecond: local - 86_400)
        let after = offset(atSecond: local + 86_400)
        let seconds = [before, after].map { local - $0 }.filter {
            offset(atSecond: $0) == local - $0
        }
        let found = Set(seconds).sorted().map { Instant(microseconds: $0 * 1_000_000) }
        if isElapsed { return found }
        if let first = found.first { return [first] }
        return [Instant(microseconds: (local - before) * 1_000_000)]
    }
}
