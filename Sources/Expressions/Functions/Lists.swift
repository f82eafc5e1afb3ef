/// Functions on lists.
enum Lists {
    static let library = Library(functions: [
        Function("list(A).slice(int, int) -> list(A)", .ternary(slice)),
        Function("list(A).flatten() -> list(dyn)", .unary(flatten)),
        Function("list(A).flatten(int) -> list(dyn)", .binary(flatten)),
        Function("list(A).sort() -> list(A)", .unary(sort)),
        Function("list(A).distinct() -> list(A)", .unary(distinct)),
        Function(
            ["int", "uint", "double", "decimal", "duration", "Money", "Quantity"].map {
                "list(\($0)).sum(\($0)) -> \($0)"
            }, .binary(sum)),
        Function("lists.range(int) -> list(int)", .unary(range)),
        Function("list(A).first() -> optional(A)", .unary(first)),
        Function("list(A).last() -> optional(A)", .unary(last)),
    ])

    private static func list(
        _ name: String, _ a: Value
    ) throws(EvaluationError) -> ListValue {
        guard case .list(let list) = a else { throw .noOverload(name, a) }
        return list
    }

    private static func made(
        _ values: [Value], _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        try meter.charge(values.count)
        try meter.grow(byValues: values.count)
        return .list(values)
    }

    private static func slice(
        _ a: Value, _ b: Value, _ c: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .list(let list) = a, case .int(let start) = b, case .int(let end) = c else {
            throw .noOverload("slice", a, b, c)
        }
        guard start >= 0, end >= start, end <= list.count else {
            throw EvaluationError(
                .outOfRange, "cannot slice(\(start), \(end)) of a list of \(list.count)")
        }
        var part: [Value] = []
        for index in Int(start)..<Int(end) { part.append(try list.element(index, &meter)) }
        return try made(part, &meter)
    }

    private static func flatten(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        try flatten(a, .int(1), &meter)
    }

    private static func flatten(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .list(let list) = a, case .int(let depth) = b else {
            throw .noOverload("flatten", a, b)
        }
        guard depth >= 0 else {
            throw EvaluationError(.invalidArgument, "flatten() to a negative depth")
        }
        var out: [Value] = []
        try flatten(list, min(Int(depth), 64), into: &out, &meter)
        return try made(out, &meter)
    }

    private static func flatten(
        _ list: ListValue, _ depth: Int, into out: inout [Value], _ meter: inout Meter
    ) throws(EvaluationError) {
        for index in 0..<list.count {
            try meter.charge(1)
            let value = try list.element(index, &meter)
            if depth > 0, case .list(let inner) = value {
                try flatten(inner, depth - 1, into: &out, &meter)
            } else {
                out.append(value)
            }
        }
    }

    private static func sort(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        let values = try list("sort", a).elements(&meter)
        let order = try order(values, &meter)
        return try made(order.map { values[$0] }, &meter)
    }

    /// The places of the keys in their order; equal ones stay as they stand.
    static func order(_ keys: [Value], _ meter: inout Meter) throws(EvaluationError) -> [Int] {
        guard let first = keys.first else { return [] }
        let rounds = keys.count.bitWidth - keys.count.leadingZeroBitCount
        for key in keys {
            // Each key is compared about as often as the list can be halved.
            try meter.charge(rounds)
            try meter.charge(forTen: key.weight / 10 * rounds * 10)
            guard key.isNumber == first.isNumber,
                key.isNumber || key.typeName == first.typeName
            else {
                throw EvaluationError(
                    .noSuchOverload, "a list of different types cannot be put in order")
            }
            guard Value.order(of: first, and: key) != nil || key.isNumber else {
                throw EvaluationError(
                    .noSuchOverload, "these values of \(key.plainTypeName) cannot be put in order")
            }
        }
        return keys.indices.sorted { (left, right) in
            // NaN stands before all numbers.
            let order =
                Value.order(of: keys[left], and: keys[right])
                ?? (keys[right].isNaN ? 1 : 0) - (keys[left].isNaN ? 1 : 0)
            return order == 0 ? left < right : order < 0
        }
    }

    private static func distinct(
        _ a: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        let list = try list("distinct", a)
        var out: [Value] = []
        var seen: Set<MapKey> = []
        for index in 0..<list.count {
            let value = try list.element(index, &meter)
            try meter.charge(1)
            if case .string(let text) = value {
                // By far the most: a text is equal to no other kind of value.
                try meter.charge(forTen: text.utf8.count)
                if seen.insert(.string(text)).inserted { out.append(value) }
                continue
            }
            var isKnown = false
            for other in out {
                try meter.charge(1)
                if try Value.areEqual(other, value, &meter) {
                    isKnown = true
                    break
                }
            }
            if !isKnown { out.append(value) }
        }
        return try made(out, &meter)
    }

    static func reversed(_ list: ListValue, _ meter: inout Meter) throws(EvaluationError) -> Value {
        try made(try list.elements(&meter).reversed(), &meter)
    }

    /// From a first value on, so that an empty list has a sum of the right type.
    private static func sum(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        let list = try list("sum", a)
        var total = b
        for index in 0..<list.count {
            try meter.charge(1)
            let next = try list.element(index, &meter)
            switch next {
            case .int, .uint, .double, .decimal, .duration, .host: break
            default: throw .noOverload("sum", a, b)
            }
            total = try Arithmetic.add(total, next, &meter)
        }
        return total
    }

    private static func range(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        guard case .int(let count) = a else { throw .noOverload("lists.range", a) }
        guard count > 0 else { return .list([]) }
        try meter.charge(Int(min(count, 1 << 40)))
        try meter.grow(byValues: Int(min(count, 1 << 40)))
        return .list((0..<count).map { .int($0) })
    }

    private static func first(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        let list = try list("first", a)
        return .optional(OptionalValue(list.count > 0 ? try list.element(0, &meter) : nil))
    }

    private static func last(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        let list = try list("last", a)
        return .optional(
            OptionalValue(list.count > 0 ? try list.element(list.count - 1, &meter) : nil))
    }
}
