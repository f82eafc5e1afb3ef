/// Exact decimal numbers.
enum Decimals {
    static let library = Library(
        functions: [
            Function(
                ["string", "int", "uint", "decimal"].map { "decimal(\($0)) -> decimal" },
                .unary(decimal)),
            Function("decimal.divide(decimal, int, string) -> decimal", .many(divide)),
            Function("decimal.round(int, string) -> decimal", .ternary(round)),
            Function(
                "decimal.scale() -> int",
                .unary { (a: Value, meter: inout Meter) throws(EvaluationError) -> Value in
                    guard case .decimal(let number) = a else { throw .noOverload("scale", a) }
                    return .int(Int64(number.scale))
                }),
        ])

    static func rounding(_ name: String) throws(EvaluationError) -> DecimalValue.Rounding {
        guard let rounding = DecimalValue.Rounding(rawValue: name) else {
            let known = DecimalValue.Rounding.allCases.map(\.rawValue)
            let hint = Suggestion.nearest(to: name, among: known).map { "; did you mean “\($0)”?" }
            throw EvaluationError(
                .invalidArgument,
                "“\(name.prefix(40))” is no way to round" + (hint ?? "; there are \(known)"))
        }
        return rounding
    }

    private static func decimal(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .decimal: return a
        case .int(let whole): return .decimal(DecimalValue(whole))
        case .uint(let whole):
            return .decimal(DecimalValue(coefficient: Int128(whole), scale: 0))
        case .string(let text):
            try meter.charge(15)
            guard text.utf8.count <= 100, let number = DecimalValue(text) else {
                throw EvaluationError(
                    .conversion, "the text is no decimal of up to 38 digits, such as 12.50")
            }
            return .decimal(number)
        default: throw .noOverload("decimal", a)
        }
    }

    private static func scale(_ wanted: Int64) throws(EvaluationError) -> Int {
        guard DecimalValue.scales.contains(Int(clamping: wanted)) else {
            throw EvaluationError(.outOfRange, "a decimal has 0 to 38 decimals, not \(wanted)")
        }
        return Int(wanted)
    }

    private static func divide(
        _ values: [Value], _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .decimal(let top) = values[0], case .decimal(let bottom) = values[1],
            case .int(let wanted) = values[2], case .string(let name) = values[3]
        else { throw .noOverload("divide", of: values) }
        guard bottom.coefficient != 0 else { throw Arithmetic.byZero("division") }
        let rounding = try rounding(name)
        guard
            let result = DecimalValue.divide(top, by: bottom, scale: try scale(wanted), rounding)
        else { throw .overflow }
        return .decimal(result)
    }

    private static func round(
        _ a: Value, _ b: Value, _ c: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .decimal(let number) = a, case .int(let wanted) = b, case .string(let name) = c
        else { throw .noOverload("round", a, b, c) }
        let rounding = try rounding(name)
        guard let result = number.rounded(to: try scale(wanted), rounding) else {
            throw .overflow
        }
        return .decimal(result)
    }
}
