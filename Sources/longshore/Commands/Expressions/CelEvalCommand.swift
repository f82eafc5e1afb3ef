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
    @Flag(help: "Say what it took, of its limits, on the standard error.") var effort = false
    @Flag(
        help: """
            Print JSON: {value, type, …} or {error, code, line, column, …}, with cost, growthBytes, \
            compileMilliseconds, runMilliseconds and peakBytes of the process.
            """)
    var json = false

    func validate() throws { try options.validate(beside: source.file) }

    func run() async throws {
        let run = try CelEvaluator(options).run(try source.text())
        if json { print("{\(fields(of: run.result)),\(run.effort.json)}") } else { say(run) }
        if effort, !json { Self.complain(run.effort.text) }
        if case .failure = run.result { throw ExitCode(1) }
    }

    private func fields(of result: Result<Value, CelEvaluator.Trouble>) -> String {
        switch result {
        case .success(let value):
            return "\"value\":\(Rendering.json(of: value)),\"type\":\"\(value.typeName)\""
        case .failure(let trouble):
            let message = Rendering.json(of: .string(trouble.message))
            let place = trouble.position.map { ",\"line\":\($0.line),\"column\":\($0.column)" }
            return "\"error\":\(message),\"code\":\"\(trouble.code)\"\(place ?? "")"
        }
    }

    private func say(_ run: CelEvaluator.Run) {
        switch run.result {
        case .success(let value): print(Rendering.text(of: value))
        case .failure(let trouble): Self.complain(trouble.picture)
        }
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
