import ArgumentParser
import Expressions
import Foundation
import Glibc

struct CelReplCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repl", abstract: "Reads expressions, one to a line, and answers each.",
        discussion: """
            NAME = EXPR keeps a value under a name. :vars lists the names, :type EXPR says the type, \
            :reads EXPR what it reads, :fold EXPR what is left of it, :help these words, :quit ends, \
            as does the end of the input.
            """)

    @OptionGroup var options: CelOptions

    func run() async throws {
        var session = CelSession(evaluator: try CelEvaluator(options))
        let isTerminal = isatty(STDIN_FILENO) == 1
        if isTerminal { print("CEL. :help says what can be asked, :quit ends.") }
        while true {
            if isTerminal {
                print("> ", terminator: "")
                fflush(nil)
            }
            guard let line = readLine() else { return }
            guard let answer = session.answer(line.trimmingCharacters(in: .whitespaces)) else {
                return
            }
            if !answer.isEmpty { print(answer) }
        }
    }
}

/// One conversation.
struct CelSession {
    var evaluator: CelEvaluator

    /// - Returns: what to print; `nil` where it ends.
    mutating func answer(_ line: String) -> String? {
        if line.isEmpty || line.hasPrefix("//") { return "" }
        if ["help", "quit", "exit"].contains(line), evaluator.values[line] == nil {
            return "write :\(line == "exit" ? "quit" : line), so that \(line) may be a name"
        }
        guard line.hasPrefix(":") else { return value(line) }
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count > 1 ? words[1] : ""
        switch words[0] {
        case ":quit", ":q": return nil
        case ":help":
            return """
                EXPR          its value
                NAME = EXPR   keeps the value under the name
                :vars         names and their values
                :type EXPR    its type
                :reads EXPR   the variables and fields it reads
                :fold EXPR    what is left once all that is known is worked out
                :quit         ends
                """
        case ":vars":
            return evaluator.values.sorted { $0.key < $1.key }
                .map { name, value in
                    let text = Rendering.text(of: value)
                    return "\(name) = \(text.prefix(100))\(text.count > 100 ? " …" : "")"
                }
                .joined(separator: "\n")
        case ":type", ":reads", ":fold": return about(rest, words[0])
        default: return "there is no \(words[0]); :help says what there is"
        }
    }

    private var environment: Environment {
        var environment = evaluator.environment
        for name in evaluator.values.keys where environment.variables[name] == nil {
            environment.declare(name, as: .dyn)
        }
        return environment
    }

    private func about(_ expression: String, _ question: String) -> String {
        do {
            let tree = try environment.parse(expression)
            switch question {
            case ":reads": return ReadPaths.of(tree, in: environment).joined(separator: "\n")
            case ":fold":
                let left = PartialEvaluation.residual(
                    of: tree, knowing: evaluator.values, in: environment)
                return Printer.text(of: left)
            default: return try environment.check(expression).1.text
            }
        } catch let issues as ExpressionIssues {
            return CelEvaluator.picture(of: issues, in: expression)
        } catch { return "\(error)" }
    }

    private mutating func value(_ line: String) -> String {
        var expression = line
        var name: String?
        if let sign = line.firstIndex(of: "="), sign > line.startIndex {
            let next = line.index(after: sign)
            let left = line[..<sign].trimmingCharacters(in: .whitespaces)
            // What can be read again as a name, and not as true, null or a type.
            let isName =
                if case .name(left, isRooted: false)? = try? environment.parse(left).kind {
                    true
                } else { false }
            if isName, next < line.endIndex, line[next] != "=" {
                name = left
                expression = String(line[next...])
            }
        }
        switch evaluator.run(expression).result {
        case .success(let value):
            if let name { evaluator.set(name, to: value) }
            return Rendering.text(of: value)
        case .failure(let trouble): return trouble.picture
        }
    }
}
