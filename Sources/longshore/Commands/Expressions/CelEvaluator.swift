import Expressions

/// Works expressions out as the command line does: checked where types are declared.
struct CelEvaluator {
    struct Outcome {
        let value: Value
        let cost: Int
    }

    struct Trouble: Error {
        let code: String
        let message: String
    }

    let environment: Environment
    private(set) var values: [String: Value]
    private let isChecked: Bool

    init(_ options: CelOptions) throws {
        environment = try options.environment()
        values = try options.variables()
        isChecked = options.env != nil
    }

    mutating func set(_ name: String, to value: Value) { values[name] = value }

    func run(_ expression: String) -> Result<Outcome, Trouble> {
        var environment = environment
        for name in values.keys where environment.variables[name] == nil {
            environment.declare(name, as: .dyn)
        }
        let program: Program
        do {
            program =
                isChecked
                ? try environment.compile(expression)
                : try environment.compileUnchecked(expression)
        } catch let issues as ExpressionIssues {
            let code = issues.issues.first?.code.rawValue ?? "syntax"
            return .failure(
                Trouble(code: code, message: Self.picture(of: issues, in: expression)))
        } catch let issue as ExpressionIssue {
            let issues = ExpressionIssues([issue])
            return .failure(
                Trouble(
                    code: issue.code.rawValue, message: Self.picture(of: issues, in: expression)))
        } catch { return .failure(Trouble(code: "syntax", message: "\(error)")) }
        let (result, cost) = program.measure(program.inputs(values))
        switch result {
        case .success(let value): return .success(Outcome(value: value, cost: cost))
        case .failure(let error):
            var message = error.message
            if let range = error.range {
                let position = SourcePosition(of: range.start, in: expression)
                message = "\(position.line):\(position.column): \(message)"
            }
            return .failure(Trouble(code: error.code.rawValue, message: message))
        }
    }

    /// Each issue with its line of the text and a mark under the place.
    static func picture(of issues: ExpressionIssues, in source: String) -> String {
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        return issues.issues.map { issue in
            let index = issue.position.line - 1
            guard lines.indices.contains(index), lines[index].utf8.count < 200 else {
                return issue.description
            }
            let marks = max(1, min(issue.excerpt.prefix { $0 != "\n" }.count, 60))
            return issue.description + "\n  | " + lines[index] + "\n  | "
                + String(repeating: " ", count: issue.position.column - 1)
                + String(repeating: "^", count: marks)
        }.joined(separator: "\n")
    }
}
