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
    let slot: Int
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
            throw EvaluationError(
                .undeclaredReference,
                Syntax.slotTrouble(name) ?? "undeclared reference: “\(name)” has no value"
            ).placed(at: range)
        }
        return value
    }
}

/// A field of a variable, read where the variable lies.
final class InputFieldNode: Node {
    private let slot: Int
    private let whole: InputNode
    private let name: FieldName
    private let range: SourceRange

    init(_ whole: InputNode, _ name: String, _ range: SourceRange) {
        self.whole = whole
        slot = whole.slot
        self.name = FieldName(name)
        self.range = range
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        if case .map(let map)? = frame.inputs[slot], case .table(let table) = map.storage {
            try frame.meter.charge(2)
            guard let found = table.value(of: name) else {
                throw EvaluationError.noKey(.string(name.text)).placed(at: range)
            }
            return found
        }
        try frame.meter.charge(1)
        let value = try whole.value(&frame)
        do {
            let found = try SelectNode.select(name, of: value, isOptional: false)
            try frame.meter.charge(looking: found)
            return found
        } catch { throw error.placed(at: range) }
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

/// A binding where it is read: what failed when it was worked out fails here.
final class BoundNode: Node {
    private let slot: Int

    init(_ slot: Int) { self.slot = slot }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        if let known = frame.locals[slot] { return known }
        throw frame.failures[slot]
            ?? EvaluationError(.undeclaredReference, "a binding has no value")
    }
}

/// Where bindings begin to hold: they are worked out one after the other, so that none lies within
/// another, and one that fails fails only where it is read.
final class BindingNode: Node {
    private let first: Int
    private let contents: [any Node]
    private let body: any Node

    init(_ first: Int, _ contents: [any Node], _ body: any Node) {
        self.first = first
        self.contents = contents
        self.body = body
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        for (offset, content) in contents.enumerated() {
            do { frame.locals[first + offset] = try content.value(&frame) } catch {
                if error.code == .limitExceeded { throw error }
                frame.locals[first + offset] = nil
                frame.failures[first + offset] = error
            }
        }
        return try body.value(&frame)
    }
}

// MARK: - Logic

/// `&&` and `||`: one term that decides makes up for the other that fails.
final class LogicNode: Node {
    typealias Term = (node: any Node, range: SourceRange)
    private let left: Term
    private let right: Term
    /// What a term must be to decide all: false for `&&`.
    private let deciding: Bool

    init(_ left: Term, _ right: Term, _ deciding: Bool) {
        self.left = left
        self.right = right
        self.deciding = deciding
    }

    var parts: [any Node] { [left.node, right.node] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        do {
            if try left.node.test(&frame, at: left.range) == deciding { return deciding }
        } catch {
            if error.code == .limitExceeded { throw error }
            let failure = error
            do {
                if try right.node.test(&frame, at: right.range) == deciding { return deciding }
            } catch {
                if error.code == .limitExceeded { throw error }
            }
            throw failure
        }
        return try right.node.test(&frame, at: right.range)
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

final class NotNode: Node {
    private let operand: any Node
    private let range: SourceRange

    init(_ operand: any Node, _ range: SourceRange) {
        self.operand = operand
        self.range = range
    }

    var parts: [any Node] { [operand] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        return !(try operand.test(&frame, at: range))
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

final class ConditionalNode: Node {
    private let condition: LogicNode.Term
    private let yes: any Node
    private let no: any Node

    init(_ condition: LogicNode.Term, _ yes: any Node, _ no: any Node) {
        self.condition = condition
        self.yes = yes
        self.no = no
    }

    var parts: [any Node] { [condition.node, yes, no] }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        return try condition.node.test(&frame, at: condition.range)
            ? yes.value(&frame) : no.value(&frame)
    }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        return try condition.node.test(&frame, at: condition.range)
            ? yes.test(&frame) : no.test(&frame)
    }
}
