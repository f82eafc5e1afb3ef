/// What adds, subtracts and so on with values of the host's own.
public protocol HostArithmetic: HostValue {
    /// - Parameter operation: as in ``Operator``.
    /// - Returns: `nil` where the other operand does not fit.
    func combined(_ operation: String, with other: Value) throws(EvaluationError) -> Value?
}

/// The operators that reckon. Whole numbers that do not fit are an error; doubles go to infinity.
enum Arithmetic {
    /// - Returns: `nil` for an operator that does not reckon.
    static func body(of name: String) -> FunctionBody? {
        switch name {
        case Operator.add: .binary(add)
        case Operator.subtract: .binary(subtract)
        case Operator.multiply: .binary(multiply)
        case Operator.divide: .binary(divide)
        case Operator.remainder: .binary(remainder)
        case Operator.negate: .unary(negate)
        default: nil
        }
    }

    private static func whole<T: FixedWidthInteger>(
        _ result: (partialValue: T, overflow: Bool)
    ) throws(EvaluationError) -> T {
        if result.overflow { throw .overflow }
        return result.partialValue
    }

    private static func host(
        _ operation: String, _ a: Value, _ b: Value
    ) throws(EvaluationError) -> Value {
        if case .host(let value) = a, let own = value as? any HostArithmetic,
            let result = try own.combined(operation, with: b)
        {
            return result
        }
        throw .noOverload(Operator.binary[operation]?.sign ?? operation, a, b)
    }

    private static func decimal(_ value: DecimalValue?) throws(EvaluationError) -> Value {
        guard let value else { throw .overflow }
        return .decimal(value)
    }

    static func add(_ a: Value, _ b: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch (a, b) {
        case (.int(let x), .int(let y)): return .int(try whole(x.addingReportingOverflow(y)))
        case (.uint(let x), .uint(let y)): return .uint(try whole(x.addingReportingOverflow(y)))
        case (.double(let x), .double(let y)): return .double(x + y)
        case (.string(let x), .string(let y)):
            try charge(x.utf8.count + y.utf8.count, &meter)
            return .string(x + y)
        case (.bytes(let x), .bytes(let y)):
            try charge(x.count + y.count, &meter)
            return .bytes(x + y)
        case (.list(let x), .list(let y)):
            try meter.charge(x.count + y.count)
            try meter.grow(byValues: x.count + y.count)
            return .list(try x.elements(&meter) + y.elements(&meter))
        case (.decimal(let x), .decimal(let y)): return try decimal(DecimalValue.add(x, y))
        case (.timestamp(let x), .duration(let y)), (.duration(let y), .timestamp(let x)):
            guard let sum = x.adding(y) else { throw Times.outOfRange }
            return .timestamp(sum)
        case (.duration(let x), .duration(let y)):
            return .duration(
                Span(nanoseconds: try whole(x.nanoseconds.addingReportingOverflow(y.nanoseconds))))
        default: return try host(Operator.add, a, b)
        }
    }

    private static func charge(_ bytes: Int, _ meter: inout Meter) throws(EvaluationError) {
        try meter.charge(forTen: bytes)
        try meter.grow(by: bytes)
    }

    static func subtract(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch (a, b) {
        case (.int(let x), .int(let y)): return .int(try whole(x.subtractingReportingOverflow(y)))
        case (.uint(let x), .uint(let y)):
            return .uint(try whole(x.subtractingReportingOverflow(y)))
        case (.double(let x), .double(let y)): return .double(x - y)
        case (.decimal(let x), .decimal(let y)): return try decimal(DecimalValue.subtract(x, y))
        case (.timestamp(let x), .timestamp(let y)):
            guard let span = x.span(since: y) else { throw Times.outOfRange }
            return .duration(span)
        case (.timestamp(let x), .duration(let y)):
            guard y.nanoseconds != .min, let sum = x.adding(Span(nanoseconds: -y.nanoseconds))
            else { throw Times.outOfRange }
            return .timestamp(sum)
        case (.duration(let x), .duration(let y)):
            return .duration(
                Span(
                    nanoseconds: try whole(
                        x.nanoseconds.subtractingReportingOverflow(y.nanoseconds))))
        default: return try host(Operator.subtract, a, b)
        }
    }

    static func multiply(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch (a, b) {
        case (.int(let x), .int(let y)):
            return .int(try whole(x.multipliedReportingOverflow(by: y)))
        case (.uint(let x), .uint(let y)):
            return .uint(try whole(x.multipliedReportingOverflow(by: y)))
        case (.double(let x), .double(let y)): return .double(x * y)
        case (.decimal(let x), .decimal(let y)): return try decimal(DecimalValue.multiply(x, y))
        case (.decimal(let x), .int(let y)), (.int(let y), .decimal(let x)):
            return try decimal(DecimalValue.multiply(x, DecimalValue(y)))
        default: return try host(Operator.multiply, a, b)
        }
    }

    static func divide(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch (a, b) {
        case (.int(let x), .int(let y)):
            guard y != 0 else { throw byZero("division") }
            return .int(try whole(x.dividedReportingOverflow(by: y)))
        case (.uint(let x), .uint(let y)):
            guard y != 0 else { throw byZero("division") }
            return .uint(x / y)
        case (.double(let x), .double(let y)): return .double(x / y)
        default: return try host(Operator.divide, a, b)
        }
    }

    static func remainder(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        switch (a, b) {
        case (.int(let x), .int(let y)):
            guard y != 0 else { throw byZero("remainder") }
            return .int(try whole(x.remainderReportingOverflow(dividingBy: y)))
        case (.uint(let x), .uint(let y)):
            guard y != 0 else { throw byZero("remainder") }
            return .uint(x % y)
        default: throw .noOverload("%", a, b)
        }
    }

    static func byZero(_ what: String) -> EvaluationError {
        EvaluationError(.divisionByZero, "\(what) by zero")
    }

    static func negate(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch a {
        case .int(let x): return .int(try whole(Int64(0).subtractingReportingOverflow(x)))
        case .double(let x): return .double(-x)
        case .duration(let x):
            return .duration(
                Span(nanoseconds: try whole(Int64(0).subtractingReportingOverflow(x.nanoseconds))))
        case .decimal(let x):
            return try decimal(DecimalValue.subtract(DecimalValue(0), x))
        case .host: return try host(Operator.negate, a, .null)
        default: throw .noOverload("-", a)
        }
    }
}
