/// `sets.…`: lists as sets, whose order and repeats do not matter.
enum Sets {
    static let library = Library(functions: [
        Function("sets.contains(list(A), list(A)) -> bool", .binary(contains)),
        Function("sets.equivalent(list(A), list(A)) -> bool", .binary(equivalent)),
        Function("sets.intersects(list(A), list(A)) -> bool", .binary(intersects)),
    ])

    private static func lists(
        _ name: String, _ a: Value, _ b: Value
    ) throws(EvaluationError) -> (ListValue, ListValue) {
        guard case .list(let left) = a, case .list(let right) = b else {
            throw .noOverload("sets." + name, a, b)
        }
        return (left, right)
    }

    private static func holds(
        _ whole: ListValue, _ part: ListValue, _ meter: inout Meter
    ) throws(EvaluationError) -> Bool {
        for index in 0..<part.count {
            guard try whole.contains(try part.element(index, &meter), &meter) else {
                return false
            }
        }
        return true
    }

    private static func contains(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        let (left, right) = try lists("contains", a, b)
        return .bool(try holds(left, right, &meter))
    }

    private static func equivalent(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        let (left, right) = try lists("equivalent", a, b)
        guard try holds(left, right, &meter) else { return .bool(false) }
        return .bool(try holds(right, left, &meter))
    }

    private static func intersects(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        let (left, right) = try lists("intersects", a, b)
        for index in 0..<right.count
        where try left.contains(try right.element(index, &meter), &meter) {
            return .bool(true)
        }
        return .bool(false)
    }
}
