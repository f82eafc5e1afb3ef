/// What kind of value an expression has, as far as it is known before it runs.
public indirect enum ValueType: Sendable, Hashable {
    /// Known only when it runs.
    case dyn
    case null, bool, int, uint, double, string, bytes, timestamp, duration, decimal
    case list(ValueType)
    case map(key: ValueType, value: ValueType)
    case optional(ValueType)
    /// The type of types.
    case type(ValueType?)
    /// A declared record or another named type of the host.
    case named(String)
    /// Stands for one and the same type throughout a signature.
    case parameter(String)

    /// As it is written in declarations: `map(string, list(int))`.
    public var text: String {
        switch self {
        case .dyn: "dyn"
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .decimal: "decimal"
        case .list(let element): "list(\(element.text))"
        case .map(let key, let value): "map(\(key.text), \(value.text))"
        case .optional(let value): "optional(\(value.text))"
        case .type(let type): type.map { "type(\($0.text))" } ?? "type"
        case .named(let name): name
        case .parameter(let name): name
        }
    }

    /// `an int`, `a list(int)`.
    var textWithArticle: String {
        let isVowel = text.first.map { "aeioAEIO".contains($0) } ?? false
        return (isVowel ? "an " : "a ") + text
    }

    /// Reads ``text``; a single capital letter is a parameter, other words are named types.
    /// - Returns: `nil` for what is no type.
    public init?(_ text: String) {
        var reader = SignatureReader(text)
        guard let type = reader.type(), reader.isAtEnd else { return nil }
        self = type
    }

    /// Whether it stands for any type, or holds what does: so only in a function’s signature.
    package var hasParameter: Bool {
        switch self {
        case .parameter: true
        case .list(let element): element.hasParameter
        case .map(let key, let value): key.hasParameter || value.hasParameter
        case .optional(let value): value.hasParameter
        case .type(let inner): inner?.hasParameter ?? false
        default: false
        }
    }

    static let simple: [String: ValueType] = [
        "dyn": .dyn, "null_type": .null, "bool": .bool, "int": .int, "uint": .uint,
        "double": .double, "string": .string, "bytes": .bytes, "timestamp": .timestamp,
        "google.protobuf.Timestamp": .timestamp, "duration": .duration,
        "google.protobuf.Duration": .duration, "decimal": .decimal, "type": .type(nil),
    ]
}

/// One way to call a function.
public struct Signature: Sendable, Hashable {
    public let isMember: Bool
    /// The target first, where it is a member.
    public let parameters: [ValueType]
    public let result: ValueType
    /// Whether a type parameter stands in it.
    let isGeneric: Bool

    init(isMember: Bool, parameters: [ValueType], result: ValueType) {
        self.isMember = isMember
        self.parameters = parameters
        self.result = result
        isGeneric = parameters.contains { $0.hasParameter } || result.hasParameter
    }

    /// Reads `string.indexOf(string, int) -> int` or `size(list(A)) -> int`.
    /// - Returns: the function's name with the signature; `nil` for what is none.
    public static func read(_ text: String) -> (name: String, signature: Signature)? {
        var reader = SignatureReader(text)
        return reader.signature()
    }
}

/// Reads types and signatures.
struct SignatureReader {
    private let scalars: [Unicode.Scalar]
    private var place = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var isAtEnd: Bool { place == scalars.count }

    private mutating func skipBlanks() {
        while place < scalars.count, scalars[place] == " " { place += 1 }
    }

    private mutating func take(_ text: String) -> Bool {
        skipBlanks()
        let wanted = Array(text.unicodeScalars)
        guard scalars[place...].starts(with: wanted) else { return false }
        place += wanted.count
        return true
    }

    private mutating func word() -> String {
        skipBlanks()
        let start = place
        while place < scalars.count,
            scalars[place].properties.isAlphabetic || scalars[place] == "_"
                || ("0"..."9").contains(scalars[place]) || scalars[place] == "."
        {
            place += 1
        }
        return String(String.UnicodeScalarView(scalars[start..<place]))
    }

    private static func isParameter(_ name: String) -> Bool {
        name.utf8.count == 1 && name.utf8.allSatisfy { (0x41...0x5A).contains($0) }
    }

    private var level = 0

    mutating func type() -> ValueType? {
        level += 1
        defer { level -= 1 }
        guard level <= 32 else { return nil }
        let name = word()
        guard !name.isEmpty, !name.hasPrefix("."), !name.hasSuffix(".") else { return nil }
        guard take("(") else {
            if let simple = ValueType.simple[name] { return simple }
            switch name {
            case "list": return .list(.dyn)
            case "map": return .map(key: .dyn, value: .dyn)
            default: return Self.isParameter(name) ? .parameter(name) : .named(name)
            }
        }
        var arguments: [ValueType] = []
        repeat {
            guard let argument = type() else { return nil }
            arguments.append(argument)
        } while take(",")
        guard take(")") else { return nil }
        switch (name, arguments.count) {
        case ("list", 1): return .list(arguments[0])
        case ("optional", 1), ("optional_type", 1): return .optional(arguments[0])
        case ("map", 2): return .map(key: arguments[0], value: arguments[1])
        case ("type", 1): return .type(arguments[0])
        default: return nil
        }
    }

    /// A target is a type, a dot and a name: `list(A).first()`; a function's name may have dots too.
    mutating func signature() -> (name: String, signature: Signature)? {
        var target: ValueType?
        var name = word()
        let afterName = place
        place = 0
        if ["list", "map", "optional"].contains(name), let found = type(), take(".") {
            target = found
            name = word()
        } else if let parts = Self.memberParts(name) {
            (target, name) = parts
            place = afterName
        } else {
            place = afterName
        }
        guard !name.isEmpty, take("(") else { return nil }
        var parameters = target.map { [$0] } ?? []
        if !take(")") {
            repeat {
                guard let parameter = type() else { return nil }
                parameters.append(parameter)
            } while take(",")
            guard take(")") else { return nil }
        }
        guard take("->"), let result = type(), isAtEnd else { return nil }
        return (
            name, Signature(isMember: target != nil, parameters: parameters, result: result)
        )
    }

    /// Splits `string.size`, where the dot ends a simple type and not a namespace.
    private static func memberParts(_ name: String) -> (target: ValueType, name: String)? {
        guard let dot = name.lastIndex(of: ".") else { return nil }
        let head = String(name[..<dot])
        let tail = String(name[name.index(after: dot)...])
        if let simple = ValueType.simple[head] { return (simple, tail) }
        if isParameter(head) { return (.parameter(head), tail) }
        // Types of the host begin their last word with a capital: `net.IP`, `Money`.
        let last = head.split(separator: ".").last ?? ""
        return last.first?.isUppercase == true ? (.named(head), tail) : nil
    }
}
