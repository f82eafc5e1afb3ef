import ArgumentParser
import Expressions
import Foundation

/// Declarations as a file.
struct EnvironmentFile: Decodable {
    let variables: [String: String]?
    let records: [String: [String: String]]?
    let container: String?
    let limits: [String: Int]?

    private static let fields = ["variables", "records", "container", "limits"]
    private static let limitNames = ["sourceBytes", "depth", "cost", "growthBytes", "estimate"]

    static func read(_ path: String) throws -> EnvironmentFile {
        let bytes = try CelOptions.bytes(path)
        let found: Value
        do { found = try JSONView.value(bytes) } catch {
            throw CelComplaint("--env \(path): \(error)")
        }
        if case .map(let map) = found {
            for case .string(let name) in map.keys where !fields.contains(name) {
                throw CelComplaint("--env \(path): there is no field “\(name)”; \(fields)")
            }
        }
        do {
            return try JSONDecoder().decode(EnvironmentFile.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw CelComplaint("--env \(path): \(words(error))")
        }
    }

    private static func words(_ error: DecodingError) -> String {
        guard case .typeMismatch(_, let context) = error, let last = context.codingPath.first else {
            return "an object with \(fields) was expected"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        guard last.stringValue != "limits" else { return "\(path): a whole number was expected" }
        return context.codingPath.count == (last.stringValue == "records" ? 3 : 2)
            ? "\(path): a type was expected as text, such as \"list(int)\"; what has fields is a record of its own"
            : "\(path): another form was expected; longshore cel check --help shows one"
    }

    func apply(to environment: inout Environment) throws {
        var types: [(field: String, type: ValueType)] = []
        for (name, fields) in records ?? [:] {
            var own: [String: ValueType] = [:]
            for (field, text) in fields {
                own[field] = try Self.type(text, "records.\(name).\(field)")
                types.append(("records.\(name).\(field)", own[field] ?? .dyn))
            }
            // On the command line a record is a map with known fields.
            environment.declare(
                name, record: Environment.Record(fields: own) { .map(MapValue(fields: $0)) })
        }
        for (name, text) in variables ?? [:] {
            let type = try Self.type(text, "variables.\(name)")
            types.append(("variables.\(name)", type))
            environment.declare(name, as: type)
        }
        for (field, type) in types {
            if let name = environment.unknownName(in: type) {
                let nearest = environment.typeName(nearestTo: name)
                throw CelComplaint(
                    "--env: \(field): there is no type “\(name)”"
                        + (nearest.map { "; did you mean “\($0)”?" } ?? ""))
            }
        }
        environment.container = container ?? ""
        try applyLimits(to: &environment)
    }

    private func applyLimits(to environment: inout Environment) throws {
        for (name, value) in limits ?? [:] {
            guard value > 0 else { throw CelComplaint("--env: limits.\(name) must be over 0") }
            switch name {
            case "sourceBytes": environment.limits.sourceBytes = value
            case "depth":
                guard value <= Limits().depth else {
                    throw CelComplaint("--env: limits.depth may be up to \(Limits().depth)")
                }
                environment.limits.depth = value
            case "cost": environment.limits.cost = value
            case "growthBytes": environment.limits.growthBytes = value
            case "estimate": environment.limits.estimate = value
            default:
                throw CelComplaint("--env: limits.\(name): there are \(Self.limitNames)")
            }
        }
    }

    private static func type(_ text: String, _ field: String) throws -> ValueType {
        guard let type = ValueType(text) else {
            throw CelComplaint("--env: \(field): “\(text)” is no type, such as map(string, int)")
        }
        guard !type.hasParameter else {
            throw CelComplaint(
                "--env: \(field): “\(text)”: a single capital letter is no type’s name")
        }
        return type
    }
}
