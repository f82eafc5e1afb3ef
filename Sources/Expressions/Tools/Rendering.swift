import Foundation

/// Values as text, for people and for other programs.
public enum Rendering {
    /// What is longer is cut, and ends in “…”.
    public static let maximumBytes = 1_048_576

    /// As an expression that gives the value, where there is one: `[1, "a", timestamp("…")]`.
    public static func text(of value: Value) -> String {
        var writer = Writer(left: maximumBytes)
        writer.text(value)
        return writer.out
    }

    /// What one value holds many times is written as often: it must have an end.
    static let maximumJSONBytes = 67_108_864

    /// As JSON: texts for what JSON has no word for, base64 for bytes, null for none; a text that says so
    /// for what is too long.
    public static func json(of value: Value) -> String {
        var writer = Writer(left: maximumJSONBytes)
        writer.json(value)
        return writer.left > 0 ? writer.out : "\"(too long to be written)\""
    }
}

/// Writes one value, until there is no room.
private struct Writer {
    var out = ""
    var left: Int

    private mutating func put(_ text: String) {
        guard left > 0 else { return }
        left -= text.utf8.count
        out += left > 0 ? text : "…"
    }

    mutating func text(_ value: Value) {
        guard left > 0 else { return }
        switch value {
        case .type(let type): put(type.name)
        case .optional(let box):
            guard let inner = box.value else { return put("optional.none()") }
            put("optional.of(")
            text(inner)
            put(")")
        case .host(let host): put("\(host.typeName)(\(Printer.quoted(host.text)))")
        case .list(let list):
            put("[")
            for index in 0..<list.count where left > 0 {
                if index > 0 { put(", ") }
                text(list[index])
            }
            put("]")
        case .map(let map):
            put("{")
            for (index, key) in map.keys.enumerated() where left > 0 {
                if index > 0 { put(", ") }
                text(key)
                put(": ")
                text(map.value(at: index))
            }
            put("}")
        default:
            var budget = Int.max
            let tree = PartialEvaluation.tree(of: value, at: .none, &budget)
            put(tree.map { Printer.text(of: $0) } ?? value.typeName)
        }
    }

    mutating func json(_ value: Value) {
        guard left > 0 else { return }
        switch value {
        case .null: put("null")
        case .bool(let own): put(own ? "true" : "false")
        case .int(let own): put(String(own))
        case .uint(let own): put(String(own))
        case .double(let own):
            put(own.isFinite ? "\(own)" : Self.quoted(Conversions.text(of: own)))
        case .string(let own): put(Self.quoted(own))
        case .bytes(let own): put(Self.quoted(Data(own).base64EncodedString()))
        case .timestamp(let own): put(Self.quoted(own.text))
        case .duration(let own): put(Self.quoted(own.text))
        case .decimal(let own): put(Self.quoted(own.text))
        case .type(let own): put(Self.quoted(own.name))
        case .optional(let box): json(box.value ?? .null)
        case .host(let host): put(Self.quoted(host.text))
        case .list(let list):
            put("[")
            for index in 0..<list.count {
                if index > 0 { put(",") }
                json(list[index])
            }
            put("]")
        case .map(let map):
            put("{")
            for (index, key) in map.keys.enumerated() {
                if index > 0 { put(",") }
                name(key, in: map)
                put(":")
                json(map.value(at: index))
            }
            put("}")
        }
    }

    /// A key that is no text is written as one; beside the text itself with its type, such as `int(1)`: a
    /// name that comes twice would lose one of the two.
    private mutating func name(_ key: Value, in map: MapValue) {
        if case .string(let text) = key { return put(Self.quoted(text)) }
        var text = Rendering.json(of: key)
        while map[.string(text)] != nil { text = "\(key.typeName)(\(text))" }
        put(Self.quoted(text))
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
