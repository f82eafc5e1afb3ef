import Foundation

/// One case of the language's conformance tests.
package struct ConformanceCase: Sendable {
    let row: ConformanceRow

    package init(row: ConformanceRow) { self.row = row }

    private struct Unreadable: Error {
        let what: String
    }

    /// - Returns: what went wrong; `nil` when the case passed.
    package func trouble() -> String? {
        do {
            let wanted =
                try row["eval_error"] == nil && row["any_eval_errors"] == nil
                ? expected() : nil
            switch try result() {
            case .success(let value):
                guard let wanted else {
                    return "an error was expected, \(Rendering.text(of: value)) came"
                }
                if Self.areSame(value, wanted) { return nil }
                return "expected \(Rendering.text(of: wanted)), \(Rendering.text(of: value)) came"
            case .failure(let error):
                return wanted.map { "expected \(Rendering.text(of: $0)), “\(error)” came" }
            }
        } catch let error as Unreadable {
            return "the case cannot be read: \(error.what)"
        } catch { return "\(error)" }
    }

    private func expected() throws -> Value {
        guard let value = row.row("value") ?? row.row("typed_result")?.row("result") else {
            return .bool(true)
        }
        return try Self.value(value)
    }

    private func result() throws -> Result<Value, any Error> {
        var environment = Environment.standard
        environment.container = row.text("container")
        var values: [String: Value] = [:]
        if let bindings = row.row("bindings") {
            for key in bindings.map.keys {
                guard case .string(let name) = key,
                    let bound = bindings.row(name)?.row("value")
                else { continue }
                values[name] = try Self.value(bound)
                environment.declare(name, as: .dyn)
            }
        }
        for declaration in row.rows("type_env") {
            guard let type = declaration.row("ident")?.row("type") else { continue }
            environment.declare(declaration.text("name"), as: Self.type(type))
        }
        do {
            let source = row.text("expr")
            let program =
                row.isTrue("disable_check")
                ? try environment.compileUnchecked(source) : try environment.compile(source)
            return .success(try program.evaluate(values))
        } catch { return .failure(error) }
    }

    // MARK: - Values

    private static func value(_ row: ConformanceRow) throws -> Value {
        guard let (name, content) = row.choice else { throw Unreadable(what: "an empty value") }
        switch (name, content) {
        case ("null_value", _): return .null
        case ("bool_value", .bool): return content
        case ("int64_value", _):
            guard let number = Int64(plain(content)) else { throw Unreadable(what: name) }
            return .int(number)
        case ("uint64_value", _):
            guard let number = UInt64(plain(content)) else { throw Unreadable(what: name) }
            return .uint(number)
        case ("double_value", _):
            guard let number = Double(plain(content)) else { throw Unreadable(what: name) }
            return .double(number)
        case ("string_value", .string): return content
        case ("bytes_value", .string(let text)):
            guard let data = Data(base64Encoded: text) else { throw Unreadable(what: name) }
            return .bytes(Array(data))
        case ("type_value", .string(let text)): return .type(TypeName(text))
        case ("list_value", _):
            return .list(try ConformanceRow(content)?.rows("values").map { try value($0) } ?? [])
        case ("map_value", _): return try map(ConformanceRow(content)?.rows("entries") ?? [])
        case ("object_value", _): return try object(ConformanceRow(content))
        default: throw Unreadable(what: name)
        }
    }

    private static func map(_ entries: [ConformanceRow]) throws -> Value {
        let pairs = try entries.map { entry in
            guard let key = entry.row("key"), let content = entry.row("value") else {
                throw Unreadable(what: "map_value")
            }
            return (key: try value(key), value: try value(content))
        }
        guard let map = MapValue(pairs) else { throw Unreadable(what: "map_value") }
        return .map(map)
    }

    private static func object(_ row: ConformanceRow?) throws -> Value {
        let text = row?.text("value") ?? ""
        switch row?.text("@type").split(separator: "/").last {
        case "google.protobuf.Duration":
            if let span = Span(text) { return .duration(span) }
        case "google.protobuf.Timestamp":
            if let moment = Timestamp(text) { return .timestamp(moment) }
        default: break
        }
        throw Unreadable(what: "object_value")
    }

    private static func plain(_ value: Value) -> String {
        if case .string(let text) = value { return text }
        return Rendering.json(of: value)
    }

    /// Of one type and equal, NaN with itself and 0.0 not with -0.0.
    private static func areSame(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.double(let a), .double(let b)):
            return a.isNaN ? b.isNaN : a == b && a.sign == b.sign
        case (.list(let a), .list(let b)):
            return a.count == b.count && (0..<a.count).allSatisfy { areSame(a[$0], b[$0]) }
        case (.map(let a), .map(let b)):
            return a.count == b.count
                && a.keys.allSatisfy { key in
                    guard let one = a[key], let other = b[key] else { return false }
                    return areSame(one, other)
                }
        default: return left.typeName == right.typeName && Value.areEqual(left, right)
        }
    }

    // MARK: - Types

    private static let primitives: [String: ValueType] = [
        "BOOL": .bool, "INT64": .int, "UINT64": .uint, "DOUBLE": .double, "STRING": .string,
        "BYTES": .bytes,
    ]

    private static func type(_ row: ConformanceRow) -> ValueType {
        guard let (name, content) = row.choice else { return .dyn }
        switch (name, content) {
        case ("primitive", .string(let text)): return primitives[text] ?? .dyn
        case ("null", _): return .null
        case ("list_type", _):
            return .list(ConformanceRow(content)?.row("elem_type").map { type($0) } ?? .dyn)
        case ("map_type", _):
            let inner = ConformanceRow(content)
            return .map(
                key: inner?.row("key_type").map { type($0) } ?? .dyn,
                value: inner?.row("value_type").map { type($0) } ?? .dyn)
        case ("well_known", .string("TIMESTAMP")): return .timestamp
        case ("well_known", .string("DURATION")): return .duration
        case ("abstract_type", _):
            guard let inner = ConformanceRow(content), inner.text("name") == "optional_type" else {
                return .dyn
            }
            return .optional(inner.rows("parameter_types").first.map { type($0) } ?? .dyn)
        default: return .dyn
        }
    }
}
