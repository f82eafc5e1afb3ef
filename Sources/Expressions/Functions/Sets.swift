/// `sets.…`: lists as sets, whose order and repeats do not matter.
enum Sets {
    static let library = Library(functions: [
        Function("sets.contains(list(A), list(A)) -> bool", .binary(contains)),
        Function("sets.equivalent(list(A), list(A)) -> bool", .binary(equivalent)),
        Function("sets.intersects(list(A), list(A)) -> bool", .binary(intersects)),
    ])

    private static func lists(
        _ name: String, _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> (ListValue, ListValue) {
        guard case .list(let left) = a, case .list(let right) = b else {
            throw .noOverload("sets." + name, a, b)
        }
        let (product, isOver) = left.count.multipliedReportingOverflow(by: right.count)
        try meter.charge(isOver ? 1 << 40 : product)
        return (left, right)
    }

    private static func holds(_ whole: ListValue, _ part: ListValue) -> Bool {
        (0..<part.count).allSatisfy { whole.contains(part[$0]) }
    }

    private static func contains(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        let (left, right) = try lists("contains", a, b, &meter)
        return .bool(holds(left, right))
    }

    private static func equivalent(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        let (left, right) = try lists("equivalent", a, b, &meter)
        return .bool(holds(left, right) && holds(right, left))
    }

    private static func intersects(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        let (left, right) = try lists("intersects", a, b, &meter)
        return .bool((0..<right.count).contains { left.contains(right[$0]) })
    }
}
