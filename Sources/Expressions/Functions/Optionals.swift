/// `optional.…` and what an optional can be asked.
enum Optionals {
    static let library = Library(functions: [
        Function("optional.of(A) -> optional(A)", .unary(of)),
        Function("optional.ofNonZeroValue(A) -> optional(A)", .unary(ofNonZeroValue)),
        Function(
            "optional.none() -> optional(A)",
            body: .nullary { (meter: inout Meter) throws(EvaluationError) -> Value in
                .optional(OptionalValue(nil))
            }),
        Function("optional(A).hasValue() -> bool", .unary(hasValue)),
        Function("optional(A).value() -> A", .unary(value)),
        // Compiled on their own, since the other may not be needed.
        Function("optional(A).or(optional(A)) -> optional(A)", .binary(unreachable)),
        Function("optional(A).orValue(A) -> A", .binary(unreachable)),
        Function("optional.unwrap(list(optional(A))) -> list(A)", .unary(unwrap)),
        Function("list(optional(A)).unwrapOpt() -> list(A)", .unary(unwrap)),
    ])

    private static func unreachable(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value { throw .noOverload("or", a, b) }

    private static func of(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        try meter.checked(.optional(OptionalValue(a)))
    }

    private static func ofNonZeroValue(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        try meter.checked(.optional(OptionalValue(a.isZero ? nil : a)))
    }

    private static func hasValue(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .optional(let box) = a else { throw .noOverload("hasValue", a) }
        return .bool(box.value != nil)
    }

    private static func value(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        guard case .optional(let box) = a else { throw .noOverload("value", a) }
        guard let value = box.value else {
            throw EvaluationError(.invalidArgument, "optional.none() has no value")
        }
        return value
    }

    private static func unwrap(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        guard case .list(let list) = a else { throw .noOverload("unwrap", a) }
        try meter.charge(list.count)
        try meter.grow(byValues: list.count)
        var values: [Value] = []
        for index in 0..<list.count {
            guard case .optional(let box) = try list.element(index, &meter) else {
                throw .noOverload("unwrap", a)
            }
            if let value = box.value { values.append(value) }
        }
        return .list(values)
    }
}
