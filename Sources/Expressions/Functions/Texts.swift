/// Functions on strings. Places count code points from 0.
enum Texts {
    static let library = Library(functions: [
        Function("string.contains(string) -> bool", .binary(contains)),
        Function("string.startsWith(string) -> bool", .binary(startsWith)),
        Function("string.endsWith(string) -> bool", .binary(endsWith)),
        Function("string.charAt(int) -> string", .binary(charAt)),
        Function("string.indexOf(string) -> int", .binary(indexOf)),
        Function("string.indexOf(string, int) -> int", .ternary(indexOf)),
        Function("string.lastIndexOf(string) -> int", .binary(lastIndexOf)),
        Function("string.lastIndexOf(string, int) -> int", .ternary(lastIndexOf)),
        Function("list(string).join() -> string", .unary(join)),
        Function("list(string).join(string) -> string", .binary(join)),
        Function("string.lowerAscii() -> string", .unary(lowerAscii)),
        Function("string.upperAscii() -> string", .unary(upperAscii)),
        Function("string.replace(string, string) -> string", .ternary(replace)),
        Function("string.replace(string, string, int) -> string", .many(replace)),
        Function("string.split(string) -> list(string)", .binary(split)),
        Function("string.split(string, int) -> list(string)", .ternary(split)),
        Function("string.substring(int) -> string", .binary(substring)),
        Function("string.substring(int, int) -> string", .ternary(substring)),
        Function("string.trim() -> string", .unary(trim)),
        Function(["string.reverse() -> string", "list(A).reverse() -> list(A)"], .unary(reverse)),
        Function("strings.quote(string) -> string", .unary(quote)),
        Function("string.format(list(dyn)) -> string", .binary(Formatting.format)),
    ])

    static func charge(_ text: String, _ meter: inout Meter) throws(EvaluationError) {
        try meter.charge(3 + text.utf8.count / 10)
    }

    static func made(_ text: String, _ meter: inout Meter) throws(EvaluationError) -> Value {
        try meter.charge(forTen: text.utf8.count)
        try meter.grow(by: text.utf8.count)
        return .string(text)
    }

    static func outOfRange(_ index: Int64) -> EvaluationError {
        EvaluationError(.outOfRange, "index out of range: \(index)")
    }

    // MARK: - Looking

    private static func contains(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let part) = b else {
            throw .noOverload("contains", a, b)
        }
        try charge(text, &meter)
        try charge(part, &meter)
        return .bool(TextSearch.contains(text, part))
    }

    private static func startsWith(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let part) = b else {
            throw .noOverload("startsWith", a, b)
        }
        try charge(part, &meter)
        return .bool(CodePoints.areEqual(text, part, fromEnd: false))
    }

    private static func endsWith(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let part) = b else {
            throw .noOverload("endsWith", a, b)
        }
        try charge(part, &meter)
        return .bool(CodePoints.areEqual(text, part, fromEnd: true))
    }

    private static func charAt(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .int(let index) = b else {
            throw .noOverload("charAt", a, b)
        }
        try charge(text, &meter)
        let scalars = Array(text.unicodeScalars)
        guard index >= 0, index <= scalars.count else { throw outOfRange(index) }
        return .string(index == scalars.count ? "" : String(scalars[Int(index)]))
    }

    private static func indexOf(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value { try indexOf(a, b, .int(0), &meter) }

    private static func indexOf(
        _ a: Value, _ b: Value, _ c: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let part) = b, case .int(let from) = c
        else { throw .noOverload("indexOf", a, b, c) }
        try charge(text, &meter)
        try charge(part, &meter)
        let bytes = Array(text.utf8)
        guard let start = TextSearch.offset(ofPoint: from, in: bytes) else {
            throw outOfRange(from)
        }
        guard let found = TextSearch.first(Array(part.utf8), in: bytes, from: start) else {
            return .int(-1)
        }
        return .int(from + TextSearch.points(in: bytes[start..<found]))
    }

    private static func lastIndexOf(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string = b else {
            throw .noOverload("lastIndexOf", a, b)
        }
        try charge(text, &meter)
        return try lastIndexOf(a, b, .int(Int64(text.unicodeScalars.count)), &meter)
    }

    private static func lastIndexOf(
        _ a: Value, _ b: Value, _ c: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let part) = b, case .int(let from) = c
        else { throw .noOverload("lastIndexOf", a, b, c) }
        try charge(text, &meter)
        try charge(part, &meter)
        let bytes = Array(text.utf8)
        guard let end = TextSearch.offset(ofPoint: from, in: bytes) else { throw outOfRange(from) }
        guard let found = TextSearch.last(Array(part.utf8), in: bytes, upTo: end) else {
            return .int(-1)
        }
        return .int(TextSearch.points(in: bytes[..<found]))
    }

    // MARK: - Making

    private static func join(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        try join(a, .string(""), &meter)
    }

    private static func join(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .list(let list) = a, case .string(let separator) = b else {
            throw .noOverload("join", a, b)
        }
        var out = ""
        for index in 0..<list.count {
            guard case .string(let part) = try list.element(index, &meter) else {
                throw .noOverload("join", a, b)
            }
            try meter.charge(1 + (part.utf8.count + separator.utf8.count) / 100)
            try meter.grow(by: part.utf8.count + separator.utf8.count)
            if index > 0 { out += separator }
            out += part
        }
        return .string(out)
    }

    private static func mapped(
        _ name: String, _ a: Value, _ meter: inout Meter, _ change: (UInt8) -> UInt8
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a else { throw .noOverload(name, a) }
        try charge(text, &meter)
        return try made(String(decoding: text.utf8.map(change), as: UTF8.self), &meter)
    }

    private static func lowerAscii(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        try mapped("lowerAscii", a, &meter) { $0 &- 0x41 < 26 ? $0 + 32 : $0 }
    }

    private static func upperAscii(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        try mapped("upperAscii", a, &meter) { $0 &- 0x61 < 26 ? $0 - 32 : $0 }
    }

    private static func replace(
        _ a: Value, _ b: Value, _ c: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value { try replace([a, b, c, .int(-1)], &meter) }

    private static func replace(
        _ values: [Value], _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = values[0], case .string(let old) = values[1],
            case .string(let new) = values[2], case .int(let limit) = values[3]
        else { throw .noOverload("replace", of: values) }
        for one in [text, old, new] { try charge(one, &meter) }
        var left = limit < 0 ? Int64.max : limit
        let (bytes, wanted, instead) = (Array(text.utf8), Array(old.utf8), Array(new.utf8))
        var out: [UInt8] = []
        var place = 0
        var isFirst = true
        while left > 0, let found = next(wanted, in: bytes, from: place, isFirst) {
            isFirst = false
            try meter.charge(1)
            try meter.grow(by: instead.count)
            out += bytes[place..<found] + instead
            place = found + wanted.count
            left -= 1
            if wanted.isEmpty, found == bytes.count { break }
        }
        out += bytes[place...]
        return try made(String(decoding: out, as: UTF8.self), &meter)
    }

    /// An empty text is found before each code point and at the end.
    private static func next(
        _ wanted: [UInt8], in bytes: [UInt8], from place: Int, _ isFirst: Bool
    ) -> Int? {
        guard wanted.isEmpty, !isFirst else {
            return TextSearch.first(wanted, in: bytes, from: place)
        }
        guard place < bytes.count else { return nil }
        var found = place + 1
        while found < bytes.count, bytes[found] & 0xC0 == 0x80 { found += 1 }
        return found
    }

    private static func split(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value { try split(a, b, .int(-1), &meter) }

    private static func split(
        _ a: Value, _ b: Value, _ c: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .string(let separator) = b, case .int(let limit) = c
        else { throw .noOverload("split", a, b, c) }
        try charge(text, &meter)
        try charge(separator, &meter)
        try meter.grow(by: text.utf8.count)
        guard limit != 0 else { return .list([]) }
        var parts: [Value] = []
        if separator.isEmpty {
            let scalars = Array(text.unicodeScalars)
            let single = limit < 0 ? scalars.count : min(scalars.count, Int(limit) - 1)
            try meter.grow(byValues: single)
            parts = scalars.prefix(single).map { .string(String($0)) }
            if single < scalars.count {
                parts.append(.string(String(String.UnicodeScalarView(scalars[single...]))))
            }
            return .list(parts)
        }
        let (bytes, wanted) = (Array(text.utf8), Array(separator.utf8))
        var place = 0
        while limit < 0 || parts.count < limit - 1,
            let found = TextSearch.first(wanted, in: bytes, from: place)
        {
            try meter.grow(byValues: 1)
            parts.append(.string(String(decoding: bytes[place..<found], as: UTF8.self)))
            place = found + wanted.count
        }
        parts.append(.string(String(decoding: bytes[place...], as: UTF8.self)))
        return .list(parts)
    }

    private static func substring(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .int = b else {
            throw .noOverload("substring", a, b)
        }
        try charge(text, &meter)
        return try substring(a, b, .int(Int64(text.unicodeScalars.count)), &meter)
    }

    private static func substring(
        _ a: Value, _ b: Value, _ c: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let text) = a, case .int(let start) = b, case .int(let end) = c else {
            throw .noOverload("substring", a, b, c)
        }
        try charge(text, &meter)
        let scalars = Array(text.unicodeScalars)
        guard start >= 0, start <= scalars.count else { throw outOfRange(start) }
        guard end >= start, end <= scalars.count else { throw outOfRange(end) }
        let part = String.UnicodeScalarView(scalars[Int(start)..<Int(end)])
        return try made(String(part), &meter)
    }

    private static func trim(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        guard case .string(let text) = a else { throw .noOverload("trim", a) }
        try charge(text, &meter)
        let scalars = Array(text.unicodeScalars)
        let start = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.count
        let end = scalars.lastIndex { !$0.properties.isWhitespace }.map { $0 + 1 } ?? start
        return try made(String(String.UnicodeScalarView(scalars[start..<end])), &meter)
    }

    private static func reverse(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        if case .list(let list) = a { return try Lists.reversed(list, &meter) }
        guard case .string(let text) = a else { throw .noOverload("reverse", a) }
        try charge(text, &meter)
        return try made(
            String(String.UnicodeScalarView(text.unicodeScalars.reversed())), &meter)
    }

    private static let quoted: [Unicode.Scalar: String] = [
        "\u{7}": "\\a", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
        "\u{B}": "\\v", "\\": "\\\\", "\"": "\\\"",
    ]

    private static func quote(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        guard case .string(let text) = a else { throw .noOverload("strings.quote", a) }
        try charge(text, &meter)
        var out = "\""
        for scalar in text.unicodeScalars {
            if let escape = quoted[scalar] {
                out += escape
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return try made(out + "\"", &meter)
    }
}
