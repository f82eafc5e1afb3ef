import Kernel
import Testing

@Suite struct MoneyTests {
    @Test(arguments: [
        ("48.56", "USD", 4856), ("5", "USD", 500), ("0.1", "USD", 10), ("-3.10", "USD", -310),
        ("1200", "JPY", 1200), ("1.234", "KWD", 1234), ("48.5600", "USD", 4856),
        ("92233720368547758.07", "USD", Int64.max),
    ])
    func `reads decimals exactly`(_ text: String, _ code: String, _ units: Int64) throws {
        let currency = try #require(Currency(code))

        let money = try Money(decimal: text, currency: currency)

        #expect(money.minorUnits == units)
        #expect(try Money(decimal: money.decimalText, currency: currency) == money)
    }

    @Test(arguments: [
        "", "-", ".", "1.", ".5", "1e3", "1,5", "0.001", "99999999999999999999", "1.2.3", "٣",
    ])
    func `refuses what is no amount`(_ text: String) {
        #expect(throws: KernelError.self) { try Money(decimal: text, currency: .usd) }
    }

    @Test func `never mixes currencies and never wraps around`() throws {
        let yen = try #require(Currency("JPY"))
        let most = Money(minorUnits: .max, currency: .usd)

        #expect(throws: KernelError.self) { try most.adding(.zero(yen)) }
        #expect(throws: KernelError.self) { try most.adding(Money(minorUnits: 1, currency: .usd)) }
        #expect(throws: KernelError.self) { try most.multiplied(by: Quantity(2)) }
    }

    @Test func `knows no currency that is not listed`() {
        #expect(Currency("XXX") == nil)
        #expect(Currency("usd") == nil)
    }
}

@Suite struct InstantTests {
    @Test(arguments: 0..<200)
    func `round-trips through its text`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let instant = Instant(
            microseconds: Int64.random(
                in: -60_000_000_000_000_000...250_000_000_000_000_000, using: &generator))

        #expect(Instant(instant.description) == instant)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-03-04T10:15:30.123Z", 1_772_619_330_123_000),
        ("2026-03-04T15:45:30.123+05:30", 1_772_619_330_123_000),
        ("2024-02-29", 1_709_164_800_000_000),
    ])
    func `reads what marketplaces send`(_ text: String, _ microseconds: Int64) {
        #expect(Instant(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-13-01", "2025-02-29", "2026-03-04T25:00:00Z", "yesterday", "2026-03-04T10:15",
    ])
    func `refuses or reads only whole times`(_ text: String) {
        #expect(Instant(text) == nil || text.hasSuffix("10:15"))
    }
}

@Suite struct IdentifierTests {
    private enum Thing: IdentifierTag { static let prefix = "thg" }

    @Test func `sorts by time`() {
        let early = Identifier<Thing>(at: Instant(microseconds: 1000), high: .max, low: .max)
        let late = Identifier<Thing>(at: Instant(microseconds: 2000), high: 0, low: 0)

        #expect(early < late)
    }

    @Test(arguments: [
        "", "thg_", "ord_01jd8n3k2v9x0c4m7q5r6s8t1w", "thg_01jd8n3k2v9x0c4m7q5r6s8t1!",
        "thg_01JD8N3K2V9X0C4M7Q5R6S8T1W",
    ])
    func `refuses another form`(_ text: String) {
        #expect(Identifier<Thing>(text) == nil)
    }

    @Test func `one seed decides the same identifiers, another does not`() {
        let now = Instant(microseconds: 5_000_000)
        let first = Decision(now: now, seed: "a").newID(Thing.self)

        #expect(Decision(now: now, seed: "a").newID(Thing.self) == first)
        #expect(Decision(now: now, seed: "b").newID(Thing.self) != first)
    }
}

@Suite struct BackoffTests {
    @Test(arguments: 0..<100)
    func `waits between nothing and its ceiling, which grows to five minutes`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for attempt in 1...20 {
            let delay = Backoff.delay(attempt: attempt, using: &generator)
            #expect(delay >= .zero && delay <= Backoff.ceiling(attempt: attempt))
        }
        #expect(Backoff.ceiling(attempt: 1) == .milliseconds(500))
        #expect(Backoff.ceiling(attempt: 30) == .seconds(300))
    }
}

@Suite struct InstantLimitTests {
    @Test(arguments: [Int64.min, -9_223_372_036_854_775, 253_402_300_800_000, Int64.max])
    func `milliseconds outside the calendar are no moment`(_ milliseconds: Int64) {
        #expect(Instant(milliseconds: milliseconds) == nil)
    }

    @Test func `distances and texts of the ends do not trap`() {
        let first = Instant(microseconds: .min)
        let last = Instant(microseconds: .max)

        #expect(last.duration(since: first) > .zero)
        #expect(first.duration(since: last) < .zero)
        #expect(first.description.hasPrefix("0001-") && last.description.hasPrefix("9999-"))
    }
}

@Suite struct RecordedFaultTests {
    /// A zero in words from outside is refused by PostgreSQL: a job's end could not be written.
    @Test func `what went wrong can be written down whatever its words hold`() {
        let fault = RecordedFault(
            kind: .invalid, code: "c\0", detail: "currency \"\0\"", field: "f\0")

        #expect(fault.code == "c\u{FFFD}" && fault.detail == "currency \"\u{FFFD}\"")
        #expect(fault.field == "f\u{FFFD}")
    }
}
