/// Writes a tree as text that is read as the same tree.
public struct Printer {
    private var out = ""

    public static func text(of tree: Syntax) -> String {
        var printer = Printer()
        printer.write(tree, above: 0)
        return printer.out
    }

    private init() {}

    /// - Parameter rank: how tightly the surroundings bind; what binds less stands in parentheses.
    private mutating func write(_ tree: Syntax, above rank: Int) {
        let own = Self.rank(of: tree)
        if own <= rank { out += "(" }
        content(tree)
        if own <= rank { out += ")" }
    }

    private static let memberRank = 8

    private static func rank(of tree: Syntax) -> Int {
        switch tree.kind {
        case .call(Operator.conditional, _, _): 1
        case .call(Operator.not, nil, _), .call(Operator.negate, nil, _): 7
        case .call(let name, nil, _): Operator.binary[name]?.rank ?? 9
        default: 9
        }
    }

    private mutating func content(_ tree: Syntax) {
        switch tree.kind {
        case .literal(let value): out += Self.text(of: value)
        case .name(let name, let isRooted): out += Self.text(ofName: name, isRooted: isRooted)
        case .select(let operand, let field, let isOptional):
            write(operand, above: Self.memberRank)
            out += (isOptional ? ".?" : ".") + Self.text(ofField: field)
        case .has(let operand, let field):
            out += "has("
            write(operand, above: Self.memberRank)
            out += "." + Self.text(ofField: field) + ")"
        case .call(let name, let target, let arguments): call(name, target, arguments)
        case .list(let elements):
            out += "["
            separated(elements) { printer, element in
                if element.isOptional { printer.out += "?" }
                printer.write(element.value, above: 0)
            }
            out += "]"
        case .map(let entries):
            out += "{"
            separated(entries) { printer, entry in
                if entry.isOptional { printer.out += "?" }
                printer.write(entry.key, above: 0)
                printer.out += ": "
                printer.write(entry.value, above: 0)
            }
            out += "}"
        case .record(let name, let fields):
            out += name + "{"
            separated(fields) { printer, field in
                printer.out += (field.isOptional ? "?" : "") + Self.text(ofField: field.name) + ": "
                printer.write(field.value, above: 0)
            }
            out += "}"
        case .loop(let loop): write(loop)
        case .bind(let name, let value, let body):
            arguments(of: "cel.bind", [Syntax(.name(name, isRooted: false)), value, body])
        case .block(let slots, let body):
            let list = slots.map { Syntax.Element(value: $0, isOptional: false) }
            arguments(of: "cel.block", [Syntax(.list(list)), body])
        }
    }

    private mutating func separated<T>(_ items: [T], _ body: (inout Printer, T) -> Void) {
        for (index, item) in items.enumerated() {
            if index > 0 { out += ", " }
            body(&self, item)
        }
    }

    private mutating func arguments(of name: String, _ trees: [Syntax]) {
        out += name + "("
        separated(trees) { $0.write($1, above: 0) }
        out += ")"
    }

    private mutating func write(_ loop: Loop) {
        write(loop.range, above: Self.memberRank)
        let names = loop.names.map { Syntax(.name($0, isRooted: false)) }
        arguments(of: "." + loop.spelling, names + loop.bodies)
    }

    private mutating func call(_ name: String, _ target: Syntax?, _ trees: [Syntax]) {
        if let target {
            write(target, above: Self.memberRank)
            return arguments(of: "." + name, trees)
        }
        switch name {
        case Operator.conditional:
            write(trees[0], above: 1)
            out += " ? "
            write(trees[1], above: 1)
            out += " : "
            write(trees[2], above: 0)
        case Operator.not, Operator.negate:
            var inner = Printer()
            inner.write(trees[0], above: 6)
            let sign = name == Operator.not ? "!" : "-"
            // A minus before digits would become the number's own, and two signs of one kind only may
            // follow each other.
            let first = inner.out.utf8.first ?? 0
            let needs =
                name == Operator.negate
                ? Lexer.isDigit(first) || first == UInt8(ascii: "!")
                : first == UInt8(ascii: "-")
            let isNegativeNumber = first == UInt8(ascii: "-") && !Self.isNegation(trees[0])
            out +=
                needs || (name == Operator.negate && isNegativeNumber)
                ? "\(sign)(\(inner.out))" : sign + inner.out
        case Operator.index, Operator.optionalIndex:
            write(trees[0], above: Self.memberRank)
            out += name == Operator.index ? "[" : "[?"
            write(trees[1], above: 0)
            out += "]"
        default:
            guard let sign = Operator.binary[name] else { return arguments(of: name, trees) }
            let isChain = name == Operator.and || name == Operator.or
            for (index, tree) in trees.enumerated() {
                if index > 0 { out += " \(sign.sign) " }
                write(tree, above: index > 0 || isChain ? sign.rank : sign.rank - 1)
            }
        }
    }

    private static func isNegation(_ tree: Syntax) -> Bool {
        if case .call(Operator.negate, nil, _) = tree.kind { return true }
        return false
    }

    // MARK: - Words

    private static func text(ofName name: String, isRooted: Bool) -> String {
        let parts = name.split(separator: ":")
        if name.hasPrefix("@it:") { return "cel.iterVar(\(parts[1]), \(parts[2]))" }
        if name.hasPrefix("@ac:") { return "cel.accuVar(\(parts[1]), \(parts[2]))" }
        if name.hasPrefix("@index") { return "cel.index(\(name.dropFirst(6)))" }
        return (isRooted ? "." : "") + name
    }

    private static func text(ofField field: String) -> String {
        isPlain(field) ? field : "`\(field)`"
    }

    /// Whether a field needs no backticks.
    static func isPlain(_ field: String) -> Bool {
        !field.isEmpty && field.utf8.allSatisfy { Lexer.isLetter($0) || Lexer.isDigit($0) }
            && field.utf8.first.map { Lexer.isLetter($0) } == true
            && !["true", "false", "null", "in"].contains(field)
    }

    private static func text(of literal: Literal) -> String {
        switch literal {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .uint(let value): "\(value)u"
        case .double(let value): text(of: value)
        case .string(let value): quoted(value)
        case .bytes(let value):
            "b\""
                + value.map { byte in
                    let isPlain = (0x20..<0x7F).contains(byte) && byte != 0x22 && byte != 0x5C
                    let digits = String(byte, radix: 16)
                    return isPlain
                        ? String(UnicodeScalar(byte))
                        : "\\x" + (digits.count < 2 ? "0" : "") + digits
                }.joined() + "\""
        }
    }

    private static func text(of value: Double) -> String {
        // What only folding can make has no literal.
        if value.isNaN { return "double(\"NaN\")" }
        if value.isInfinite { return value < 0 ? "double(\"-Infinity\")" : "double(\"Infinity\")" }
        return "\(value)"
    }

    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                out += "\\x" + (digits.count < 2 ? "0" : "") + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
