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
        if case .map(let map)? = try? JSONView.value(bytes) {
            for case .string(let name) in map.keys where !fields.contains(name) {
                throw ValidationError("--env \(path): there is no field “\(name)”; \(fields)")
            }
        }
        do {
            return try JSONDecoder().decode(EnvironmentFile.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw ValidationError("--env \(path): \(words(error))")
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
                throw ValidationError("--env: \(field): there is no type “\(name)”")
            }
        }
        environment.container = container ?? ""
        try applyLimits(to: &environment)
    }

    private func applyLimits(to environment: inout Environment) throws {
        for (name, value) in limits ?? [:] {
            guard value > 0 else { throw ValidationError("--env: limits.\(name) must be over 0") }
            switch name {
            case "sourceBytes": environment.limits.sourceBytes = value
            case "depth": environment.limits.depth = min(value, Limits().depth)
            case "cost": environment.limits.cost = value
            case "growthBytes": environment.limits.growthBytes = value
            case "estimate": environment.limits.estimate = value
            default:
                throw ValidationError("--env: limits.\(name): there are \(Self.limitNames)")
            }
        }
    }

    private static func type(_ text: String, _ field: String) throws -> ValueType {
        guard let type = ValueType(text) else {
            throw ValidationError("--env: \(field): “\(text)” is no type, such as map(string, int)")
        }
        guard !type.hasParameter else {
            throw ValidationError(
                "--env: \(field): “\(text)”: a single capital letter is no type’s name")
        }
        return type
    }
}
