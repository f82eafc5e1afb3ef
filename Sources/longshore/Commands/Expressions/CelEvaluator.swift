import Expressions

/// Works expressions out as the command line does: checked where types are declared.
struct CelEvaluator {
    /// A run and what it took.
    struct Run {
        let result: Result<Value, Trouble>
        let effort: CelEffort
    }

    struct Trouble: Error {
        let code: String
        let message: String
        /// The message with the line and a mark under the place.
        let picture: String
        let position: SourcePosition?

        init(_ issues: ExpressionIssues, _ expression: String) {
            let first = issues.issues.first
            code = first?.code.rawValue ?? "syntax"
            message = issues.issues.map(\.sentence).joined(separator: "; ")
            picture = CelEvaluator.picture(of: issues, in: expression)
            position = first?.position
        }

        init(_ error: EvaluationError, _ expression: String) {
            code = error.code.rawValue
            message = error.message
            position = error.range.map { SourcePosition(of: $0.start, in: expression) }
            picture =
                position.map {
                    CelEvaluator.picture(
                        "\($0.line):\($0.column): \(error.message)", at: $0,
                        Self.width(of: error.range, expression), expression)
                } ?? error.message
        }

        /// In columns, up to the end of the first line.
        private static func width(of range: SourceRange?, _ expression: String) -> Int {
            guard let range else { return 1 }
            let text = expression.utf8.dropFirst(range.start).prefix(range.end - range.start)
                .prefix { $0 != UInt8(ascii: "\n") }
            return String(decoding: text, as: UTF8.self).unicodeScalars.count
        }
    }

    let environment: Environment
    private(set) var values: [String: Value]
    private let isChecked: Bool

    init(_ options: CelOptions) throws {
        environment = try options.environment()
        values = try options.variables(in: environment)
        isChecked = options.env != nil
    }

    mutating func set(_ name: String, to value: Value) { values[name] = value }

    func run(_ expression: String) -> Run {
        var effort = CelEffort(limits: environment.limits)
        let start = ContinuousClock.now
        let compiled = compiled(expression)
        effort.compiling = ContinuousClock.now - start
        guard case .success(let program) = compiled else {
            return Run(result: compiled.map { _ in .null }, effort: effort)
        }
        let inputs = program.inputs(values)
        let begun = ContinuousClock.now
        let measured = program.measure(inputs)
        effort.running = ContinuousClock.now - begun
        (effort.cost, effort.growthBytes) = (measured.cost, measured.growthBytes)
        return Run(
            result: measured.result.mapError { Trouble($0, expression) }, effort: effort)
    }

    private func compiled(_ expression: String) -> Result<Program, Trouble> {
        var environment = environment
        for name in values.keys where environment.variables[name] == nil {
            environment.declare(name, as: .dyn)
        }
        do {
            return .success(
                isChecked
                    ? try environment.compile(expression)
                    : try environment.compileUnchecked(expression))
        } catch let issues as ExpressionIssues {
            return .failure(Trouble(issues, expression))
        } catch let issue as ExpressionIssue {
            return .failure(Trouble(ExpressionIssues([issue]), expression))
        } catch { return .failure(Trouble(ExpressionIssues([]), "\(error)")) }
    }

    /// Each issue with its line of the text and a mark under the place.
    static func picture(of issues: ExpressionIssues, in source: String) -> String {
        issues.issues.map { issue in
            let marks = issue.excerpt.prefix { $0 != "\n" }.count
            return picture(issue.description, at: issue.position, marks, source)
        }.joined(separator: "\n")
    }

    /// - Parameter marks: how many columns are marked.
    static func picture(
        _ words: String, at position: SourcePosition, _ marks: Int, _ source: String
    ) -> String {
        let lines = source.utf8.split(
            separator: UInt8(ascii: "\n"), maxSplits: position.line,
            omittingEmptySubsequences: false)
        guard lines.indices.contains(position.line - 1) else { return words }
        // A character's code points, of which most have one, are up to four bytes.
        let line = Array(
            String(
                decoding: lines[position.line - 1].prefix((position.column + 100) * 4),
                as: UTF8.self
            )
            .unicodeScalars)
        // Of a long line what lies around the place.
        let first = max(0, min(position.column - 1 - 40, line.count - 100))
        let shown = String(String.UnicodeScalarView(line[first..<min(line.count, first + 100)]))
        return words + "\n  | " + (first > 0 ? "…" : "") + shown + "\n  | "
            + String(repeating: " ", count: position.column - 1 - first + (first > 0 ? 1 : 0))
            + String(repeating: "^", count: max(1, min(marks, 60)))
    }
}
