/// Counts what an evaluation does and makes.
public struct Meter: Sendable {
    private(set) var cost = 0
    private var growth = 0
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
    /// Of loops and bindings; `nil` while a binding has not been read.
    var locals: [Value?]
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

    func test(_ frame: inout Frame) throws(EvaluationError) -> Bool {
        let value = try value(&frame)
        guard case .bool(let flag) = value else {
            throw EvaluationError(.noSuchOverload, "a bool was expected, not \(value.typeName)")
        }
        return flag
    }
}
