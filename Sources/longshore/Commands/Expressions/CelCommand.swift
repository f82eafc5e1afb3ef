import ArgumentParser
import Expressions
import Foundation
import Glibc

struct CelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cel",
        abstract: "Tries out expressions in CEL, the language of mappings, rules and filters.",
        discussion: """
            docs/expressions.md is the language in two pages, with every function and an example.

              longshore cel eval '1 + 2'
              longshore cel eval 'order.lines.exists(l, l.quantity > 5)' --vars order.json
              longshore cel check 'order.adress.country' --env order.env.json
              longshore cel repl --vars order.json
            """,
        subcommands: [
            CelEvalCommand.self, CelCheckCommand.self, CelReplCommand.self,
            CelConformanceCommand.self,
        ])
}

/// What an expression may use, from files.
struct CelOptions: ParsableArguments {
    @Option(
        help: """
            JSON file with an object: each of its fields is a variable. Numbers without a point are ints.
            """)
    var vars: String?

    @Option(
        help: """
            JSON file that declares types: {"variables": {"order": "Order"}, "records": {"Order": \
            {"id": "string", "lines": "list(Line)"}}, "container": "", "limits": {"cost": 1000}}.
            """)
    var env: String?

    func environment() throws -> Environment {
        var environment = Environment.standard
        if let env { try EnvironmentFile.read(env).apply(to: &environment) }
        return environment
    }

    func variables() throws -> [String: Value] {
        guard let vars else { return [:] }
        let found: Value
        do { found = try JSONView.value(try Self.bytes(vars)) } catch let error as EvaluationError {
            throw ValidationError("--vars \(vars): \(error)")
        }
        guard case .map(let map) = found else {
            throw ValidationError("--vars \(vars): it is no object")
        }
        var values: [String: Value] = [:]
        for key in map.keys {
            if case .string(let name) = key { values[name] = map[key] }
        }
        return values
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(path) cannot be read")
        }
        return Array(data)
    }
}

/// Declarations as a file.
struct EnvironmentFile: Decodable {
    let variables: [String: String]?
    let records: [String: [String: String]]?
    let container: String?
    let limits: [String: Int]?

    static func read(_ path: String) throws -> EnvironmentFile {
        do {
            return try JSONDecoder().decode(
                EnvironmentFile.self, from: Data(try CelOptions.bytes(path)))
        } catch let error as DecodingError {
            throw ValidationError("--env \(path): \(Self.words(error))")
        }
    }

    private static func words(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .keyNotFound(_, let context), .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return (path.isEmpty ? "" : path + ": ") + context.debugDescription
        @unknown default: return "it cannot be read"
        }
    }

    func apply(to environment: inout Environment) throws {
        for (name, fields) in records ?? [:] {
            var types: [String: ValueType] = [:]
            for (field, text) in fields {
                types[field] = try Self.type(text, "records.\(name).\(field)")
            }
            environment.declare(name, record: Environment.Record(fields: types))
        }
        for (name, text) in variables ?? [:] {
            environment.declare(name, as: try Self.type(text, "variables.\(name)"))
        }
        environment.container = container ?? ""
        for (name, value) in limits ?? [:] {
            guard value > 0 else { throw ValidationError("limits.\(name) must be over 0") }
            switch name {
            case "sourceBytes": environment.limits.sourceBytes = value
            case "depth": environment.limits.depth = min(value, 96)
            case "cost": environment.limits.cost = value
            case "growthBytes": environment.limits.growthBytes = value
            case "estimate": environment.limits.estimate = value
            default:
                throw ValidationError(
                    "limits.\(name): there are sourceBytes, depth, cost, growthBytes and estimate")
            }
        }
    }

    private static func type(_ text: String, _ field: String) throws -> ValueType {
        guard let type = ValueType(text) else {
            throw ValidationError("\(field): “\(text)” is no type, such as map(string, int)")
        }
        return type
    }
}

struct CelEvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Works an expression out.",
        discussion: """
            Checked first where --env declares variables; otherwise what does not fit fails when it \
            is reached. Exits 1 when there is no value.
            """)

    @Argument(help: "The expression.") var expression: String
    @OptionGroup var options: CelOptions
    @Flag(help: "Print JSON: {value, type, cost}, or {error, code}.") var json = false

    func run() async throws {
        let evaluator = try CelEvaluator(options)
        switch evaluator.run(expression) {
        case .success(let outcome):
            print(
                json
                    ? "{\"value\":\(Rendering.json(of: outcome.value)),"
                        + "\"type\":\"\(outcome.value.typeName)\",\"cost\":\(outcome.cost)}"
                    : Rendering.text(of: outcome.value))
        case .failure(let trouble):
            if json {
                let message = Rendering.json(of: .string(trouble.message))
                print("{\"error\":\(message),\"code\":\"\(trouble.code)\"}")
            } else {
                FileHandle.standardError.write(Data((trouble.message + "\n").utf8))
            }
            throw ExitCode(1)
        }
    }
}

struct CelCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Finds what is wrong with an expression, and its type.",
        discussion: "Exits 1 when something is wrong. Each line is LINE:COLUMN: what is wrong.")

    @Argument(help: "The expression.") var expression: String
    @OptionGroup var options: CelOptions
    @Flag(help: "Print JSON: {type, reads, cost: {least, most}}, or {issues}.") var json = false

    func run() async throws {
        var environment = try options.environment()
        for name in try options.variables().keys where environment.variables[name] == nil {
            environment.declare(name, as: .dyn)
        }
        do {
            let (tree, type) = try environment.check(expression)
            let reads = ReadPaths.of(tree, in: environment)
            let cost = CostEstimate.of(tree)
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
            }
            throw ExitCode(1)
        }
    }
}
