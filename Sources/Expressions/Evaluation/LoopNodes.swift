/// What a loop goes through: places of a list, or entries of a map.
struct LoopSource {
    private let keys: [Value]?
    private let list: ListValue?
    private let map: MapValue?
    let count: Int
    /// With one name it is the element or the key; with two, index and element or key and value.
    private let hasTwo: Bool

    init(_ value: Value, hasTwo: Bool) throws(EvaluationError) {
        self.hasTwo = hasTwo
        switch value {
        case .list(let found):
            list = found
            map = nil
            keys = nil
            count = found.count
        case .map(let found):
            list = nil
            map = found
            keys = found.keys
            count = found.count
        default:
            throw EvaluationError(
                .noSuchOverload,
                "only a list or a map can be gone through, not \(value.plainTypeName)")
        }
    }

    @inline(__always)
    func put(_ index: Int, into frame: inout Frame, _ slot: Int) {
        if let list {
            if hasTwo {
                frame.locals[slot] = .int(Int64(index))
                frame.locals[slot + 1] = list[index]
            } else {
                frame.locals[slot] = list[index]
            }
        } else if let keys {
            frame.locals[slot] = keys[index]
            if hasTwo { frame.locals[slot + 1] = map?.value(at: index) }
        }
    }
}

/// A loop, with a place for what goes wrong in it without one of its own.
final class PlacedNode: Node {
    private let loop: any Node
    private let range: SourceRange

    init(_ loop: any Node, at range: SourceRange) {
        self.loop = loop
        self.range = range
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        do { return try loop.value(&frame) } catch { throw error.placed(at: range) }
    }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try loop.test(&frame, at: range)
    }
}

/// What all loops are made of.
struct LoopParts: Sendable {
    let range: any Node
    let slot: Int
    let hasTwo: Bool
    let filter: (any Node)?
    let body: any Node
    /// Where the body stands.
    let bodyRange: SourceRange

    func source(_ frame: inout Frame) throws(EvaluationError) -> LoopSource {
        try frame.meter.charge(1)
        let value = try range.value(&frame)
        // Each element that lies in JSON is looked into as it comes, all together once.
        try frame.meter.charge(looking: value)
        return try LoopSource(value, hasTwo: hasTwo)
    }

    @inline(__always)
    func isTaken(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        try filter?.test(&frame) ?? true
    }
}

/// `all` and `exists`: one element that decides makes up for others that fail.
final class QuantifierNode: Node {
    private let parts: LoopParts
    private let deciding: Bool

    init(_ parts: LoopParts, deciding: Bool) {
        self.parts = parts
        self.deciding = deciding
    }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        let source = try parts.source(&frame)
        var failure: EvaluationError?
        for index in 0..<source.count {
            try frame.meter.charge(1)
            source.put(index, into: &frame, parts.slot)
            do {
                if try parts.body.test(&frame, at: parts.bodyRange) == deciding { return deciding }
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

final class ExistsOneNode: Node {
    private let parts: LoopParts
    init(_ parts: LoopParts) { self.parts = parts }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        let source = try parts.source(&frame)
        var found = 0
        for index in 0..<source.count {
            try frame.meter.charge(1)
            source.put(index, into: &frame, parts.slot)
            if try parts.body.test(&frame, at: parts.bodyRange) { found += 1 }
        }
        return found == 1
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value { .bool(try test(&frame)) }
}

/// `map`, `transformList`, and `filter`, which keeps elements as they are.
final class CollectNode: Node {
    private let parts: LoopParts
    private let keepsElement: Bool

    init(_ parts: LoopParts, keepsElement: Bool) {
        self.parts = parts
        self.keepsElement = keepsElement
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        let source = try parts.source(&frame)
        var values: [Value] = []
        if !keepsElement { values.reserveCapacity(min(source.count, 4096)) }
        for index in 0..<source.count {
            try frame.meter.charge(1)
            source.put(index, into: &frame, parts.slot)
            if keepsElement {
                guard try parts.body.test(&frame, at: parts.bodyRange),
                    let own = frame.locals[parts.slot]
                else {
                    continue
                }
                try frame.meter.grow(byValues: 1)
                values.append(own)
            } else if try parts.isTaken(&frame) {
                try frame.meter.grow(byValues: 1)
                values.append(try parts.body.value(&frame))
            }
        }
        return try frame.meter.checked(.list(values))
    }
}

/// `transformMap` and `transformMapEntry`.
final class CollectMapNode: Node {
    private let parts: LoopParts
    private let isWholeEntry: Bool

    init(_ parts: LoopParts, isWholeEntry: Bool) {
        self.parts = parts
        self.isWholeEntry = isWholeEntry
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        let source = try parts.source(&frame)
        var table = MapBuilder()
        for index in 0..<source.count {
            try frame.meter.charge(1)
            source.put(index, into: &frame, parts.slot)
            guard try parts.isTaken(&frame) else { continue }
            try frame.meter.grow(byValues: 3)
            let key = frame.locals[parts.slot] ?? .null
            let made = try parts.body.value(&frame)
            guard isWholeEntry else {
                try Making.add(key, made, to: &table, &frame.meter)
                continue
            }
            guard case .map(let entries) = made else {
                throw EvaluationError.noOverload("transformMapEntry", made)
            }
            for (place, key) in entries.keys.enumerated() {
                try Making.add(key, entries.value(at: place), to: &table, &frame.meter)
            }
        }
        return try frame.meter.checked(.map(MapValue(table)))
    }
}

/// `optMap` and `optFlatMap`.
final class OptionalMapNode: Node {
    private let parts: LoopParts
    private let isFlat: Bool

    init(_ parts: LoopParts, isFlat: Bool) {
        self.parts = parts
        self.isFlat = isFlat
    }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        try frame.meter.charge(1)
        let found = try parts.range.value(&frame)
        guard case .optional(let box) = found else {
            throw EvaluationError.noOverload(isFlat ? "optFlatMap" : "optMap", found)
        }
        guard let inner = box.value else { return found }
        frame.locals[parts.slot] = inner
        let made = try parts.body.value(&frame)
        guard isFlat else { return try frame.meter.checked(.optional(OptionalValue(made))) }
        guard case .optional = made else {
            throw EvaluationError.noOverload("optFlatMap", made)
        }
        return made
    }
}

/// `sortBy`: by a key that is worked out for each element.
final class SortByNode: Node {
    private let parts: LoopParts
    init(_ parts: LoopParts) { self.parts = parts }

    func value(_ frame: inout Frame) throws(EvaluationError) -> Value {
        let source = try parts.source(&frame)
        var pairs: [(key: Value, value: Value)] = []
        for index in 0..<source.count {
            try frame.meter.charge(1)
            try frame.meter.grow(byValues: 2)
            source.put(index, into: &frame, parts.slot)
            let element = frame.locals[parts.slot] ?? .null
            pairs.append((try parts.body.value(&frame), element))
        }
        let order = try Lists.order(pairs.map(\.key), &frame.meter)
        return .list(order.map { pairs[$0].value })
    }
}
