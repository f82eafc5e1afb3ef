/// Counts what an evaluation does and makes.
public struct Meter: Sendable {
    private(set) var cost = 0
    private(set) var growth = 0
    private let costLimit: Int
    private let growthLimit: Int

    init(_ limits: Limits) {
        costLimit = limits.cost
        growthLimit = limits.growthBytes
    }

    /// - Parameter steps: one is about what a comparison of two numbers takes.
    /// - Throws: `.limitExceeded`.
    @inline(__always)
    public mutating func charge(_ steps: Int) throws(EvaluationError) {
        cost &+= steps
        if cost > costLimit { throw passed("cost", costLimit, "steps") }
    }

    /// For a text or list that is gone through or made.
    @inline(__always)
    mutating func charge(forTen count: Int) throws(EvaluationError) {
        if count > 9 { try charge(count / 10) }
    }

    /// For what may still lie in its JSON text: a list’s or map’s parts are found out each time, a text is
    /// copied.
    @inline(__always)
    mutating func charge(looking value: Value) throws(EvaluationError) {
        switch value {
        case .list(let list):
            if case .json(let json) = list.storage { try charge(json.byteCount / 16) }
        case .map(let map):
            if case .json(let json) = map.storage {
                try charge(json.byteCount / 16 + json.count * 3)
            }
        case .string(let text): if text.utf8.count > 49 { try charge(text.utf8.count / 50) }
        case .optional(let box):
            if let inner = box.value { try charge(looking: inner) }
        default: break
        }
    }

    /// Of values within each other: what goes through them takes as many calls.
    static let valueDepth: Int32 = 256

    /// - Returns: the value, where it is not nested too deep.
    @inline(__always)
    func checked(_ value: Value) throws(EvaluationError) -> Value {
        guard value.depth <= Self.valueDepth else { throw tooDeep }
        return value
    }

    private var tooDeep: EvaluationError {
        EvaluationError(
            .limitExceeded, "the limit valueDepth of \(Self.valueDepth) levels is passed")
    }

    /// Before so many bytes are made.
    mutating func grow(by bytes: Int) throws(EvaluationError) {
        growth &+= bytes
        if growth > growthLimit { throw passed("growthBytes", growthLimit, "bytes") }
    }

    mutating func grow(byValues count: Int) throws(EvaluationError) {
        try grow(by: count * MemoryLayout<Value>.stride)
    }

    @inline(never)
    private func passed(_ name: String, _ limit: Int, _ unit: String) -> EvaluationError {
        EvaluationError(.limitExceeded, "the limit \(name) of \(limit) \(unit) is passed")
    }
}

/// What an evaluation has in hand.
struct Frame {
    let inputs: [Value?]
    /// Of loops and bindings; `nil` for a binding that failed.
    var locals: [Value?]
    var failures: [Int: EvaluationError] = [:]
    var meter: Meter
}

/// A part of a compiled expression.
protocol Node: AnyObject, Sendable {
    /// What it is worked out from; one that reads variables or fails by itself names itself.
    var parts: [any Node] { get }
    func value(_ frame: inout Frame) throws(EvaluationError) -> Value
    /// The same where a bool is wanted.
    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool
}

extension Node {
    var parts: [any Node] { [self] }

    /// - Parameter range: the place of what goes wrong without one of its own.
    @inline(__always)
    func test(
        _ frame: inout Frame, at range: SourceRange
    ) throws(EvaluationError) -> Bool {
        do { return try test(&frame) } catch { throw error.placed(at: range) }
    }

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        let value = try value(&frame)
        guard case .bool(let flag) = value else {
            throw EvaluationError(
                .noSuchOverload, "a bool was expected, not \(value.plainTypeName)")
        }
        return flag
    }
}
