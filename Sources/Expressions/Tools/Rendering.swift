import Foundation

/// Values as text, for people and for other programs.
public enum Rendering {
    /// As an expression that gives the value, where there is one: `[1, "a", timestamp("…")]`.
    public static func text(of value: Value) -> String {
        if let tree = PartialEvaluation.tree(of: value, at: .none) { return Printer.text(of: tree) }
        switch value {
        case .type(let type): return type.name
        case .optional(let box):
            return box.value.map { "optional.of(\(text(of: $0)))" } ?? "optional.none()"
        case .host(let host): return "\(host.typeName)(\(Printer.quoted(host.text)))"
        case .list(let list): return "[" + list.values.map(text).joined(separator: ", ") + "]"
        case .map(let map):
            let entries = map.keys.enumerated().map { index, key in
                "\(text(of: key)): \(text(of: map.value(at: index)))"
            }
            return "{" + entries.joined(separator: ", ") + "}"
        default: return value.typeName
        }
    }

    /// As JSON: texts for what JSON has no word for, base64 for bytes, null for none.
    public static func json(of value: Value) -> String {
        switch value {
        case .null: return "null"
        case .bool(let own): return own ? "true" : "false"
        case .int(let own): return String(own)
        case .uint(let own): return String(own)
        case .double(let own): return own.isFinite ? "\(own)" : quoted(Conversions.text(of: own))
        case .string(let own): return quoted(own)
        case .bytes(let own): return quoted(Data(own).base64EncodedString())
        case .timestamp(let own): return quoted(own.text)
        case .duration(let own): return quoted(own.text)
        case .decimal(let own): return quoted(own.text)
        case .type(let own): return quoted(own.name)
        case .optional(let box): return box.value.map(json) ?? "null"
        case .host(let host): return quoted(host.text)
        case .list(let list): return "[" + list.values.map(json).joined(separator: ",") + "]"
        case .map(let map):
            let entries = map.keys.enumerated().map { index, key in
                "\(name(of: key)):\(json(of: map.value(at: index)))"
            }
            return "{" + entries.joined(separator: ",") + "}"
        }
    }

    private static func name(of key: Value) -> String {
        if case .string(let text) = key { return quoted(text) }
        return quoted(json(of: key))
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
