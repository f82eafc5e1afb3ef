import ArgumentParser
import Expressions
import Foundation

struct CelEvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Works an expression out.",
        discussion: """
            Checked first where --env declares variables; otherwise what does not fit fails when it \
            is reached. Exits 1 when there is no value.
            """)

    @OptionGroup var source: CelSource
    @OptionGroup var options: CelOptions
    @Flag(help: "Print JSON: {value, type, cost}, or {error, code, line, column}.") var json = false

    func run() async throws {
        let evaluator = try CelEvaluator(options)
        switch evaluator.run(try source.text()) {
        case .success(let outcome):
            print(
                json
                    ? "{\"value\":\(Rendering.json(of: outcome.value)),"
                        + "\"type\":\"\(outcome.value.typeName)\",\"cost\":\(outcome.cost)}"
                    : Rendering.text(of: outcome.value))
        case .failure(let trouble):
            if json {
                let message = Rendering.json(of: .string(trouble.message))
                let place = trouble.position.map {
                    ",\"line\":\($0.line),\"column\":\($0.column)"
                }
                print("{\"error\":\(message),\"code\":\"\(trouble.code)\"\(place ?? "")}")
            } else {
                FileHandle.standardError.write(Data((trouble.picture + "\n").utf8))
            }
            throw ExitCode(1)
        }
    }
}
