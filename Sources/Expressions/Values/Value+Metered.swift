extension Value {
    /// Equality that is paid for: what one value holds many times is gone through as often.
    static func areEqual(
        _ left: Value, _ right: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Bool {
        switch (left, right) {
        case (.list(let a), .list(let b)): return try areEqual(a, b, &meter)
        case (.map(let a), .map(let b)): return try areEqual(a, b, &meter)
        case (.optional(let a), .optional(let b)):
            guard let one = a.value, let other = b.value else {
                return a.value == nil && b.value == nil
            }
            try meter.charge(1)
            return try areEqual(one, other, &meter)
        case (.string(let a), .string): try meter.charge(forTen: a.utf8.count)
        case (.bytes(let a), .bytes): try meter.charge(forTen: a.count)
        default: break
        }
        return areEqual(left, right)
    }

    private static func areEqual(
        _ left: ListValue, _ right: ListValue, _ meter: inout Meter
    ) throws(EvaluationError) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count {
            try meter.charge(1)
            let one = try left.element(index, &meter)
            let other = try right.element(index, &meter)
            guard try areEqual(one, other, &meter) else { return false }
        }
        return true
    }

    private static func areEqual(
        _ left: MapValue, _ right: MapValue, _ meter: inout Meter
    ) throws(EvaluationError) -> Bool {
        guard left.count == right.count else { return false }
        // Their names are read.
        try meter.charge(looking: .map(left))
        for (index, key) in left.keys.enumerated() {
            try meter.charge(1)
            try meter.charge(forTen: key.weight)
            guard let other = right[key] else { return false }
            let one = left.value(at: index)
            try meter.charge(looking: one)
            try meter.charge(looking: other)
            guard try areEqual(one, other, &meter) else { return false }
        }
        return true
    }
}

extension ListValue {
    func contains(_ value: Value, _ meter: inout Meter) throws(EvaluationError) -> Bool {
        for index in 0..<count {
            try meter.charge(1)
            if try Value.areEqual(try element(index, &meter), value, &meter) { return true }
        }
        return false
    }

    /// An element that lies in JSON is looked into anew each time it is asked for.
    func element(_ index: Int, _ meter: inout Meter) throws(EvaluationError) -> Value {
        let found = self[index]
        try meter.charge(looking: found)
        return found
    }

    /// All of them, each looked into once.
    func elements(_ meter: inout Meter) throws(EvaluationError) -> [Value] {
        if case .json(let list) = storage { try meter.charge(list.byteCount / 16) }
        return values
    }
}
