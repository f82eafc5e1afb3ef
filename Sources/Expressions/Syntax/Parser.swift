/// Reads tokens into a tree.
///
/// - Source: the language definition's grammar, read 2026-11-28.
struct Parser {
    let source: String
    let limits: Limits
    private let tokens: [Token]
    private var place = 0
    private var level = 0
    /// Of `cel.block`: each is a name for all that follows.
    private var slots = 0
    private static let maximumSlots = 100

    /// - Throws: `ExpressionIssue`: `.syntax`, `.invalidLiteral`, `.invalidMacro`, `.tooLong`,
    ///   `.tooDeep`.
    static func parse(_ source: String, limits: Limits) throws(ExpressionIssue) -> Syntax {
        guard source.utf8.count <= limits.sourceBytes else {
            throw ExpressionIssue(
                .tooLong, "an expression may have \(limits.sourceBytes) bytes",
                at: SourceRange(limits.sourceBytes, source.utf8.count), in: source)
        }
        var parser = Parser(
            source: source, limits: limits, tokens: try Lexer.tokens(of: source))
        let tree = try parser.expression()
        guard case .end = parser.token.kind else { throw parser.unexpected("an operator") }
        return tree
    }

    private init(source: String, limits: Limits, tokens: [Token]) {
        self.source = source
        self.limits = limits
        self.tokens = tokens
    }

    // MARK: - Tokens

    private var token: Token { tokens[place] }

    private func isSign(_ sign: String) -> Bool { token.kind == .sign(sign) }

    private mutating func take(_ sign: String) -> Bool {
        guard isSign(sign) else { return false }
        place += 1
        return true
    }

    /// - Parameter opening: where the bracket stands that it would close.
    private mutating func expect(
        _ sign: String, closing opening: Int? = nil
    ) throws(ExpressionIssue) {
        if take(sign) { return }
        guard let opening, case .end = token.kind else { throw unexpected("“\(sign)”") }
        let place = SourcePosition(of: opening, in: source)
        let bracket = [")": "(", "]": "[", "}": "{"][sign] ?? sign
        throw ExpressionIssue(
            .syntax, "“\(bracket)” at \(place.line):\(place.column) is not closed", at: token.range,
            in: source)
    }

    /// The end of what was read last.
    private var lastEnd: Int { place > 0 ? tokens[place - 1].range.end : 0 }

    private func unexpected(_ wanted: String) -> ExpressionIssue {
        let bytes = Array(source.utf8)
        let text = String(
            decoding: bytes[token.range.start..<token.range.end], as: UTF8.self)
        let found = text.isEmpty ? "the end" : "“\(text)”"
        var word = ["and": "&&", "or": "||", "AND": "&&", "OR": "||"][text]
        if place > 0, tokens[place - 1].kind == .identifier("not") { word = "!" }
        return ExpressionIssue(
            .syntax, "expected \(wanted), found \(found)", at: token.range, in: source,
            suggestion: word)
    }

    private func make(
        _ kind: Syntax.Kind, from start: Int
    ) throws(ExpressionIssue) -> Syntax {
        let tree = Syntax(kind, at: SourceRange(start, lastEnd))
        guard tree.depth <= limits.depth else { throw tooDeep(tree.range) }
        return tree
    }

    private func tooDeep(_ range: SourceRange) -> ExpressionIssue {
        ExpressionIssue(
            .tooDeep, "an expression may be nested \(limits.depth) deep", at: range, in: source)
    }

    // MARK: - Operators

    private mutating func expression() throws(ExpressionIssue) -> Syntax {
        level += 1
        defer { level -= 1 }
        guard level <= limits.depth else { throw tooDeep(token.range) }
        let start = token.range.start
        let condition = try binary(above: 1)
        guard take("?") else { return condition }
        let yes = try binary(above: 1)
        try expect(":")
        let no = try expression()
        return try make(
            .call(Operator.conditional, target: nil, [condition, yes, no]), from: start)
    }

    /// The operator a sign stands for between two values; `nil` for other signs.
    private static func infix(_ sign: String) -> (name: String, rank: Int)? {
        switch sign {
        case ".", "(", ")", "]", ",", ":", "[", "?", "{", "}", "!": nil
        case "&&": (Operator.and, 3)
        case "||": (Operator.or, 2)
        case "==": (Operator.equal, 4)
        case "!=": (Operator.unequal, 4)
        case "<": (Operator.less, 4)
        case "<=": (Operator.lessOrEqual, 4)
        case ">": (Operator.greater, 4)
        case ">=": (Operator.greaterOrEqual, 4)
        case "in": (Operator.isIn, 4)
        case "+": (Operator.add, 5)
        case "-": (Operator.subtract, 5)
        case "*": (Operator.multiply, 6)
        case "/": (Operator.divide, 6)
        case "%": (Operator.remainder, 6)
        default: nil
        }
    }

    private mutating func binary(above rank: Int) throws(ExpressionIssue) -> Syntax {
        let start = token.range.start
        var left = try unary()
        while case .sign(let sign) = token.kind, let found = Self.infix(sign), found.rank > rank {
            if found.name == Operator.and || found.name == Operator.or {
                var terms = [left]
                while take(sign) { terms.append(try binary(above: found.rank)) }
                left = try make(.call(found.name, target: nil, terms), from: start)
                continue
            }
            place += 1
            let right = try binary(above: found.rank)
            left = try make(.call(found.name, target: nil, [left, right]), from: start)
        }
        return left
    }

    private mutating func unary() throws(ExpressionIssue) -> Syntax {
        let start = token.range.start
        var signs = 0
        let sign = isSign("!") ? "!" : "-"
        while isSign(sign) {
            // A minus right before digits belongs to the number.
            if sign == "-", isNumber(tokens[place + 1].kind) { break }
            place += 1
            signs += 1
            guard signs <= limits.depth else { throw tooDeep(token.range) }
        }
        var operand = try member()
        for _ in 0..<signs {
            operand = try make(
                .call(sign == "!" ? Operator.not : Operator.negate, target: nil, [operand]),
                from: start)
        }
        return operand
    }

    private func isNumber(_ kind: Token.Kind) -> Bool {
        switch kind {
        case .leastInt, .literal(.int), .literal(.double): true
        default: false
        }
    }

    // MARK: - Members

    private mutating func member() throws(ExpressionIssue) -> Syntax {
        let start = token.range.start
        var operand = try primary()
        while true {
            if take(".") {
                operand = try selection(from: operand, start)
            } else if take("[") {
                let opening = lastEnd - 1
                let isOptional = take("?")
                let index = try expression()
                try expect("]", closing: opening)
                let name = isOptional ? Operator.optionalIndex : Operator.index
                operand = try make(.call(name, target: nil, [operand, index]), from: start)
            } else if isSign("{"), let name = Self.path(of: operand) {
                operand = try record(name, start)
            } else {
                return operand
            }
        }
    }

    private mutating func selection(
        from operand: Syntax, _ start: Int
    ) throws(ExpressionIssue) -> Syntax {
        if take("?") {
            let field = try fieldName()
            return try make(.select(operand, field: field, isOptional: true), from: start)
        }
        if case .identifier(let name) = token.kind, tokens[place + 1].kind == .sign("(") {
            place += 2
            let arguments = try list(until: ")", lastEnd - 1)
            return try call(name, operand, arguments, start)
        }
        let field = try fieldName()
        return try make(.select(operand, field: field, isOptional: false), from: start)
    }

    private mutating func fieldName() throws(ExpressionIssue) -> String {
        switch token.kind {
        case .identifier(let name), .quoted(let name):
            place += 1
            return name
        default: throw unexpected("a field’s name")
        }
    }

    /// A name with dots, as a record's type is written.
    private static func path(of tree: Syntax) -> String? {
        switch tree.kind {
        // A slot or a loop's own name is no type.
        case .name(let name, let isRooted) where Printer.isPlain(name):
            return (isRooted ? "." : "") + name
        // A field in backticks is no part of a type's name.
        case .select(let operand, let field, false) where Printer.isPlain(field):
            return path(of: operand).map { $0 + "." + field }
        default: return nil
        }
    }

    private mutating func record(
        _ name: String, _ start: Int
    ) throws(ExpressionIssue) -> Syntax {
        try expect("{")
        var fields: [Syntax.Field] = []
        var names: Set<String> = []
        while !isSign("}") {
            let isOptional = take("?")
            let place = token.range
            let field = try fieldName()
            guard names.insert(field).inserted else {
                throw ExpressionIssue(
                    .syntax, "the field “\(field)” stands there twice", at: place, in: source)
            }
            try expect(":")
            fields.append(
                Syntax.Field(name: field, value: try expression(), isOptional: isOptional))
            guard take(",") else { break }
        }
        try expect("}")
        return try make(.record(name, fields), from: start)
    }

    // MARK: - Primaries

    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
        "loop", "package", "namespace", "return", "var", "void", "while",
    ]

    private mutating func primary() throws(ExpressionIssue) -> Syntax {
        let start = token.range.start
        switch token.kind {
        case .literal(let value):
            place += 1
            return try make(.literal(value), from: start)
        case .sign("-"): return try negativeNumber(start)
        case .sign("("):
            place += 1
            let inner = try expression()
            try expect(")", closing: start)
            return inner
        case .sign("["):
            place += 1
            return try make(.list(try elements(start)), from: start)
        case .sign("{"):
            place += 1
            return try make(.map(try entries(start)), from: start)
        case .sign("."):
            place += 1
            return try name(start, isRooted: true)
        case .identifier: return try name(start, isRooted: false)
        case .leastInt:
            throw ExpressionIssue(
                .syntax, "the number does not fit in an int; as a uint it ends with u",
                at: token.range, in: source)
        default: throw unexpected("a value")
        }
    }

    private mutating func negativeNumber(_ start: Int) throws(ExpressionIssue) -> Syntax {
        place += 1
        switch token.kind {
        case .leastInt:
            place += 1
            return try make(.literal(.int(.min)), from: start)
        case .literal(.int(let value)):
            place += 1
            return try make(.literal(.int(-value)), from: start)
        case .literal(.double(let value)):
            place += 1
            return try make(.literal(.double(-value)), from: start)
        default: throw unexpected("a number")
        }
    }

    private mutating func name(_ start: Int, isRooted: Bool) throws(ExpressionIssue) -> Syntax {
        guard case .identifier(let name) = token.kind else { throw unexpected("a name") }
        guard !Self.reserved.contains(name) else {
            throw ExpressionIssue(
                .syntax, "“\(name)” is a reserved word", at: token.range, in: source)
        }
        place += 1
        if take("(") {
            let arguments = try list(until: ")", lastEnd - 1)
            return try call(isRooted ? "." + name : name, nil, arguments, start)
        }
        return try make(.name(name, isRooted: isRooted), from: start)
    }

    private mutating func list(
        until end: String, _ opening: Int
    ) throws(ExpressionIssue) -> [Syntax] {
        var items: [Syntax] = []
        while !isSign(end) {
            items.append(try expression())
            guard take(",") else { break }
            if isSign(end), end == ")" { throw unexpected("an argument") }
        }
        try expect(end, closing: opening)
        return items
    }

    private mutating func elements(_ opening: Int) throws(ExpressionIssue) -> [Syntax.Element] {
        var items: [Syntax.Element] = []
        while !isSign("]") {
            let isOptional = take("?")
            items.append(Syntax.Element(value: try expression(), isOptional: isOptional))
            guard take(",") else { break }
        }
        try expect("]", closing: opening)
        return items
    }

    private mutating func entries(_ opening: Int) throws(ExpressionIssue) -> [Syntax.Entry] {
        var items: [Syntax.Entry] = []
        while !isSign("}") {
            let isOptional = take("?")
            let key = try expression()
            try expect(":")
            items.append(
                Syntax.Entry(key: key, value: try expression(), isOptional: isOptional))
            guard take(",") else { break }
        }
        try expect("}", closing: opening)
        return items
    }

    private mutating func call(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax], _ start: Int
    ) throws(ExpressionIssue) -> Syntax {
        let range = SourceRange(start, lastEnd)
        do {
            if let kind = try Macros.expand(name, target, arguments) {
                if case .block(let own, _) = kind {
                    slots += own.count
                    guard slots <= Self.maximumSlots else {
                        throw Macros.Trouble(
                            message:
                                "cel.block() may hold \(Self.maximumSlots) expressions, all of them together",
                            range: range)
                    }
                }
                return try make(kind, from: start)
            }
        } catch let trouble as Macros.Trouble {
            throw ExpressionIssue(
                .invalidMacro, trouble.message, at: trouble.range ?? range, in: source)
        } catch let issue as ExpressionIssue {
            throw issue
        } catch { throw ExpressionIssue(.syntax, "\(error)", at: range, in: source) }
        return try make(.call(name, target: target, arguments), from: start)
    }
}
