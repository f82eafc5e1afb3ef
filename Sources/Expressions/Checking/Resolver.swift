/// Finds what a dotted name means.
struct Resolver {
    struct Path {
        let names: [String]
        let isRooted: Bool
    }

    enum Found {
        /// A declared variable, and how many of the names are its own; the rest are fields.
        case variable(String, used: Int)
        case type(String)
    }

    private let environment: Environment

    init(_ environment: Environment) { self.environment = environment }

    /// - Returns: `nil` for what is more than names and plain dots.
    static func path(of tree: Syntax) -> Path? {
        var names: [String] = []
        var current = tree
        while true {
            switch current.kind {
            case .name(let name, let isRooted):
                names.append(name)
                return Path(names: names.reversed(), isRooted: isRooted)
            case .select(let operand, let field, isOptional: false):
                names.append(field)
                current = operand
            default: return nil
            }
        }
    }

    /// The longest declared name wins, the innermost container first.
    func resolve(_ path: Path) -> Found? {
        for container in path.isRooted ? [""] : containers {
            for count in stride(from: path.names.count, through: 1, by: -1) {
                let name = container + path.names.prefix(count).joined(separator: ".")
                if environment.variables[name] != nil { return .variable(name, used: count) }
                if count == path.names.count, let type = environment.typeName(name) {
                    return .type(type)
                }
            }
        }
        return nil
    }

    /// Prefixes to look under: `a.b.`, `a.` and none.
    private var containers: [String] {
        var parts = environment.container.split(separator: ".")
        var found: [String] = []
        while !parts.isEmpty {
            found.append(parts.joined(separator: ".") + ".")
            parts.removeLast()
        }
        return found + [""]
    }
}
