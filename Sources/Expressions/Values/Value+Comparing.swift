extension Value {
    /// Numbers are equal across their types; values of other different types are not equal.
    public static func areEqual(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.string(let a), .string(let b)): CodePoints.areEqual(a, b)
        case (.bytes(let a), .bytes(let b)): a == b
        case (.list(let a), .list(let b)): a.isEqual(to: b)
        case (.map(let a), .map(let b)): a.isEqual(to: b)
        case (.timestamp(let a), .timestamp(let b)): a == b
        case (.duration(let a), .duration(let b)): a == b
        case (.type(let a), .type(let b)): a == b
        case (.decimal(let a), .decimal(let b)): DecimalValue.order(a, b) == 0
        case (.host(let a), .host(let b)): a.isEqual(to: b)
        case (.optional(let a), .optional(let b)):
            switch (a.value, b.value) {
            case (nil, nil): true
            case (let a?, let b?): areEqual(a, b)
            default: false
            }
        default: numericOrder(left, right) == .some(0)
        }
    }

    /// - Returns: negative, zero or positive; `nil` where one is no number, or not one at all (NaN).
    static func numericOrder(_ left: Value, _ right: Value) -> Int? {
        switch (left, right) {
        case (.int(let a), .int(let b)): order(a, b)
        case (.uint(let a), .uint(let b)): order(a, b)
        case (.double(let a), .double(let b)): order(a, b)
        case (.int(let a), .uint(let b)): a < 0 ? -1 : order(UInt64(a), b)
        case (.uint(let a), .int(let b)): b < 0 ? 1 : order(a, UInt64(b))
        case (.int(let a), .double(let b)): order(a, b)
        case (.double(let a), .int(let b)): order(b, a).map { -$0 }
        case (.uint(let a), .double(let b)): order(a, b)
        case (.double(let a), .uint(let b)): order(b, a).map { -$0 }
        case (.decimal(let a), .int(let b)): DecimalValue.order(a, DecimalValue(b))
        case (.int(let a), .decimal(let b)): DecimalValue.order(DecimalValue(a), b)
        case (.decimal(let a), .uint(let b)):
            DecimalValue.order(a, DecimalValue(coefficient: Int128(b), scale: 0))
        case (.uint(let a), .decimal(let b)):
            DecimalValue.order(DecimalValue(coefficient: Int128(a), scale: 0), b)
        default: nil
        }
    }

    static func order<T: Comparable>(_ a: T, _ b: T) -> Int? {
        a < b ? -1 : (a > b ? 1 : (a == b ? 0 : nil))
    }

    /// As doubles, which is how the conformance tests have it: past 2^53 neighbours may be equal.
    private static func order(_ whole: some FixedWidthInteger, _ double: Double) -> Int? {
        order(Double(whole), double)
    }

    /// The order of two values of one type, or of two numbers.
    /// - Returns: negative, zero or positive; `nil` where there is none.
    static func order(of left: Value, and right: Value) -> Int? {
        switch (left, right) {
        case (.bool(let a), .bool(let b)): a == b ? 0 : (a ? 1 : -1)
        case (.string(let a), .string(let b)): CodePoints.order(a, b)
        case (.bytes(let a), .bytes(let b)):
            a.lexicographicallyPrecedes(b) ? -1 : (a == b ? 0 : 1)
        case (.timestamp(let a), .timestamp(let b)): order(a, b)
        case (.duration(let a), .duration(let b)): order(a.nanoseconds, b.nanoseconds)
        case (.decimal(let a), .decimal(let b)): DecimalValue.order(a, b)
        case (.host(let a), .host(let b)): a.order(before: b)
        default: numericOrder(left, right)
        }
    }

    var isNaN: Bool {
        if case .double(let number) = self { return number.isNaN }
        return false
    }

    var isNumber: Bool {
        switch self {
        case .int, .uint, .double: true
        default: false
        }
    }
}
