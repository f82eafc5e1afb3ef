/// Which variables, and which of their fields, an expression may read.
public enum ReadPaths {
    /// - Returns: dotted paths in order of their names, such as `order.address.country`; a place in a
    ///   list is `[]`. A path that ends in a list or a map stands for all of it.
    public static func of(_ tree: Syntax, in environment: Environment) -> [String] {
        var walker = Walker(environment: environment)
        walker.walk(tree)
        return walker.found.sorted()
    }

    /// The variables alone.
    public static func variables(_ tree: Syntax, in environment: Environment) -> [String] {
        let names = of(tree, in: environment).map { path in
            let parts = path.split(separator: ".").map(String.init)
            if case .variable(let name, _)? = environment.resolve(
                Resolver.Path(names: parts, isRooted: true))
            {
                return name
            }
            return parts[0]
        }
        return Array(Set(names)).sorted()
    }

    private struct Walker {
        let environment: Environment
        var found: Set<String> = []
        /// Local names, each with the path it goes through; `nil` for what is none.
        var locals: [(name: String, path: String?)] = []

        mutating func walk(_ tree: Syntax) {
            if let path = path(of: tree) {
                found.insert(path)
                keys(of: tree)
                return
            }
            switch tree.kind {
            case .loop(let loop): walk(loop)
            case .bind(let name, let value, let body):
                let path = path(of: value)
                if path == nil { walk(value) } else { keys(of: value) }
                within([(name, path)], [body])
            case .block(let slots, let body):
                for slot in slots { walk(slot) }
                within(slots.indices.map { (Syntax.slotName($0), nil) }, [body])
            case .has(let operand, let field):
                if let path = path(of: operand) { found.insert(path + "." + field) }
                keys(of: operand)
                if path(of: operand) == nil { walk(operand) }
            case .name: break
            case .call(let name, let target?, let arguments) where isNamespace(target, name):
                for argument in arguments { walk(argument) }
            default: for child in tree.children { walk(child) }
            }
        }

        /// Keys that are no constants are read as well.
        private mutating func keys(of tree: Syntax) {
            switch tree.kind {
            case .select(let operand, _, _): keys(of: operand)
            case .call(Operator.index, nil, let arguments),
                .call(Operator.optionalIndex, nil, let arguments):
                keys(of: arguments[0])
                walk(arguments[1])
            default: break
            }
        }

        private mutating func walk(_ loop: Loop) {
            let path = path(of: loop.range)
            if path == nil { walk(loop.range) } else { keys(of: loop.range) }
            if let path { found.insert(path) }
            let element = (path ?? kept(by: loop.range)).map { $0 + ".[]" }
            let names = loop.names.enumerated().map { index, name in
                (name, index == loop.names.count - 1 ? element : nil)
            }
            within(names, loop.bodies)
        }

        /// The list whose elements a filter or a sort hands on.
        private func kept(by tree: Syntax) -> String? {
            guard case .loop(let loop) = tree.kind, loop.names.count == 1,
                loop.kind == .filter || loop.kind == .sortBy
            else { return nil }
            return path(of: loop.range) ?? kept(by: loop.range)
        }

        private mutating func within(_ names: [(String, String?)], _ bodies: [Syntax]) {
            for (name, path) in names { locals.append((name, path)) }
            for body in bodies { walk(body) }
            locals.removeLast(names.count)
        }

        private func isNamespace(_ target: Syntax, _ name: String) -> Bool {
            environment.function(name, inNamespace: target) { name in
                locals.contains { $0.name == name }
            } != nil
        }

        private func path(of tree: Syntax) -> String? {
            switch tree.kind {
            case .name(let name, let isRooted):
                if !isRooted, let local = locals.last(where: { $0.name == name }) {
                    return local.path
                }
                return root(tree) ?? (name.hasPrefix("@") ? nil : unless(isType: tree, name))
            case .select(let operand, let field, _):
                if let root = root(tree) { return root }
                return path(of: operand).map { $0 + "." + field }
            case .call(Operator.index, nil, let arguments),
                .call(Operator.optionalIndex, nil, let arguments):
                guard let whole = path(of: arguments[0]) else { return nil }
                if case .literal(.string(let name)) = arguments[1].kind {
                    return whole + "." + name
                }
                return whole + ".[]"
            default: return nil
            }
        }

        /// A declared variable with dots in its name, and its fields.
        private func root(_ tree: Syntax) -> String? {
            guard let path = Resolver.path(of: tree),
                path.isRooted || !locals.contains(where: { $0.name == path.names[0] }),
                case .variable(let name, let used)? = environment.resolve(path)
            else { return nil }
            return ([name] + path.names.dropFirst(used)).joined(separator: ".")
        }

        private func unless(isType tree: Syntax, _ name: String) -> String? {
            guard let path = Resolver.path(of: tree), case .type? = environment.resolve(path) else {
                return name
            }
            return nil
        }
    }
}
