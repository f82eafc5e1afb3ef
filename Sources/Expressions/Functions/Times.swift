/// Timestamps and durations.
enum Times {
    static let library = Library(functions: constructors + getters)

    static let outOfRange = EvaluationError(
        .outOfRange,
        "the time does not fit: moments are from the year 1 to 9999, durations up to 292 years")

    private static let constructors = [
        Function(
            [
                "timestamp(string) -> timestamp", "timestamp(int) -> timestamp",
                "timestamp(timestamp) -> timestamp",
            ], .unary(timestamp)),
        Function(
            [
                "duration(string) -> duration", "duration(int) -> duration",
                "duration(duration) -> duration",
            ], .unary(duration)),
    ]

    private static func timestamp(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch a {
        case .timestamp: return a
        case .int(let seconds):
            guard let moment = Timestamp(seconds: seconds) else { throw outOfRange }
            return .timestamp(moment)
        case .string(let text):
            try meter.charge(8)
            guard text.utf8.count <= 100, let moment = Timestamp(text) else {
                throw EvaluationError(
                    .conversion,
                    "the text is no moment from the year 1 to 9999, such as 2026-11-28T08:00:00Z")
            }
            return .timestamp(moment)
        default: throw .noOverload("timestamp", a)
        }
    }

    private static func duration(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch a {
        case .duration: return a
        case .int(let seconds):
            let (nanoseconds, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            guard !isOver else { throw outOfRange }
            return .duration(Span(nanoseconds: nanoseconds))
        case .string(let text):
            try meter.charge(25)
            guard let span = Span(text) else {
                throw EvaluationError(
                    .conversion, "the text is no duration that fits, such as 1h30m or 1.5s")
            }
            return .duration(span)
        default: throw .noOverload("duration", a)
        }
    }

    // MARK: - Parts

    private enum Part: String, CaseIterable {
        case getFullYear, getMonth, getDayOfYear, getDayOfMonth, getDate, getDayOfWeek
        case getHours, getMinutes, getSeconds, getMilliseconds

        /// Of a length of time: all of it in that unit; milliseconds are the rest of a second.
        func value(of span: Span) -> Int64? {
            switch self {
            case .getHours: span.nanoseconds / 3_600_000_000_000
            case .getMinutes: span.nanoseconds / 60_000_000_000
            case .getSeconds: span.nanoseconds / 1_000_000_000
            case .getMilliseconds: span.nanoseconds / 1_000_000 % 1000
            default: nil
            }
        }

        func value(of moment: Timestamp, offset: Int64) -> Int64 {
            let local = moment.seconds + offset
            let date = CivilDate(days: local.floorDivided(by: 86_400))
            let rest = local - date.days * 86_400
            return switch self {
            case .getFullYear: date.year
            case .getMonth: date.month - 1
            case .getDayOfYear: date.dayOfYear
            case .getDayOfMonth: date.day - 1
            case .getDate: date.day
            case .getDayOfWeek: date.dayOfWeek
            case .getHours: rest / 3600
            case .getMinutes: rest / 60 % 60
            case .getSeconds: rest % 60
            case .getMilliseconds: Int64(moment.nanoseconds) / 1_000_000
            }
        }
    }

    private static let getters: [Function] = Part.allCases.flatMap { part in
        let name = part.rawValue
        var plain = ["timestamp.\(name)() -> int"]
        if part.value(of: Span(nanoseconds: 0)) != nil { plain.append("duration.\(name)() -> int") }
        return [
            Function(
                plain,
                .unary { (a: Value, meter: inout Meter) throws(EvaluationError) -> Value in
                    if case .duration(let span) = a, let value = part.value(of: span) {
                        return .int(value)
                    }
                    guard case .timestamp(let moment) = a else { throw .noOverload(name, a) }
                    return .int(part.value(of: moment, offset: 0))
                }),
            Function(
                "timestamp.\(name)(string) -> int",
                .binary {
                    (a: Value, b: Value, meter: inout Meter) throws(EvaluationError) -> Value in
                    guard case .timestamp(let moment) = a, case .string(let zone) = b else {
                        throw .noOverload(name, a, b)
                    }
                    try meter.charge(10)
                    guard zone.utf8.count <= 100,
                        let offset = ZoneOffset.seconds(of: zone, at: moment)
                    else {
                        throw EvaluationError(
                            .invalidArgument, "unknown time zone “\(zone.prefix(60))”")
                    }
                    return .int(part.value(of: moment, offset: offset))
                }),
        ]
    }
}
