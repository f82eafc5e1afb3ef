import Jobs
import Kernel
import StorageTesting
import Testing

@Suite struct CronTests {
    private func times(_ cron: String, _ zone: String, from: String, _ count: Int) throws
        -> [String]
    {
        let start = try #require(Instant(from))
        return try CronExpression(cron, in: zone)
            .times(after: start, through: Instant(microseconds: .max), limit: count)
            .map { String($0.description.prefix(16)) }
    }

    @Test(arguments: [
        ("*/15 * * * *", ["2026-03-01T00:15", "2026-03-01T00:30", "2026-03-01T00:45"]),
        ("0 9 * * MON-FRI", ["2026-03-02T09:00", "2026-03-03T09:00", "2026-03-04T09:00"]),
        ("30 4 1,15 * FRI", ["2026-03-01T04:30", "2026-03-06T04:30", "2026-03-13T04:30"]),
        ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        ("@monthly", ["2026-04-01T00:00", "2026-05-01T00:00", "2026-06-01T00:00"]),
        ("5-10/5 1 * jan 7", ["2027-01-03T01:05", "2027-01-03T01:10", "2027-01-10T01:05"]),
    ])
    func `is due when the expression says`(_ cron: String, _ expected: [String]) throws {
        #expect(try times(cron, "UTC", from: "2026-03-01T00:00:00Z", 3) == expected)
    }

    /// Clocks of New York go from 2:00 to 3:00 on 8 March 2026, and twice through 1:00 on 1 November.
    @Test func `a time that does not exist is due as much later as the clock jumps`() throws {
        let due = try times("30 2 * * *", "America/New_York", from: "2026-03-07T12:00:00Z", 2)

        #expect(due == ["2026-03-08T07:30", "2026-03-09T06:30"])
    }

    @Test func `a time that comes twice is due the first time`() throws {
        let due = try times("30 1 * * *", "America/New_York", from: "2026-10-31T12:00:00Z", 2)

        #expect(due == ["2026-11-01T05:30", "2026-11-02T06:30"])
    }

    @Test func `what is due each hour follows the hours as they pass`() throws {
        let back = try times("30 * * * *", "America/New_York", from: "2026-11-01T05:00:00Z", 3)
        let forth = try times("30 * * * *", "America/New_York", from: "2026-03-08T06:00:00Z", 2)

        #expect(back == ["2026-11-01T05:30", "2026-11-01T06:30", "2026-11-01T07:30"])
        #expect(forth == ["2026-03-08T06:30", "2026-03-08T07:30"])
    }

    @Test(arguments: [
        ("0 0 30 2 *", "UTC", JobsFaultCode.cronNeverFires), ("* * * *", "UTC", .cronMalformed),
        ("60 * * * *", "UTC", .cronMalformed), ("*/0 * * * *", "UTC", .cronMalformed),
        ("5-1 * * * *", "UTC", .cronMalformed), ("* * * * xyz", "UTC", .cronMalformed),
        ("* * * * *", "Mars/Olympus", .zoneUnknown), ("", "UTC", .cronMalformed),
        ("1,,2 * * * *", "UTC", .cronMalformed), ("-1 * * * *", "UTC", .cronMalformed),
    ])
    func `says what is wrong with it`(
        _ cron: String, _ zone: String, _ code: JobsFaultCode
    ) throws {
        let fault = #expect(throws: JobsError.self) { try CronExpression(cron, in: zone) }

        #expect(fault?.reason == code)
        #expect(fault?.field != nil)
    }

    /// Walking through minutes one by one is slow and plainly right: the quick way must agree.
    @Test(arguments: 1...30)
    func `agrees with asking every minute`(_ seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let minute = Int.random(in: 0...59, using: &generator)
        let hour = ["*", "*/5", "3", "8-11"].randomElement(using: &generator) ?? "*"
        let weekday = ["*", "1-5", "0", "6,7"].randomElement(using: &generator) ?? "*"
        let cron = try CronExpression("\(minute) \(hour) * * \(weekday)", in: "UTC")
        let start = Instant(microseconds: 1_780_000_020_000_000)
        let end = start + .seconds(86_400 * 9)

        let quick = cron.times(after: start, through: end, limit: 10_000)

        var slow: [Instant] = []
        var time = Instant(microseconds: (start.microseconds / 60_000_000 + 1) * 60_000_000)
        while time <= end {
            let seconds = time.microseconds / 1_000_000
            let (at, past) = (Int(seconds / 3600 % 24), Int(seconds / 60 % 60))
            let day = Int((seconds / 86_400 + 4) % 7)
            let isHour =
                switch hour {
                case "*/5": at % 5 == 0
                case "3": at == 3
                case "8-11": (8...11).contains(at)
                default: true
                }
            let isDay =
                switch weekday {
                case "1-5": (1...5).contains(day)
                case "0": day == 0
                case "6,7": day == 6 || day == 0
                default: true
                }
            if past == minute, isHour, isDay { slow.append(time) }
            time = time + .seconds(60)
        }
        #expect(quick == slow)
    }
}
