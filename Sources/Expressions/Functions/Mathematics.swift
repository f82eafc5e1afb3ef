import Foundation

/// `math.…`
enum Mathematics {
    private static let numbers = ["int", "uint", "double"]

    static let library = Library(functions: extremes + roundings + bits)

    // MARK: - Greatest and least

    private static let extremes: [Function] = [("greatest", 1), ("least", -1)].map { name, sign in
        let full = "math." + name
        return Function(
            numbers.map { "\(full)(\($0)) -> \($0)" }
                + numbers.map { "\(full)(\($0), \($0)) -> \($0)" }
                + numbers.map { "\(full)(list(\($0))) -> \($0)" }
                + ["\(full)(list(dyn)) -> dyn", "\(full)(dyn, dyn) -> dyn"],
            .many { (values: [Value], meter: inout Meter) throws(EvaluationError) -> Value in
                var all = values
                if values.count == 1, case .list(let list) = values[0] {
                    all = try list.elements(&meter)
                }
                try meter.charge(all.count)
                guard var best = all.first, all.allSatisfy(\.isNumber) else {
                    throw .noOverload(full, of: values)
                }
                for value in all.dropFirst() {
                    let order = Value.numericOrder(value, best) ?? 0
                    if order == sign { best = value }
                }
                return best
            }, takesAnyNumber: true)
    }

    // MARK: - One number

    private static func onDouble(
        _ name: String, _ change: @escaping @Sendable (Double) -> Value
    ) -> FunctionBody {
        .unary { (a: Value, meter: inout Meter) throws(EvaluationError) -> Value in
            guard case .double(let number) = a else { throw .noOverload("math." + name, a) }
            return change(number)
        }
    }

    private static let roundings: [Function] = [
        Function("math.ceil(double) -> double", onDouble("ceil") { .double($0.rounded(.up)) }),
        Function("math.floor(double) -> double", onDouble("floor") { .double($0.rounded(.down)) }),
        Function(
            "math.round(double) -> double",
            onDouble("round") { .double($0.rounded(.toNearestOrAwayFromZero)) }),
        Function(
            "math.trunc(double) -> double", onDouble("trunc") { .double($0.rounded(.towardZero)) }),
        Function("math.isNaN(double) -> bool", onDouble("isNaN") { .bool($0.isNaN) }),
        Function("math.isInf(double) -> bool", onDouble("isInf") { .bool($0.isInfinite) }),
        Function("math.isFinite(double) -> bool", onDouble("isFinite") { .bool($0.isFinite) }),
        Function(numbers.map { "math.sqrt(\($0)) -> double" }, .unary(squareRoot)),
        Function(numbers.map { "math.abs(\($0)) -> \($0)" }, .unary(absolute)),
        Function(numbers.map { "math.sign(\($0)) -> \($0)" }, .unary(sign)),
    ]

    private static func squareRoot(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch a {
        case .double(let number): return .double(number.squareRoot())
        case .int(let number): return .double(Double(number).squareRoot())
        case .uint(let number): return .double(Double(number).squareRoot())
        default: throw .noOverload("math.sqrt", a)
        }
    }

    private static func absolute(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch a {
        case .int(let number):
            guard number != .min else { throw .overflow }
            return .int(abs(number))
        case .uint: return a
        case .double(let number): return .double(abs(number))
        default: throw .noOverload("math.abs", a)
        }
    }

    private static func sign(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .int(let number): return .int(number.signum())
        case .uint(let number): return .uint(number == 0 ? 0 : 1)
        case .double(let number):
            return .double(number.isNaN || number == 0 ? number : (number < 0 ? -1 : 1))
        default: throw .noOverload("math.sign", a)
        }
    }

    // MARK: - Bits

    private static func onBits(
        _ name: String, _ change: @escaping @Sendable (UInt64, UInt64) -> UInt64
    ) -> FunctionBody {
        .binary { (a: Value, b: Value, meter: inout Meter) throws(EvaluationError) -> Value in
            switch (a, b) {
            case (.int(let x), .int(let y)):
                return .int(
                    Int64(bitPattern: change(UInt64(bitPattern: x), UInt64(bitPattern: y))))
            case (.uint(let x), .uint(let y)): return .uint(change(x, y))
            default: throw .noOverload("math." + name, a, b)
            }
        }
    }

    /// Shifts are logical: bits that come in are 0, also right of a negative number.
    private static func shift(
        _ name: String, _ change: @escaping @Sendable (UInt64, Int64) -> UInt64
    ) -> FunctionBody {
        .binary { (a: Value, b: Value, meter: inout Meter) throws(EvaluationError) -> Value in
            guard case .int(let by) = b else { throw .noOverload("math." + name, a, b) }
            switch a {
            case .int, .uint: break
            default: throw .noOverload("math." + name, a, b)
            }
            guard by >= 0 else {
                throw EvaluationError(.invalidArgument, "math.\(name)(): negative offset")
            }
            if case .int(let number) = a {
                return .int(Int64(bitPattern: change(UInt64(bitPattern: number), by)))
            }
            guard case .uint(let number) = a else { throw .noOverload("math." + name, a, b) }
            return .uint(change(number, by))
        }
    }

    private static func pairs(_ name: String) -> [String] {
        ["int", "uint"].map { "math.\(name)(\($0), \($0)) -> \($0)" }
    }

    private static func shifts(_ name: String) -> [String] {
        ["int", "uint"].map { "math.\(name)(\($0), int) -> \($0)" }
    }

    private static let bits: [Function] = [
        Function(pairs("bitAnd"), onBits("bitAnd") { $0 & $1 }),
        Function(pairs("bitOr"), onBits("bitOr") { $0 | $1 }),
        Function(pairs("bitXor"), onBits("bitXor") { $0 ^ $1 }),
        Function(
            ["int", "uint"].map { "math.bitNot(\($0)) -> \($0)" },
            .unary { (a: Value, meter: inout Meter) throws(EvaluationError) -> Value in
                switch a {
                case .int(let number): return .int(~number)
                case .uint(let number): return .uint(~number)
                default: throw .noOverload("math.bitNot", a)
                }
            }),
        Function(shifts("bitShiftLeft"), shift("bitShiftLeft") { $1 > 63 ? 0 : $0 << UInt64($1) }),
        Function(
            shifts("bitShiftRight"), shift("bitShiftRight") { $1 > 63 ? 0 : $0 >> UInt64($1) }),
    ]
}
