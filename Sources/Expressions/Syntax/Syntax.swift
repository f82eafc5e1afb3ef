/// A part of an expression, with all parts below it.
///
/// Two are equal when they say the same, wherever they stand in their texts.
public struct Syntax: Sendable, Hashable {
    public indirect enum Kind: Sendable, Hashable {
        case literal(Literal)
        /// A leading dot means: from the root, past all local names.
        case name(String, isRooted: Bool)
        /// `isOptional` for `operand.?field`.
        case select(Syntax, field: String, isOptional: Bool)
        /// `has(operand.field)`.
        case has(Syntax, field: String)
        /// Operators are calls of ``Operator`` names.
        case call(String, target: Syntax?, [Syntax])
        case list([Element])
        case map([Entry])
        /// `Name{field: value}`.
        case record(String, [Field])
        case loop(Loop)
        /// `cel.bind(name, value, body)`.
        case bind(String, Syntax, Syntax)
        /// `cel.block([slots], body)`; a slot is read by a name ``Syntax/slotName(_:)``.
        case block([Syntax], Syntax)
    }

    public struct Element: Sendable, Hashable {
        public let value: Syntax
        /// `?value`: left out when it is none.
        public let isOptional: Bool
    }

    public struct Entry: Sendable, Hashable {
        public let key: Syntax
        public let value: Syntax
        public let isOptional: Bool
    }

    public struct Field: Sendable, Hashable {
        public let name: String
        public let value: Syntax
        public let isOptional: Bool
    }

    public let kind: Kind
    public let range: SourceRange
    /// How many parts lie above each other, this one counted.
    public let depth: Int

    public init(_ kind: Kind, at range: SourceRange = .none) {
        self.kind = kind
        self.range = range
        depth = 1 + Self.depth(below: kind)
    }

    public static func == (left: Syntax, right: Syntax) -> Bool { left.kind == right.kind }

    public func hash(into hasher: inout Hasher) { hasher.combine(kind) }

    /// The parts right below, in the order of the text.
    public var children: [Syntax] { Self.children(of: kind) }

    /// Of a path the parts that end with each of its last names, so that what is wrong with one is
    /// marked where it stands; the outermost comes last.
    func path(ofLast count: Int) -> ReversedCollection<[Syntax]> {
        var parts: [Syntax] = []
        var part = self
        while parts.count < count {
            parts.append(part)
            guard case .select(let operand, _, _) = part.kind else { break }
            part = operand
        }
        return parts.reversed()
    }

    private static func children(of kind: Kind) -> [Syntax] {
        switch kind {
        case .literal, .name: []
        case .select(let operand, _, _), .has(let operand, _): [operand]
        case .call(_, let target, let arguments): (target.map { [$0] } ?? []) + arguments
        case .list(let elements): elements.map(\.value)
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .record(_, let fields): fields.map(\.value)
        case .loop(let loop): [loop.range] + loop.bodies
        case .bind(_, let value, let body): [value, body]
        case .block(let slots, let body): slots + [body]
        }
    }

    private static func depth(below kind: Kind) -> Int {
        switch kind {
        case .literal, .name: 0
        case .select(let operand, _, _), .has(let operand, _): operand.depth
        case .call(_, let target, let arguments):
            arguments.reduce(target?.depth ?? 0) { max($0, $1.depth) }
        default: children(of: kind).reduce(0) { max($0, $1.depth) }
        }
    }

    private static let slotName = "@index"

    static func slotName(_ index: Int) -> String { "\(slotName)\(index)" }

    /// - Returns: what is wrong where a slot’s name means nothing; `nil` for other names.
    static func slotTrouble(_ name: String) -> String? {
        guard name.hasPrefix(slotName) else { return nil }
        return
            "cel.index(\(name.dropFirst(slotName.count))) has no expression of a cel.block() before it"
    }
}

/// A value written down in the text.
public enum Literal: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])

    /// Texts by their code points, and doubles by what is written: NaN is none, -0.0 is not 0.0.
    public static func == (left: Literal, right: Literal) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.uint(let a), .uint(let b)): a == b
        case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
        case (.string(let a), .string(let b)): CodePoints.areEqual(a, b)
        case (.bytes(let a), .bytes(let b)): a == b
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .int(let value): hasher.combine(value)
        case .uint(let value): hasher.combine(value)
        case .double(let value): hasher.combine(value.bitPattern)
        case .string(let value): for byte in value.utf8 { hasher.combine(byte) }
        case .bytes(let value): hasher.combine(value)
        }
    }
}

/// A macro that goes through a list or a map.
public struct Loop: Sendable, Hashable {
    public enum Kind: String, Sendable {
        case all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry
        /// Over the value of an optional, if there is one.
        case optMap, optFlatMap
        case sortBy
    }

    public let kind: Kind
    public let range: Syntax
    /// One name, or two: the index or key, and the value.
    public let names: [String]
    /// What an element must fulfil to be taken; `nil` where each is.
    public let filter: Syntax?
    /// The predicate, or what becomes of an element.
    public let body: Syntax
    /// What it was called in the text: `exists_one` and `existsOne` mean the same.
    public let spelling: String

    var bodies: [Syntax] { (filter.map { [$0] } ?? []) + [body] }
}

/// Operators, as functions are named in the tree.
public enum Operator {
    public static let conditional = "_?_:_"
    public static let and = "_&&_"
    public static let or = "_||_"
    public static let not = "!_"
    public static let negate = "-_"
    public static let equal = "_==_"
    public static let unequal = "_!=_"
    public static let less = "_<_"
    public static let lessOrEqual = "_<=_"
    public static let greater = "_>_"
    public static let greaterOrEqual = "_>=_"
    public static let isIn = "@in"
    public static let add = "_+_"
    public static let subtract = "_-_"
    public static let multiply = "_*_"
    public static let divide = "_/_"
    public static let remainder = "_%_"
    public static let index = "_[_]"
    public static let optionalIndex = "_[?_]"

    /// Whether a function's name may be an operator's: most are seen at once to be none.
    static func isOne(_ name: String) -> Bool {
        switch name.utf8.first {
        case UInt8(ascii: "_"), UInt8(ascii: "!"), UInt8(ascii: "-"), UInt8(ascii: "@"): true
        default: false
        }
    }

    /// The sign and how tightly it binds; tighter is higher.
    static let binary: [String: (sign: String, rank: Int)] = [
        or: ("||", 2), and: ("&&", 3), less: ("<", 4), lessOrEqual: ("<=", 4), greater: (">", 4),
        greaterOrEqual: (">=", 4), equal: ("==", 4), unequal: ("!=", 4), isIn: ("in", 4),
        add: ("+", 5), subtract: ("-", 5), multiply: ("*", 6), divide: ("/", 6),
        remainder: ("%", 6),
    ]
}
