/// An expression as it is kept: its text with the version of the language it was written in.
///
/// The text is what ``Printer`` makes of the tree, so that two that say the same are the same text.
public struct StoredExpression: Sendable, Hashable, Codable {
    /// Goes up when an expression could come to mean something else.
    public static let currentVersion = 1

    public let version: Int
    public let text: String

    enum CodingKeys: String, CodingKey { case version = "celVersion", text = "expression" }

    public init(_ tree: Syntax) {
        version = Self.currentVersion
        text = Printer.text(of: tree)
    }

    /// - Throws: `ExpressionIssue`, also for a version that this release does not know.
    public func tree(in environment: Environment) throws(ExpressionIssue) -> Syntax {
        guard version == Self.currentVersion else {
            throw ExpressionIssue(
                .syntax,
                "the expression is of version \(version) of the language; this release reads "
                    + "\(Self.currentVersion)", at: .none, in: text)
        }
        return try environment.parse(text)
    }
}
