import ArgumentParser
import Expressions

struct CelCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Finds what is wrong with an expression, and its type.",
        discussion: "Exits 1 when something is wrong. Each line is LINE:COLUMN: what is wrong.")

    @OptionGroup var source: CelSource
    @OptionGroup var options: CelOptions
    @Flag(help: "Print JSON: {type, reads, cost: {least, most}}, or {issues}.") var json = false

    func validate() throws { try options.validate(beside: source.file) }

    func run() async throws {
        let expression = try source.text()
        var environment = try options.environment()
        for name in try options.variables(in: environment).keys
        where environment.variables[name] == nil {
            environment.declare(name, as: .dyn)
        }
        do {
            let (tree, type) = try environment.check(expression)
            let reads = ReadPaths.of(tree, in: environment)
            let cost = CostEstimate.of(tree, in: environment)
            if json {
                let paths = Rendering.json(of: .list(reads.map { .string($0) }))
                print(
                    "{\"type\":\"\(type.text)\",\"reads\":\(paths),"
                        + "\"cost\":{\"least\":\(cost.lowerBound),\"most\":\(cost.upperBound)}}")
            } else {
                print(type.text)
                if !reads.isEmpty { print("reads \(reads.joined(separator: ", "))") }
                print("takes \(cost.lowerBound) to \(cost.upperBound) steps")
            }
        } catch {
            if json {
                let items = error.issues.map { issue in
                    "{\"code\":\"\(issue.code.rawValue)\",\"line\":\(issue.position.line),"
                        + "\"column\":\(issue.position.column),"
                        + "\"message\":\(Rendering.json(of: .string(issue.message))),"
                        + "\"text\":\(Rendering.json(of: .string(issue.excerpt))),"
                        + "\"suggestion\":"
                        + "\(issue.suggestion.map { Rendering.json(of: .string($0)) } ?? "null")}"
                }
                print("{\"issues\":[\(items.joined(separator: ","))]}")
            } else {
                print(CelEvaluator.picture(of: error, in: expression))
                if options.env == nil, error.issues.contains(where: { $0.code == .undeclaredName })
                {
                    print("What there is says --env FILE, with types, or --vars FILE.")
                }
            }
            throw ExitCode(1)
        }
    }
}
