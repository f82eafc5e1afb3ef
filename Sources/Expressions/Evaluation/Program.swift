/// A compiled expression. It keeps no state and may be evaluated from many threads at once.
public struct Program: Sendable {
    private let node: any Node
    /// Of all of it: for what goes wrong where no part has a place of its own.
    private let range: SourceRange
    /// The variables it may read.
    public let inputNames: [String]
    private let localCount: Int
    private let limits: Limits
    /// Known where it was checked.
    public internal(set) var type: ValueType = .dyn

    init(
        node: any Node, range: SourceRange, inputNames: [String], localCount: Int, limits: Limits
    ) {
        self.node = node
        self.range = range
        self.inputNames = inputNames
        self.localCount = localCount
        self.limits = limits
    }

    /// Values for a program's variables, each in its place: to be made once and used many times.
    public struct Inputs: Sendable {
        fileprivate var values: [Value?]
    }

    /// - Parameter values: names the program does not read are ignored; those it reads and does not get
    ///   are an error where they are read.
    public func inputs(_ values: [String: Value]) -> Inputs {
        Inputs(values: inputNames.map { values[$0] })
    }

    /// - Parameter place: in `inputNames`.
    public func set(_ value: Value?, at place: Int, in inputs: inout Inputs) {
        inputs.values[place] = value
    }

    public func evaluate(_ inputs: Inputs) throws(EvaluationError) -> Value {
        var frame = frame(inputs)
        do { return try node.value(&frame) } catch { throw error.placed(at: range) }
    }

    public func evaluate(_ values: [String: Value] = [:]) throws(EvaluationError) -> Value {
        try evaluate(inputs(values))
    }

    /// For rules: what is no bool is an error.
    public func test(_ inputs: Inputs) throws(EvaluationError) -> Bool {
        var frame = frame(inputs)
        return try node.test(&frame, at: range)
    }

    /// What an evaluation came to and took.
    public struct Measured: Sendable {
        public let result: Result<Value, EvaluationError>
        /// Steps, of ``Limits/cost``; where that was passed, one charge more.
        public let cost: Int
        /// Made on the way, of ``Limits/growthBytes``.
        public let growthBytes: Int
    }

    public func measure(_ inputs: Inputs) -> Measured {
        var frame = frame(inputs)
        let result: Result<Value, EvaluationError>
        do throws(EvaluationError) { result = .success(try node.value(&frame)) } catch {
            result = .failure(error.placed(at: range))
        }
        return Measured(
            result: result, cost: frame.meter.cost, growthBytes: frame.meter.growth)
    }

    private func frame(_ inputs: Inputs) -> Frame {
        var values = inputs.values
        // Made for another program, perhaps.
        while values.count < inputNames.count { values.append(nil) }
        return Frame(
            inputs: values,
            locals: localCount == 0 ? [] : Array(repeating: nil, count: localCount),
            meter: Meter(limits))
    }
}
