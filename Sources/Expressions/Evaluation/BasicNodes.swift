final class ConstantNode: Node {
    let constant: Value
    init(_ constant: Value) { self.constant = constant }
    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { constant }
}

/// What can only fail, and may never be reached.
final class FailingNode: Node {
    private let error: EvaluationError
    init(_ error: EvaluationError) { self.error = error }
    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { throw error }
}

final class InputNode: Node {
    private let slot: Int
    private let name: String
    private let range: SourceRange

    init(_ slot: Int, _ name: String, _ range: SourceRange) {
        self.slot = slot
        self.name = name
        self.range = range
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        guard let value = frame.inputs[slot] else {
            throw EvaluationError(.undeclaredReference, "undeclared reference to “\(name)”")
                .placed(at: range)
        }
        return value
    }
}

final class LocalNode: Node {
    private let slot: Int
    init(_ slot: Int) { self.slot = slot }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        return frame.locals[slot] ?? .null
    }
}

/// A binding: worked out when it is first read, and then kept.
final class LazyNode: Node {
    private let slot: Int
    private let content: any Node

    init(_ slot: Int, _ content: any Node) {
        self.slot = slot
        self.content = content
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        if let known = frame.locals[slot] { return known }
        let value = try content.value(&frame)
        frame.locals[slot] = value
        return value
    }
}

/// Where bindings begin to hold: none of them is known yet.
final class BindingNode: Node {
    private let slots: Range<Int>
    private let body: any Node

    init(_ slots: Range<Int>, _ body: any Node) {
        self.slots = slots
        self.body = body
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        for slot in slots { frame.locals[slot] = nil }
        return try body.value(&frame)
    }
}

// MARK: - Logic

/// `&&` and `||`: one term that decides makes up for others that fail.
final class LogicNode: Node {
    private let terms: [any Node]
    /// What a term must be to decide all: false for `&&`.
    private let deciding: Bool

    init(_ terms: [any Node], deciding: Bool) {
        self.terms = terms
        self.deciding = deciding
    }

    var parts: [any Node] { terms }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        var failure: EvaluationError?
        for term in terms {
            do {
                if try term.test(&frame) == deciding { return deciding }
            } catch {
                if error.code == .limitExceeded { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return !deciding
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

final class NotNode: Node {
    private let operand: any Node
    init(_ operand: any Node) { self.operand = operand }

    var parts: [any Node] { [operand] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        return !(try operand.test(&frame))
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

final class ConditionalNode: Node {
    private let condition: any Node
    private let yes: any Node
    private let no: any Node

    init(_ condition: any Node, _ yes: any Node, _ no: any Node) {
        self.condition = condition
        self.yes = yes
        self.no = no
    }

    var parts: [any Node] { [condition, yes, no] }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        return try condition.test(&frame) ? yes.value(&frame) : no.value(&frame)
    }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        return try condition.test(&frame) ? yes.test(&frame) : no.test(&frame)
    }
}

// MARK: - Comparing

final class EqualityNode: Node {
    private let left: any Node
    private let right: any Node
    private let isEqual: Bool

    init(_ left: any Node, _ right: any Node, isEqual: Bool) {
        self.left = left
        self.right = right
        self.isEqual = isEqual
    }

    var parts: [any Node] { [left, right] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        let (a, b) = (try left.value(&frame), try right.value(&frame))
        try frame.meter.charge(forTen: a.weight)
        return Value.areEqual(a, b) == isEqual
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

final class OrderNode: Node {
    private let left: any Node
    private let right: any Node
    private let name: String
    private let range: SourceRange
    private let isMet: @Sendable (Int) -> Bool

    init(
        _ name: String, _ left: any Node, _ right: any Node, _ range: SourceRange,
        isMet: @escaping @Sendable (Int) -> Bool
    ) {
        self.name = name
        self.left = left
        self.right = right
        self.range = range
        self.isMet = isMet
    }

    var parts: [any Node] { [left, right] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        let (a, b) = (try left.value(&frame), try right.value(&frame))
        try frame.meter.charge(forTen: a.weight)
        if let order = Value.order(of: a, and: b) { return isMet(order) }
        // NaN is neither less nor more.
        if a.isNumber, b.isNumber { return false }
        throw EvaluationError.noOverload(name, a, b).placed(at: range)
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

final class MembershipNode: Node {
    private let element: any Node
    private let collection: any Node
    private let range: SourceRange

    init(_ element: any Node, _ collection: any Node, _ range: SourceRange) {
        self.element = element
        self.collection = collection
        self.range = range
    }

    var parts: [any Node] { [element, collection] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        let wanted = try element.value(&frame)
        let found = try collection.value(&frame)
        switch found {
        case .list(let list):
            try frame.meter.charge(list.count)
            return list.contains(wanted)
        case .map(let map): return map[wanted] != nil
        default: throw EvaluationError.noOverload("in", wanted, found).placed(at: range)
        }
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

extension Value {
    /// How much there is to go through.
    var weight: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .list(let list): list.count * 10
        case .map(let map): map.count * 10
        default: 1
        }
    }
}
