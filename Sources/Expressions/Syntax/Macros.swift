/// Calls that are forms of the language and no functions.
enum Macros {
    struct Trouble: Error {
        let message: String
        let range: SourceRange?
    }

    /// - Returns: what a call stands for; `nil` when it is no macro's.
    /// - Throws: `Trouble` where a macro is written wrongly.
    static func expand(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax]
    ) throws(Trouble) -> Syntax.Kind? {
        guard let target else { return name == "has" ? try has(arguments) : nil }
        if case .name("cel", isRooted: false) = target.kind {
            if let kind = try celMacro(name, arguments) { return kind }
        }
        guard let shape = shapes[name] else { return nil }
        return try loop(shape, name, target, arguments)
    }

    private static func has(_ arguments: [Syntax]) throws(Trouble) -> Syntax.Kind? {
        guard arguments.count == 1 else { return nil }
        guard case .select(let operand, let field, isOptional: false) = arguments[0].kind else {
            throw Trouble(
                message: "has() asks for a field, such as has(order.address)",
                range: arguments[0].range)
        }
        return .has(operand, field: field)
    }

    private static func celMacro(
        _ name: String, _ arguments: [Syntax]
    ) throws(Trouble) -> Syntax.Kind? {
        switch (name, arguments.count) {
        case ("bind", 3): return .bind(try variable(arguments[0]), arguments[1], arguments[2])
        case ("block", 2):
            guard case .list(let slots) = arguments[0].kind else {
                throw Trouble(
                    message: "cel.block() takes a list of expressions first",
                    range: arguments[0].range)
            }
            if let optional = slots.first(where: \.isOptional) {
                throw Trouble(
                    message: "an expression of cel.block() is not left out",
                    range: optional.value.range)
            }
            return .block(slots.map(\.value), arguments[1])
        case ("index", 1):
            return .name(Syntax.slotName(try number(arguments[0])), isRooted: false)
        case ("iterVar", 2), ("accuVar", 2):
            let prefix = name == "iterVar" ? "@it" : "@ac"
            let place = "\(try number(arguments[0])):\(try number(arguments[1]))"
            return .name("\(prefix):\(place)", isRooted: false)
        default: return nil
        }
    }

    private static func number(_ tree: Syntax) throws(Trouble) -> Int {
        guard case .literal(.int(let value)) = tree.kind, (0..<10_000).contains(value) else {
            throw Trouble(message: "here stands a whole number, written out", range: tree.range)
        }
        return Int(value)
    }

    // MARK: - Loops

    private struct Shape {
        let kind: Loop.Kind
        /// How many names it may declare.
        let names: ClosedRange<Int>
        /// Whether a condition may stand before the body.
        let takesFilter: Bool
    }

    private static let shapes: [String: Shape] = [
        "all": Shape(kind: .all, names: 1...2, takesFilter: false),
        "exists": Shape(kind: .exists, names: 1...2, takesFilter: false),
        "exists_one": Shape(kind: .existsOne, names: 1...2, takesFilter: false),
        "existsOne": Shape(kind: .existsOne, names: 1...2, takesFilter: false),
        "map": Shape(kind: .map, names: 1...1, takesFilter: true),
        "filter": Shape(kind: .filter, names: 1...1, takesFilter: false),
        "transformList": Shape(kind: .transformList, names: 2...2, takesFilter: true),
        "transformMap": Shape(kind: .transformMap, names: 2...2, takesFilter: true),
        "transformMapEntry": Shape(kind: .transformMapEntry, names: 2...2, takesFilter: true),
        "optMap": Shape(kind: .optMap, names: 1...1, takesFilter: false),
        "optFlatMap": Shape(kind: .optFlatMap, names: 1...1, takesFilter: false),
        "sortBy": Shape(kind: .sortBy, names: 1...1, takesFilter: false),
    ]

    /// Names of all macros that go through something, for suggestions.
    static var loopNames: [String] { Array(shapes.keys) }

    /// How a macro is written; `nil` for what is none.
    static func usage(of name: String) -> String? {
        guard let shape = shapes[name] else { return nil }
        let isMap = name.hasPrefix("transform")
        let names = (isMap ? ["k, v"] : shape.names.map { $0 == 1 ? "x" : "i, x" })
        let bodies = shape.takesFilter ? ["expression", "condition, expression"] : ["expression"]
        return names.flatMap { name in bodies.map { "\(name), \($0)" } }
            .map { "\(name)(\($0))" }.joined(separator: " or ")
    }

    private static func loop(
        _ shape: Shape, _ name: String, _ target: Syntax, _ arguments: [Syntax]
    ) throws(Trouble) -> Syntax.Kind? {
        let counts =
            shape.names.map { $0 + 1 } + (shape.takesFilter ? [shape.names.upperBound + 2] : [])
        guard counts.contains(arguments.count) else { return nil }
        let hasFilter = shape.takesFilter && arguments.count == shape.names.upperBound + 2
        let count = arguments.count - (hasFilter ? 2 : 1)
        var names: [String] = []
        for argument in arguments.prefix(count) { names.append(try variable(argument)) }
        guard Set(names).count == names.count else {
            throw Trouble(message: "both names are the same", range: arguments[1].range)
        }
        return .loop(
            Loop(
                kind: shape.kind, range: target, names: names,
                filter: hasFilter ? arguments[count] : nil,
                body: arguments[arguments.count - 1], spelling: name))
    }

    private static func variable(_ tree: Syntax) throws(Trouble) -> String {
        guard case .name(let name, isRooted: false) = tree.kind else {
            throw Trouble(message: "a name is expected here, such as x", range: tree.range)
        }
        return name
    }
}
