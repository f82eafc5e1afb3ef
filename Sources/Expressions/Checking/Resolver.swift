/// Dotted names and what they mean.
enum Resolver {
    struct Path {
        let names: [String]
        let isRooted: Bool
    }

    enum Found {
        /// A declared variable, and how many of the names are its own; the rest are fields.
        case variable(String, used: Int)
        case type(String)
    }

    /// - Returns: `nil` for what is more than names and plain dots.
    static func path(of tree: Syntax) -> Path? {
        if case .name(let name, let isRooted) = tree.kind {
            return Path(names: [name], isRooted: isRooted)
        }
        // Most are one name and one field.
        if case .select(let operand, let field, isOptional: false) = tree.kind,
            case .name(let name, let isRooted) = operand.kind
        {
            return Path(names: [name, field], isRooted: isRooted)
        }
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
}

extension Environment {
    /// The longest declared name wins, the innermost container first.
    func resolve(_ path: Resolver.Path) -> Resolver.Found? {
        // By far the most: a plain name, in no container.
        if !hasDottedVariables, container.isEmpty,
            variables[path.names[0]] != nil
        {
            return .variable(path.names[0], used: 1)
        }
        for prefix in path.isRooted ? [""] : containers {
            for count in stride(from: path.names.count, through: 1, by: -1) {
                let name = prefix + path.names.prefix(count).joined(separator: ".")
                if variables[name] != nil { return .variable(name, used: count) }
                if count == path.names.count, let type = typeName(name) {
                    return .type(type)
                }
            }
        }
        return nil
    }

    /// Prefixes to look under: `a.b.`, `a.` and none.
    var containers: [String] {
        var parts = container.split(separator: ".")
        var found: [String] = []
        while !parts.isEmpty {
            found.append(parts.joined(separator: ".") + ".")
            parts.removeLast()
        }
        return found + [""]
    }

    /// - Parameter isLocal: whether a name is one of the scopes around, which hide namespaces.
    /// - Returns: the name of a function in a namespace, such as `math.abs` for `abs` asked of `math`; `nil`
    ///   where a value is asked.
    func function(
        _ name: String, inNamespace target: Syntax, isLocal: (String) -> Bool = { _ in false }
    ) -> String? {
        guard let path = Resolver.path(of: target), path.isRooted || !isLocal(path.names[0]) else {
            return nil
        }
        let full = (path.isRooted ? "." : "") + (path.names + [name]).joined(separator: ".")
        return hasFunction(full, isMember: false) ? full : nil
    }
}
