/// `matches` and `regex.…`
enum Patterns {
    static let library = Library(functions: [
        Function("matches(string, string) -> bool", .binary(matches)),
        Function("string.matches(string) -> bool", .binary(matches)),
        Function("regex.extract(string, string) -> optional(string)", .binary(extract)),
        Function("regex.extractAll(string, string) -> list(string)", .binary(extractAll)),
        Function("regex.replace(string, string, string) -> string", .many(replace)),
        Function("regex.replace(string, string, string, int) -> string", .many(replace)),
    ])

    private static func pattern(
        _ text: String, _ meter: inout Meter
    ) throws(EvaluationError) -> Pattern {
        // Setting one up costs about as much as a hundred comparisons, however short it is.
        try meter.charge(100 + text.utf8.count)
        do {
            let pattern = try Pattern(text)
            try meter.charge(pattern.size * Pattern.stepsPerPart)
            return pattern
        } catch {
            // One that grows too large is found out only while it is made.
            try meter.charge(Pattern.stepsOfWrong)
            throw error
        }
    }

    private static func matches(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let wanted) = b else {
            throw .noOverload("matches", a, b)
        }
        let pattern = try pattern(wanted, &meter)
        try meter.charge(pattern.steps(for: text.utf8.count))
        return .bool(pattern.isFound(in: text))
    }

    /// The match, or the one group where the pattern has one.
    private static func taken(
        _ found: [Range<Int>?], _ bytes: [UInt8]
    ) -> String? {
        let range = found.count > 1 ? found[1] : found[0]
        return range.map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    private static func oneGroup(_ pattern: Pattern) throws(EvaluationError) {
        guard pattern.groups <= 1 else {
            throw EvaluationError(
                .invalidArgument, "the pattern has \(pattern.groups) groups, and one may be taken")
        }
    }

    private static func extract(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let wanted) = b else {
            throw .noOverload("regex.extract", a, b)
        }
        let pattern = try pattern(wanted, &meter)
        try oneGroup(pattern)
        try meter.charge(pattern.steps(for: text.utf8.count))
        let bytes = Array(text.utf8)
        let found = pattern.match(in: bytes, from: 0).flatMap { taken($0, bytes) }
        return .optional(OptionalValue(found.map { .string($0) }))
    }

    private static func extractAll(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let wanted) = b else {
            throw .noOverload("regex.extractAll", a, b)
        }
        let pattern = try pattern(wanted, &meter)
        try oneGroup(pattern)
        try meter.charge(pattern.steps(for: text.utf8.count))
        let bytes = Array(text.utf8)
        var out: [Value] = []
        var place = 0
        var lastEnd = -1
        while place <= bytes.count, let found = pattern.match(in: bytes, from: place),
            let whole = found[0]
        {
            // Each search may look as far as the end; a large pattern may meet each byte with each part.
            try meter.charge(
                1 + whole.count
                    + (pattern.isSmall
                        ? (bytes.count - place) / 20 : pattern.steps(for: bytes.count - place)))
            try meter.grow(byValues: 1)
            // Nothing at all, right behind a match, is none of its own.
            if !whole.isEmpty || whole.lowerBound != lastEnd, let text = taken(found, bytes) {
                out.append(.string(text))
            }
            lastEnd = whole.upperBound
            place = next(after: whole, in: bytes)
        }
        return .list(out)
    }

    /// An empty match is followed by the next code point.
    private static func next(after match: Range<Int>, in bytes: [UInt8]) -> Int {
        guard match.isEmpty else { return match.upperBound }
        var place = match.upperBound + 1
        while place < bytes.count, bytes[place] & 0xC0 == 0x80 { place += 1 }
        return place
    }

    private static func replace(
        _ values: [Value], _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = values[0], case .string(let wanted) = values[1],
            case .string(let new) = values[2]
        else { throw .noOverload("regex.replace", of: values) }
        var left = Int64.max
        if values.count == 4 {
            guard case .int(let limit) = values[3] else {
                throw .noOverload("regex.replace", of: values)
            }
            left = limit < 0 ? .max : limit
        }
        let pattern = try pattern(wanted, &meter)
        try meter.charge(new.utf8.count)
        let template = try template(new, groups: pattern.groups)
        try meter.charge(pattern.steps(for: text.utf8.count))
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        var place = 0
        var copied = 0
        var lastEnd = -1
        while left > 0, place <= bytes.count, let found = pattern.match(in: bytes, from: place),
            let whole = found[0]
        {
            if !whole.isEmpty || whole.lowerBound != lastEnd {
                out += bytes[copied..<whole.lowerBound]
                copied = whole.upperBound
                left -= 1
                for piece in template { try put(piece, found, bytes, into: &out, &meter) }
            }
            lastEnd = whole.upperBound
            // Each search may look as far as the end; a large pattern may meet each byte with each part.
            try meter.charge(
                1 + whole.count
                    + (pattern.isSmall
                        ? (bytes.count - place) / 20 : pattern.steps(for: bytes.count - place)))
            place = next(after: whole, in: bytes)
        }
        if copied < bytes.count { out += bytes[copied...] }
        return try Texts.made(String(decoding: out, as: UTF8.self), &meter)
    }

    /// Paid for before it is made: a group may stand in the template any number of times.
    private static func put(
        _ piece: Piece, _ found: [Range<Int>?], _ bytes: [UInt8], into out: inout [UInt8],
        _ meter: inout Meter
    ) throws(EvaluationError) {
        switch piece {
        case .text(let text):
            try meter.charge(1 + text.count / 10)
            try meter.grow(by: text.count)
            out += text
        case .group(let number):
            guard number < found.count, let range = found[number] else { return }
            try meter.charge(1 + range.count / 10)
            try meter.grow(by: range.count)
            out += bytes[range]
        }
    }

    private enum Piece {
        case text([UInt8])
        case group(Int)
    }

    /// `\1` is what the first group took; `\\` is a backslash.
    private static func template(
        _ text: String, groups: Int
    ) throws(EvaluationError) -> [Piece] {
        var pieces: [Piece] = []
        var plain: [UInt8] = []
        var isEscaped = false
        for byte in text.utf8 {
            if !isEscaped {
                if byte == UInt8(ascii: "\\") { isEscaped = true } else { plain.append(byte) }
                continue
            }
            isEscaped = false
            if byte == UInt8(ascii: "\\") {
                plain.append(byte)
            } else if Lexer.isDigit(byte), Int(byte - 0x30) <= groups {
                if !plain.isEmpty { pieces.append(.text(plain)) }
                plain = []
                pieces.append(.group(Int(byte - 0x30)))
            } else {
                throw EvaluationError(
                    .invalidArgument, "the replacement has \\ before something that is no group")
            }
        }
        guard !isEscaped else {
            throw EvaluationError(.invalidArgument, "the replacement ends in \\")
        }
        return pieces + [.text(plain)]
    }
}
