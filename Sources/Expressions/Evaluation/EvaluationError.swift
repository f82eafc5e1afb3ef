/// Why an expression has no value.
public struct EvaluationError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case noSuchOverload, noSuchKey, noSuchField, undeclaredReference, unknownFunction
        case divisionByZero, overflow, outOfRange, invalidArgument
        case duplicateKey, unsupportedKey, conversion
        /// One of ``Limits`` was passed; never absorbed by `&&` and `||`.
        case limitExceeded
    }

    public let code: Code
    /// One sentence, for people.
    public let message: String
    /// Where in the text; `nil` where it was not compiled from one.
    public internal(set) var range: SourceRange?

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    static func noOverload(_ name: String, _ arguments: Value...) -> EvaluationError {
        noOverload(name, of: arguments)
    }

    static func noOverload(_ name: String, of arguments: [Value]) -> EvaluationError {
        let types = arguments.map(\.plainTypeName).joined(separator: ", ")
        return EvaluationError(.noSuchOverload, "there is no \(name) of (\(types))")
    }

    static func noKey(_ key: Value) -> EvaluationError {
        let text =
            switch key {
            case .string(let name): "“\(String(name.prefix(60)))”"
            case .int(let number): "\(number)"
            case .uint(let number): "\(number)u"
            default: "of type \(key.plainTypeName)"
            }
        return EvaluationError(.noSuchKey, "no such key: \(text)")
    }

    static let overflow = EvaluationError(.overflow, "the result does not fit in its type")

    func placed(at range: SourceRange) -> EvaluationError {
        guard self.range == nil else { return self }
        var placed = self
        placed.range = range
        return placed
    }
}
