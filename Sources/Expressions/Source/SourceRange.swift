/// Where something stands in a source text: UTF-8 offsets, the end not included.
public struct SourceRange: Sendable, Hashable {
    public let start: Int
    public let end: Int

    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }

    /// Of what nobody wrote, such as a tree made by a program.
    public static let none = SourceRange(0, 0)
}

/// A line and a column, both from 1; columns count Unicode code points.
public struct SourcePosition: Sendable, Hashable {
    public let line: Int
    public let column: Int

    /// - Parameter offset: in UTF-8; one past the end is the end.
    public init(of offset: Int, in source: String) {
        var line = 1
        var column = 1
        var place = 0
        for scalar in source.unicodeScalars {
            guard place < offset else { break }
            place += UTF8.width(scalar)
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        self.line = line
        self.column = column
    }
}
