/// Fields and elements. What is asked of an optional is asked of its value, and is optional itself.
enum Access {
    /// - Returns: `nil` where a map lacks the key.
    /// - Throws: `.noSuchOverload` for what has no fields; `.noSuchField` for a record without it.
    static func field(
        _ name: FieldName, of value: Value
    ) throws(EvaluationError) -> Value? {
        switch value {
        case .map(let map): return map[field: name]
        case .host(let host):
            guard let field = host.field(name.text) else {
                throw EvaluationError(
                    .noSuchField, "\(host.typeName) has no field “\(name.text)”")
            }
            return field
        default:
            throw EvaluationError(.noSuchOverload, "\(value.plainTypeName) has no fields")
        }
    }

    /// - Returns: `nil` where a map lacks the key or a list the place.
    static func element(_ key: Value, of value: Value) throws(EvaluationError) -> Value? {
        switch value {
        case .map(let map):
            switch key {
            case .bool, .int, .uint, .string, .double: return map[key]
            default: return nil
            }
        case .list(let list):
            guard let place = place(key) else {
                throw EvaluationError(
                    .invalidArgument, "a list has no place of type \(key.plainTypeName)")
            }
            return place >= 0 && place < list.count ? list[Int(place)] : nil
        case .host(let host):
            guard case .string(let name) = key else { fallthrough }
            return host.field(name)
        default: throw EvaluationError.noOverload("index", value, key)
        }
    }

    private static func place(_ key: Value) -> Int64? {
        switch key {
        case .int(let number): number
        case .uint(let number): Int64(exactly: number) ?? .max
        case .double(let number): Int64(exactly: number)
        default: nil
        }
    }

    static func missing(_ key: Value, in value: Value) -> EvaluationError {
        if case .list = value {
            return EvaluationError(.outOfRange, "the list ends before that place")
        }
        return .noKey(key)
    }
}

final class SelectNode: Node {
    private let operand: any Node
    private let name: FieldName
    private let isOptional: Bool
    private let range: SourceRange

    init(_ operand: any Node, _ name: String, isOptional: Bool, _ range: SourceRange) {
        self.operand = operand
        self.name = FieldName(name)
        self.isOptional = isOptional
        self.range = range
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        let whole = try operand.value(&frame)
        do {
            let found = try Self.select(name, of: whole, isOptional: isOptional)
            try frame.meter.charge(looking: found)
            return found
        } catch { throw error.placed(at: range) }
    }

    static func select(
        _ name: FieldName, of whole: Value, isOptional: Bool
    ) throws(EvaluationError) -> Value {
        if case .optional(let box) = whole {
            guard let inner = box.value else { return whole }
            return .optional(OptionalValue(try Access.field(name, of: inner)))
        }
        let found = try Access.field(name, of: whole)
        if isOptional { return .optional(OptionalValue(found)) }
        guard let found else { throw EvaluationError.noKey(.string(name.text)) }
        return found
    }
}

final class HasNode: Node {
    private let operand: any Node
    private let name: FieldName
    private let range: SourceRange

    init(_ operand: any Node, _ name: String, _ range: SourceRange) {
        self.operand = operand
        self.name = FieldName(name)
        self.range = range
    }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try frame.meter.charge(1)
        var whole = try operand.value(&frame)
        if case .optional(let box) = whole {
            guard let inner = box.value else { return false }
            whole = inner
        }
        if case .map(let map) = whole { return map.holds(name) }
        do { return try Access.field(name, of: whole) != nil } catch {
            throw error.placed(at: range)
        }
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

final class IndexNode: Node {
    private let operand: any Node
    private let key: any Node
    private let isOptional: Bool
    private let range: SourceRange

    init(_ operand: any Node, _ key: any Node, isOptional: Bool, _ range: SourceRange) {
        self.operand = operand
        self.key = key
        self.isOptional = isOptional
        self.range = range
    }

    var parts: [any Node] { [operand, key] }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        let whole = try operand.value(&frame)
        let wanted = try key.value(&frame)
        do {
            let found = try Self.find(wanted, in: whole, isOptional: isOptional)
            try frame.meter.charge(looking: found)
            return found
        } catch { throw error.placed(at: range) }
    }

    static func find(
        _ wanted: Value, in whole: Value, isOptional: Bool
    ) throws(EvaluationError) -> Value {
        if case .optional(let box) = whole {
            guard let inner = box.value else { return whole }
            return .optional(OptionalValue(try Access.element(wanted, of: inner)))
        }
        let found = try Access.element(wanted, of: whole)
        if isOptional { return .optional(OptionalValue(found)) }
        guard let found else { throw Access.missing(wanted, in: whole) }
        return found
    }
}

/// `map["key"]` with a key that is written down.
final class KeyNode: Node {
    private let operand: any Node
    private let name: FieldName
    private let range: SourceRange

    init(_ operand: any Node, _ key: String, _ range: SourceRange) {
        self.operand = operand
        name = FieldName(key)
        self.range = range
    }

    var parts: [any Node] { [operand] }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(2)
        let whole = try operand.value(&frame)
        if case .map(let map) = whole {
            guard let found = map[field: name] else {
                throw EvaluationError.noKey(.string(name.text)).placed(at: range)
            }
            try frame.meter.charge(looking: found)
            return found
        }
        do { return try IndexNode.find(.string(name.text), in: whole, isOptional: false) } catch {
            throw error.placed(at: range)
        }
    }
}

// MARK: - Making

final class ListNode: Node {
    private let elements: [(node: any Node, isOptional: Bool)]
    init(_ elements: [(node: any Node, isOptional: Bool)]) { self.elements = elements }

    var parts: [any Node] { elements.map(\.node) }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1 + elements.count)
        try frame.meter.grow(byValues: elements.count)
        var values: [Value] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            let value = try element.node.value(&frame)
            if let taken = try element.isOptional ? Making.content(of: value) : value {
                values.append(taken)
            }
        }
        return try frame.meter.checked(.list(values))
    }
}

final class MapNode: Node {
    typealias Entry = (key: any Node, value: any Node, isOptional: Bool)
    private let entries: [Entry]
    private let range: SourceRange

    init(_ entries: [Entry], _ range: SourceRange) {
        self.entries = entries
        self.range = range
    }

    var parts: [any Node] { entries.flatMap { [$0.key, $0.value] } }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1 + entries.count)
        try frame.meter.grow(byValues: entries.count * 3)
        var table = MapBuilder()
        for entry in entries {
            let key = try entry.key.value(&frame)
            let value = try entry.value.value(&frame)
            guard let taken = try entry.isOptional ? Making.content(of: value) : value else {
                continue
            }
            do { try Making.add(key, taken, to: &table, &frame.meter) } catch {
                throw error.placed(at: range)
            }
        }
        return try frame.meter.checked(.map(MapValue(table)))
    }
}

enum Making {
    /// - Returns: `nil` for none.
    static func content(of value: Value) throws(EvaluationError) -> Value? {
        guard case .optional(let box) = value else {
            throw EvaluationError(
                .noSuchOverload, "an optional was expected, not \(value.plainTypeName)")
        }
        return box.value
    }

    static func add(
        _ key: Value, _ value: Value, to table: inout MapBuilder, _ meter: inout Meter
    ) throws(EvaluationError) {
        // A key is looked up, and the table grows.
        try meter.charge(4 + key.weight / 10)
        switch key {
        case .bool, .int, .uint, .string: break
        default:
            throw EvaluationError(
                .unsupportedKey,
                "a map’s key is a bool, int, uint or string, not \(key.plainTypeName)")
        }
        guard table.add(key, value) else {
            var text = Rendering.text(of: key)
            if text.count > 60 { text = text.prefix(60) + "…" }
            throw EvaluationError(.duplicateKey, "the map has the key \(text) twice")
        }
    }
}

/// `Name{field: value}`, for records the host declares.
final class RecordNode: Node {
    private let make: @Sendable ([String: Value]) throws(EvaluationError) -> Value
    private let fields: [(name: String, node: any Node, isOptional: Bool)]
    private let range: SourceRange

    init(
        _ fields: [(name: String, node: any Node, isOptional: Bool)], _ range: SourceRange,
        make: @escaping @Sendable ([String: Value]) throws(EvaluationError) -> Value
    ) {
        self.fields = fields
        self.range = range
        self.make = make
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1 + fields.count)
        try frame.meter.grow(byValues: fields.count * 3)
        var values: [String: Value] = [:]
        for field in fields {
            let value = try field.node.value(&frame)
            values[field.name] = try field.isOptional ? Making.content(of: value) : value
        }
        do { return try make(values) } catch { throw error.placed(at: range) }
    }
}

/// `or` and `orValue`: the other is looked at only where it is needed.
final class OptionalOrNode: Node {
    private let first: any Node
    private let other: any Node
    private let isValue: Bool
    private let range: SourceRange

    init(_ first: any Node, _ other: any Node, isValue: Bool, _ range: SourceRange) {
        self.first = first
        self.other = other
        self.isValue = isValue
        self.range = range
    }

    var parts: [any Node] { [first, other] }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        let found = try first.value(&frame)
        guard case .optional(let box) = found else {
            throw EvaluationError.noOverload(isValue ? "orValue" : "or", found).placed(at: range)
        }
        if let inner = box.value { return isValue ? inner : found }
        let instead = try other.value(&frame)
        if isValue { return instead }
        guard case .optional = instead else {
            throw EvaluationError.noOverload("or", found, instead).placed(at: range)
        }
        return instead
    }
}
