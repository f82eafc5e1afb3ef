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
            {"id": "string", "lines": "list(Line)"}}, "container": "", \
            "sizes": {"order.lines": 50}, "limits": {"cost": 1000}}.
            """)
    var env: String?

    func validate() throws { try validate(beside: nil) }

    /// - Parameter expression: the file it is read from.
    func validate(beside expression: String?) throws {
        guard [vars, env, expression].count(where: { $0 == "-" }) > 1 else { return }
        throw ValidationError("only one of --file, --vars and --env can be the standard input")
    }

    func environment() throws -> Environment {
        try env.map { try EnvironmentFile.environment(at: $0) } ?? .standard
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

    /// Without the mark that some editors put before a text.
    static func bytes(_ path: String) throws -> [UInt8] {
        let bytes = try contents(path)
        return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    static func text(_ path: String) throws -> String {
        let bytes = try bytes(path)
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let good = JSONText.endOfUTF8(bytes) ?? 0
        let place = SourcePosition(
            of: good, in: String(decoding: bytes.prefix(good), as: UTF8.self))
        throw CelComplaint("\(path):\(place.line):\(place.column): this is no UTF-8")
    }

    private static func contents(_ path: String) throws -> [UInt8] {
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
            return try CelOptions.text(path)
        case (nil, nil): throw ValidationError("there is no expression")
        default: throw ValidationError("there is an expression and a --file with one")
        }
    }
}
