/// What is wrong with an expression, found before it runs.
public struct ExpressionIssue: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case syntax
        case tooLong, tooDeep, tooCostly
        case undeclaredName, unknownField, unknownFunction, noMatchingOverload
        case typeMismatch, invalidMacro, invalidLiteral
    }

    public let code: Code
    /// One sentence, for people.
    public let message: String
    public let range: SourceRange
    public let position: SourcePosition
    /// The text it is about, at most 40 code points of it.
    public let excerpt: String
    /// What was probably meant.
    public let suggestion: String?

    init(
        _ code: Code, _ message: String, at range: SourceRange, in source: String,
        suggestion: String? = nil
    ) {
        self.code = code
        self.message = message
        self.range = range
        self.suggestion = suggestion
        position = SourcePosition(of: range.start, in: source)
        let bytes = Array(source.utf8)
        let start = min(max(range.start, 0), bytes.count)
        let end = min(max(range.end, start), bytes.count)
        let text = String(decoding: bytes[start..<min(end, start + 200)], as: UTF8.self)
        let short = String(String.UnicodeScalarView(text.unicodeScalars.prefix(40)))
        excerpt = short
    }

    /// `unknown field “adress”; did you mean “address”?`
    public var sentence: String {
        message + (suggestion.map { "; did you mean “\($0)”?" } ?? "")
    }

    /// `2:14: unknown field “adress”; did you mean “address”?`
    public var description: String { "\(position.line):\(position.column): \(sentence)" }
}

/// All that is wrong with an expression, in the order of its text.
public struct ExpressionIssues: Error, Sendable, CustomStringConvertible {
    public let issues: [ExpressionIssue]

    public init(_ issues: [ExpressionIssue]) { self.issues = issues }

    public var description: String { issues.map(\.description).joined(separator: "\n") }
}
