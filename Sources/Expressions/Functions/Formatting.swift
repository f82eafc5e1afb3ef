import Foundation

/// `string.format(list)`: `%s %d %f %e %b %o %x %X %%`, with a precision for `%f` and `%e`.
enum Formatting {
    private static let maximumPrecision = 1000

    static func format(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let pattern) = a, case .list(let values) = b else {
            throw .noOverload("format", a, b)
        }
        var out = ""
        var next = 0
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            try meter.charge(1)
            guard scalar == "%" else {
                out.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == "%" {
                rest.removeFirst()
                out += "%"
                continue
            }
            let precision = try readPrecision(&rest)
            guard let clause = rest.popFirst() else { throw failed("the format ends in a clause") }
            guard next < values.count else { throw Texts.outOfRange(Int64(next)) }
            // As much as the digits asked for; a text or list pays for itself.
            try meter.charge(20 + precision / 2)
            out += try text(of: values[next], clause, precision, &meter)
            next += 1
        }
        return try Texts.made(out, &meter)
    }

    private static func failed(_ message: String) -> EvaluationError {
        EvaluationError(.invalidArgument, "error during formatting: " + message)
    }

    private static func readPrecision(
        _ rest: inout Substring.UnicodeScalarView
    ) throws(EvaluationError) -> Int {
        guard rest.first == "." else { return 6 }
        rest.removeFirst()
        var digits = ""
        while let digit = rest.first, ("0"..."9").contains(digit), digits.utf8.count < 5 {
            digits.unicodeScalars.append(digit)
            rest.removeFirst()
        }
        guard let precision = Int(digits), precision <= maximumPrecision else {
            throw failed("a precision is a number up to \(maximumPrecision)")
        }
        return precision
    }

    private static func text(
        of value: Value, _ clause: Unicode.Scalar, _ precision: Int, _ meter: inout Meter
    ) throws(EvaluationError) -> String {
        switch clause {
        case "s": return try plain(value, &meter)
        case "d": return try decimal(value)
        case "f", "e":
            // The greatest double has 309 digits before its point.
            try meter.grow(by: precision + 310)
            return try fixed(value, clause, precision)
        case "b", "o": return try binary(value, clause)
        case "x", "X":
            try meter.charge(value.weight)
            try meter.grow(by: value.weight * 2)
            return try hexadecimal(value, isUpper: clause == "X")
        default:
            throw EvaluationError(
                .invalidArgument,
                "could not parse formatting clause: unrecognized formatting clause \"\(clause)\"")
        }
    }

    private static func plain(
        _ value: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> String {
        try meter.charge(1)
        switch value {
        case .list(let list):
            var parts: [String] = []
            for index in 0..<list.count {
                parts.append(try plain(try list.element(index, &meter), &meter))
            }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let map):
            var parts: [(String, String)] = []
            try meter.charge(looking: value)
            for (index, key) in map.keys.enumerated() {
                let own = map.value(at: index)
                try meter.charge(looking: own)
                parts.append((try plain(key, &meter), try plain(own, &meter)))
            }
            parts.sort { CodePoints.order($0.0, $1.0) < 0 }
            return "{" + parts.map { $0 + ": " + $1 }.joined(separator: ", ") + "}"
        case .optional: throw failed("an optional has no text")
        case .string(let text):
            // Before it is made a part of something: the same text may stand there many times.
            try meter.charge(forTen: text.utf8.count)
            try meter.grow(by: text.utf8.count)
            return text
        default:
            try meter.grow(by: 32)
            return try Conversions.text(of: value, &meter)
        }
    }

    private static func decimal(_ value: Value) throws(EvaluationError) -> String {
        switch value {
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case .double(let number) where !number.isFinite: return Conversions.text(of: number)
        case .decimal(let number): return number.text
        default:
            throw failed(
                "decimal clause can only be used on integers, was given \(value.plainTypeName)")
        }
    }

    private static func fixed(
        _ value: Value, _ clause: Unicode.Scalar, _ precision: Int
    ) throws(EvaluationError) -> String {
        let number: Double
        switch value {
        case .double(let own): number = own
        case .int(let whole): number = Double(whole)
        case .uint(let whole): number = Double(whole)
        case .decimal(let own):
            if clause == "f" { return fixed(own, precision) }
            number = Double(own.text) ?? .nan
        default:
            let name = clause == "f" ? "fixed-point" : "scientific"
            throw failed(
                "\(name) clause can only be used on doubles, was given \(value.plainTypeName)")
        }
        guard number.isFinite else { return Conversions.text(of: number) }
        return String(format: clause == "f" ? "%.*f" : "%.*e", precision, number)
    }

    /// Exact, however many decimals are asked for.
    private static func fixed(_ number: DecimalValue, _ precision: Int) -> String {
        if precision < number.scale, let rounded = number.rounded(to: precision, .halfEven) {
            return rounded.text
        }
        let zeros = String(repeating: "0", count: precision - number.scale)
        return number.text + (number.scale == 0 && precision > 0 ? "." : "") + zeros
    }

    private static func binary(
        _ value: Value, _ clause: Unicode.Scalar
    ) throws(EvaluationError) -> String {
        let radix = clause == "b" ? 2 : 8
        switch value {
        case .int(let number): return String(number, radix: radix)
        case .uint(let number): return String(number, radix: radix)
        case .bool(let flag) where clause == "b": return flag ? "1" : "0"
        default:
            throw failed(
                clause == "b"
                    ? "only integers and bools can be formatted as binary, was given \(value.plainTypeName)"
                    : "octal clause can only be used on integers, was given \(value.plainTypeName)")
        }
    }

    private static func hexadecimal(
        _ value: Value, isUpper: Bool
    ) throws(EvaluationError) -> String {
        func pairs(_ bytes: some Sequence<UInt8>) -> String {
            bytes.map { byte in
                let digits = String(byte, radix: 16, uppercase: isUpper)
                return digits.utf8.count < 2 ? "0" + digits : digits
            }.joined()
        }
        switch value {
        case .int(let number): return String(number, radix: 16, uppercase: isUpper)
        case .uint(let number): return String(number, radix: 16, uppercase: isUpper)
        case .string(let text): return pairs(text.utf8)
        case .bytes(let bytes): return pairs(bytes)
        default:
            throw failed(
                "only integers, byte buffers, and strings can be formatted as hex, was given "
                    + value.plainTypeName)
        }
    }
}
