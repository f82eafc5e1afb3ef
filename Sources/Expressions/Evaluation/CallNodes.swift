/// What a function does. It is asked with values of any types and says itself which it takes.
public enum FunctionBody: Sendable {
    case nullary(@Sendable (inout Meter) throws(EvaluationError) -> Value)
    case unary(@Sendable (Value, inout Meter) throws(EvaluationError) -> Value)
    case binary(@Sendable (Value, Value, inout Meter) throws(EvaluationError) -> Value)
    case ternary(@Sendable (Value, Value, Value, inout Meter) throws(EvaluationError) -> Value)
    case many(@Sendable ([Value], inout Meter) throws(EvaluationError) -> Value)

    /// - Parameter arguments: as many as the body takes.
    func call(_ arguments: [Value], _ meter: inout Meter) throws(EvaluationError) -> Value {
        switch self {
        case .nullary(let body): try body(&meter)
        case .unary(let body): try body(arguments[0], &meter)
        case .binary(let body): try body(arguments[0], arguments[1], &meter)
        case .ternary(let body): try body(arguments[0], arguments[1], arguments[2], &meter)
        case .many(let body): try body(arguments, &meter)
        }
    }

    /// The other is asked where this one does not take the types.
    func followed(by other: FunctionBody) -> FunctionBody {
        .many { (values: [Value], meter: inout Meter) throws(EvaluationError) -> Value in
            do throws(EvaluationError) { return try call(values, &meter) } catch {
                guard error.code == .noSuchOverload else { throw error }
                return try other.call(values, &meter)
            }
        }
    }

    func node(_ arguments: [any Node], _ range: SourceRange) -> any Node {
        switch self {
        case .unary(let body): UnaryNode(arguments[0], body, range)
        case .binary(let body): BinaryNode(arguments[0], arguments[1], body, range)
        case .ternary(let body): TernaryNode(arguments, body, range)
        case .nullary, .many: ManyNode(arguments, self, range)
        }
    }
}

final class UnaryNode: Node {
    typealias Body = @Sendable (Value, inout Meter) throws(EvaluationError) -> Value
    private let operand: any Node
    private let body: Body
    private let range: SourceRange

    init(_ operand: any Node, _ body: @escaping Body, _ range: SourceRange) {
        self.operand = operand
        self.body = body
        self.range = range
    }

    var parts: [any Node] { [operand] }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        let argument = try operand.value(&frame)
        do { return try body(argument, &frame.meter) } catch { throw error.placed(at: range) }
    }
}

final class BinaryNode: Node {
    typealias Body = @Sendable (Value, Value, inout Meter) throws(EvaluationError) -> Value
    private let left: any Node
    private let right: any Node
    private let body: Body
    private let range: SourceRange

    init(_ left: any Node, _ right: any Node, _ body: @escaping Body, _ range: SourceRange) {
        self.left = left
        self.right = right
        self.body = body
        self.range = range
    }

    var parts: [any Node] { [left, right] }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        let a = try left.value(&frame)
        let b = try right.value(&frame)
        do { return try body(a, b, &frame.meter) } catch { throw error.placed(at: range) }
    }
}

final class TernaryNode: Node {
    typealias Body = @Sendable (Value, Value, Value, inout Meter) throws(EvaluationError) -> Value
    private let arguments: [any Node]
    private let body: Body
    private let range: SourceRange

    init(_ arguments: [any Node], _ body: @escaping Body, _ range: SourceRange) {
        self.arguments = arguments
        self.body = body
        self.range = range
    }

    var parts: [any Node] { arguments }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        let a = try arguments[0].value(&frame)
        let b = try arguments[1].value(&frame)
        let c = try arguments[2].value(&frame)
        do { return try body(a, b, c, &frame.meter) } catch { throw error.placed(at: range) }
    }
}

final class ManyNode: Node {
    private let arguments: [any Node]
    private let body: FunctionBody
    private let range: SourceRange

    init(_ arguments: [any Node], _ body: FunctionBody, _ range: SourceRange) {
        self.arguments = arguments
        self.body = body
        self.range = range
    }

    var parts: [any Node] { arguments }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1 + arguments.count)
        var values: [Value] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(try argument.value(&frame)) }
        do { return try body.call(values, &frame.meter) } catch { throw error.placed(at: range) }
    }
}

/// A call nobody answers: its arguments are worked out all the same, for their own errors.
final class NoOverloadNode: Node {
    private let name: String
    private let arguments: [any Node]
    private let range: SourceRange

    init(_ name: String, _ arguments: [any Node], _ range: SourceRange) {
        self.name = name
        self.arguments = arguments
        self.range = range
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        var values: [Value] = []
        for argument in arguments { values.append(try argument.value(&frame)) }
        throw EvaluationError.noOverload(name, of: values).placed(at: range)
    }
}

/// `matches` and its like with a pattern that is written out: it is compiled once.
final class PatternNode: Node {
    private let operand: any Node
    private let pattern: Pattern
    private let range: SourceRange

    init(_ operand: any Node, _ pattern: Pattern, _ range: SourceRange) {
        self.operand = operand
        self.pattern = pattern
        self.range = range
    }

    var parts: [any Node] { [operand] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        let value = try operand.value(&frame)
        guard case .string(let text) = value else {
            throw EvaluationError.noOverload("matches", value, .string("")).placed(at: range)
        }
        do { try frame.meter.charge(pattern.steps(for: text.utf8.count)) } catch {
            throw error.placed(at: range)
        }
        return pattern.isFound(in: text)
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}
