final class EqualityNode: Node {
    private let left: any Node
    private let right: any Node
    private let isEqual: Bool
    private let range: SourceRange

    init(_ left: any Node, _ right: any Node, isEqual: Bool, _ range: SourceRange) {
        self.left = left
        self.right = right
        self.isEqual = isEqual
        self.range = range
    }

    var parts: [any Node] { [left, right] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        let (a, b) = (try left.value(&frame), try right.value(&frame))
        do { return try Value.areEqual(a, b, &frame.meter) == isEqual } catch {
            throw error.placed(at: range)
        }
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

/// Which orders of two values a comparison is met by.
struct OrderTest: Sendable {
    let isMetByLess: Bool
    let isMetByEqual: Bool
    let isMetByGreater: Bool

    /// - Returns: `nil` for an operator that asks for no order.
    init?(_ name: String) {
        switch name {
        case Operator.less: (isMetByLess, isMetByEqual, isMetByGreater) = (true, false, false)
        case Operator.lessOrEqual: (isMetByLess, isMetByEqual, isMetByGreater) = (true, true, false)
        case Operator.greater: (isMetByLess, isMetByEqual, isMetByGreater) = (false, false, true)
        case Operator.greaterOrEqual:
            (isMetByLess, isMetByEqual, isMetByGreater) = (false, true, true)
        default: return nil
        }
    }

    @inline(__always)
    func isMet(by order: Int) -> Bool {
        order < 0 ? isMetByLess : (order == 0 ? isMetByEqual : isMetByGreater)
    }
}

final class OrderNode: Node {
    private let left: any Node
    private let right: any Node
    private let name: String
    private let range: SourceRange
    private let test: OrderTest

    init(
        _ name: String, _ left: any Node, _ right: any Node, _ range: SourceRange, _ test: OrderTest
    ) {
        self.left = left
        self.right = right
        self.name = name
        self.range = range
        self.test = test
    }

    var parts: [any Node] { [left, right] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        let (a, b) = (try left.value(&frame), try right.value(&frame))
        try frame.meter.charge(forTen: a.weight)
        return try Self.compare(a, b, test, name, range)
    }

    @inline(__always)
    static func compare(
        _ a: Value, _ b: Value, _ test: OrderTest, _ name: String, _ range: SourceRange
    ) throws(EvaluationError) -> Bool {
        if let order = Value.order(of: a, and: b) { return test.isMet(by: order) }
        // NaN is neither less nor more.
        if a.isNumber, b.isNumber { return false }
        if case .host(let left) = a, case .host(let right) = b, left.typeName == right.typeName {
            throw EvaluationError(
                .invalidArgument, "\(left.text) and \(right.text) have no order between them"
            ).placed(at: range)
        }
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
            do { return try list.contains(wanted, &frame.meter) } catch {
                throw error.placed(at: range)
            }
        case .map(let map):
            try frame.meter.charge(forTen: wanted.weight)
            return map.holds(wanted)
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

// MARK: - With what is written down on the right

/// The constant is compared where it lies.
final class EqualsConstantNode: Node {
    private let operand: any Node
    private let constant: Value
    private let isEqual: Bool

    init(_ operand: any Node, _ constant: Value, isEqual: Bool) {
        self.operand = operand
        self.constant = constant
        self.isEqual = isEqual
    }

    var parts: [any Node] { [operand] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(2)
        let value = try operand.value(&frame)
        return try Value.areEqual(value, constant, &frame.meter) == isEqual
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

final class OrderConstantNode: Node {
    private let operand: any Node
    private let constant: Value
    private let name: String
    private let range: SourceRange
    private let test: OrderTest

    init(
        _ name: String, _ operand: any Node, _ constant: Value, _ range: SourceRange,
        _ test: OrderTest
    ) {
        self.operand = operand
        self.constant = constant
        self.name = name
        self.range = range
        self.test = test
    }

    var parts: [any Node] { [operand] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(2)
        let value = try operand.value(&frame)
        try frame.meter.charge(forTen: value.weight)
        return try OrderNode.compare(value, constant, test, name, range)
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

/// `in` with a list or map that is written down.
final class InConstantNode: Node {
    /// Past this a table is faster than going through the list.
    private static let scanned = 8

    private let element: any Node
    private let list: ListValue
    /// Where all of it is text.
    private let texts: [String]?
    private let table: Set<MapKey>?

    init(_ element: any Node, _ list: ListValue) {
        self.element = element
        self.list = list
        let words = list.values.compactMap { value -> String? in
            if case .string(let text) = value { return text }
            return nil
        }
        texts = words.count == list.count ? words : nil
        // Of texts only: numbers of several types are equal in ways a table does not know.
        table =
            words.count > Self.scanned && words.count == list.count
            ? Set(words.map { MapKey.string($0) }) : nil
    }

    var parts: [any Node] { [element] }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(2)
        let wanted = try element.value(&frame)
        guard let texts else { return try list.contains(wanted, &frame.meter) }
        guard case .string(let text) = wanted else { return false }
        try frame.meter.charge(forTen: text.utf8.count)
        if let table { return table.contains(.string(text)) }
        for index in texts.indices where CodePoints.areEqual(texts[index], text) { return true }
        return false
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}
