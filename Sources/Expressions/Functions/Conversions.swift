/// `int(x)`, `string(x)` and their like, and `size`.
enum Conversions {
    static let library = Library(functions: [
        Function(
            ["int", "uint", "double", "string", "timestamp"].map { "int(\($0)) -> int" },
            .unary(int)),
        Function(["int", "uint", "double", "string"].map { "uint(\($0)) -> uint" }, .unary(uint)),
        Function(
            ["int", "uint", "double", "string", "decimal"].map { "double(\($0)) -> double" },
            .unary(double)),
        Function(
            [
                "bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration",
                "decimal", "net.IP", "net.CIDR", "Money", "Quantity",
            ].map { "string(\($0)) -> string" }, .unary(string)),
        Function(["bytes(bytes) -> bytes", "bytes(string) -> bytes"], .unary(bytes)),
        Function(["bool(bool) -> bool", "bool(string) -> bool"], .unary(bool)),
        Function("dyn(A) -> dyn", .unary(same)),
        Function("type(A) -> type(A)", .unary(type)),
        Function(
            ["string", "bytes", "list(A)", "map(A, B)"].map { "size(\($0)) -> int" },
            .unary(size)),
        Function(
            ["string", "bytes", "list(A)", "map(A, B)"].map { "\($0).size() -> int" },
            .unary(size)),
    ])

    private static func failed(_ what: String) -> EvaluationError {
        EvaluationError(.conversion, what)
    }

    /// Longer texts are no numbers.
    private static let maximumBytes = 400

    private static func number<T>(
        _ text: String, _ meter: inout Meter, _ what: String, _ read: (String) -> T?
    ) throws(EvaluationError) -> T {
        try meter.charge(3 + min(text.utf8.count, maximumBytes) / 10)
        guard text.utf8.count <= maximumBytes, let value = read(text) else {
            throw failed("the text is no \(what)")
        }
        return value
    }

    private static func same(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        a
    }

    private static func type(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        .type(TypeName(a.typeName))
    }

    private static func int(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .int: return a
        case .uint(let value):
            guard let whole = Int64(exactly: value) else { throw .overflow }
            return .int(whole)
        case .double(let value):
            // The ends themselves may be rounded from beyond.
            guard value > -0x1p63, value < 0x1p63 else { throw .overflow }
            return .int(Int64(value))
        case .string(let text):
            return .int(try number(text, &meter, "int") { Int64($0) })
        case .timestamp(let moment): return .int(moment.seconds)
        default: throw .noOverload("int", a)
        }
    }

    private static func uint(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .uint: return a
        case .int(let value):
            guard let whole = UInt64(exactly: value) else { throw .overflow }
            return .uint(whole)
        case .double(let value):
            guard value >= 0, value < 0x1p64 else { throw .overflow }
            return .uint(UInt64(value))
        case .string(let text):
            // Digits alone, as it is written.
            return .uint(
                try number(text, &meter, "uint") {
                    $0.utf8.allSatisfy(Lexer.isDigit) ? UInt64($0) : nil
                })
        default: throw .noOverload("uint", a)
        }
    }

    private static func double(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .double: return a
        case .int(let value): return .double(Double(value))
        case .uint(let value): return .double(Double(value))
        case .decimal(let value):
            try meter.charge(20)
            return .double(Double(value.text) ?? .nan)
        case .string(let text):
            let found = try number(text, &meter, "double") { Double($0) }
            // Past the greatest double, and not infinity by name.
            guard found.isFinite || text.utf8.last.map(Lexer.isDigit) != true else {
                throw failed("the text is no double that fits")
            }
            return .double(found)
        default: throw .noOverload("double", a)
        }
    }

    private static func bytes(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .bytes: return a
        case .string(let text):
            try meter.charge(forTen: text.utf8.count)
            try meter.grow(by: text.utf8.count)
            return .bytes(Array(text.utf8))
        default: throw .noOverload("bytes", a)
        }
    }

    private static func bool(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .bool: return a
        case .string(let text):
            if ["1", "t", "T", "TRUE", "true", "True"].contains(text) { return .bool(true) }
            if ["0", "f", "F", "FALSE", "false", "False"].contains(text) { return .bool(false) }
            throw failed("the text is no bool")
        default: throw .noOverload("bool", a)
        }
    }

    private static func string(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .string: return a
        case .list, .map, .null, .type, .optional: throw .noOverload("string", a)
        default: return .string(try text(of: a, &meter))
        }
    }

    /// What a value of one part looks like as text.
    static func text(of a: Value, _ meter: inout Meter) throws(EvaluationError) -> String {
        switch a {
        case .string(let value): return value
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return String(value)
        case .uint(let value): return String(value)
        case .double(let value):
            try meter.charge(20)
            return text(of: value)
        case .bytes(let value):
            try meter.charge(forTen: value.count)
            try meter.grow(by: value.count)
            guard let text = String(validating: value, as: UTF8.self) else {
                throw failed("the bytes are no UTF-8")
            }
            return text
        case .timestamp, .duration, .decimal, .host:
            try meter.charge(15)
            return written(a)
        case .type(let value): return value.name
        case .null: return "null"
        case .list, .map, .optional: throw .noOverload("string", a)
        }
    }

    private static func written(_ a: Value) -> String {
        switch a {
        case .timestamp(let value): value.text
        case .duration(let value): value.text
        case .decimal(let value): value.text
        case .host(let value): value.text
        default: ""
        }
    }

    /// The shortest digits that are read as the same number; an exponent below 1e-4 and from 1e21.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        let plain = "\(value.magnitude)"
        let parts = plain.split(separator: "e")
        let digitsAndPoint = parts[0].split(separator: ".")
        var whole = String(digitsAndPoint[0])
        var decimals = digitsAndPoint.count > 1 ? String(digitsAndPoint[1]) : ""
        if decimals == "0" { decimals = "" }
        // All digits, and how many of them stand before the point.
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.utf8.count
        var digits = whole + decimals
        while digits.hasPrefix("0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        let sign = value < 0 ? "-" : ""
        guard (-3...21).contains(exponent) else {
            whole = String(digits.prefix(1))
            decimals = String(digits.dropFirst())
            let power = exponent - 1
            let padded = abs(power) < 10 ? "0\(abs(power))" : "\(abs(power))"
            return sign + whole + (decimals.isEmpty ? "" : "." + decimals)
                + (power < 0 ? "e-" : "e+") + padded
        }
        if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + digits }
        let padded = digits + String(repeating: "0", count: max(0, exponent - digits.count))
        let rest = padded.dropFirst(exponent)
        return sign + padded.prefix(exponent) + (rest.isEmpty ? "" : "." + rest)
    }

    private static func size(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .string(let text):
            try meter.charge(forTen: text.utf8.count)
            return .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        case .list(let list): return .int(Int64(list.count))
        case .map(let map): return .int(Int64(map.count))
        default: throw .noOverload("size", a)
        }
    }
}
