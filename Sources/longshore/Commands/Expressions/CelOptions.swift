import ArgumentParser
import Expressions
import Foundation
import Glibc

/// What an expression may use, from files.
struct CelOptions: ParsableArguments {
    @Option(
        help: """
            JSON file with an object: each of its fields is a variable; “-” is the standard input. Numbers \
            without a point are ints. Where --env declares a type, texts become moments, durations, \
            decimals and money as it says, and what does not fit is refused.
            """)
    var vars: String?

    @Option(
        help: """
            JSON file that declares types: {"variables": {"order": "Order"}, "records": {"Order": \
            {"id": "string", "lines": "list(Line)"}}, "container": "", "limits": {"cost": 1000}}.
            """)
    var env: String?

    func validate() throws {
        if vars == "-", env == "-" {
            throw ValidationError("--vars and --env cannot both be the standard input")
        }
    }

    func environment() throws -> Environment {
        var environment = Environment.standard
        if let env { try EnvironmentFile.read(env).apply(to: &environment) }
        return environment
    }

    func variables(in environment: Environment) throws -> [String: Value] {
        guard let vars else { return [:] }
        let found: Value
        do { found = try JSONView.value(try Self.bytes(vars)) } catch let error as EvaluationError {
            throw CelComplaint("--vars \(vars): \(error)")
        }
        guard case .map(let map) = found else {
            throw CelComplaint("--vars \(vars): it is no object")
        }
        var values: [String: Value] = [:]
        for key in map.keys {
            guard case .string(let name) = key, let value = map[key] else { continue }
            do {
                let type = environment.variables[name] ?? .dyn
                if environment.isMissing(value, as: type) { continue }
                values[name] = try environment.conformed(value, to: type, at: name)
            } catch { throw CelComplaint("--vars \(vars): \(error)") }
        }
        return values
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        do {
            if path == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw CelComplaint("\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            defer { try? handle.close() }
            return Array(try handle.readToEnd() ?? Data())
        } catch let complaint as CelComplaint { throw complaint } catch {
            throw CelComplaint("\(path) cannot be read: it is no file with text")
        }
    }
}

/// The expression itself, from the command line or a file.
struct CelSource: ParsableArguments {
    @Argument(help: "The expression; one that begins with a minus stands after “--”.")
    var expression: String?

    @Option(help: "A file with the expression, in its place; “-” is the standard input.")
    var file: String?

    func text() throws -> String {
        switch (expression, file) {
        case (let text?, nil): return text
        case (nil, let path?):
            return String(decoding: try CelOptions.bytes(path), as: UTF8.self)
        case (nil, nil): throw ValidationError("there is no expression")
        default: throw ValidationError("there is an expression and a --file with one")
        }
    }
}
