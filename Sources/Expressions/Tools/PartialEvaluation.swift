/// Works out what can be worked out, and leaves the rest as an expression.
public struct PartialEvaluation {
    private let environment: Environment
    private let known: [String: Value]
    private var locals: [String] = []
    private let surroundings: Surroundings
    /// Parts that may still be compiled: of all levels together.
    private var left = 200_000

    /// Each part is tried once at each level above it: so it must be little each time.
    private static let maximumCost = 2000
    private static let priceOfLong = 10_000
    /// Larger parts are tried by their own parts alone.
    private static let maximumTried = 1000
    /// A literal of more parts than this is no shorter than what it stands for.
    private static let maximumParts = 500

    /// Constant folding: nothing is known but what is written down.
    public static func folded(_ tree: Syntax, in environment: Environment) -> Syntax {
        residual(of: tree, knowing: [:], in: environment)
    }

    /// - Parameter known: values of some variables; the others are unknown.
    /// - Returns: an expression that gives, with all variables, what the whole gives. What would fail is left
    ///   as it is, since it may never be reached, and so is what is long to work out or to write down, and a
    ///   known value that no expression stands for.
    public static func residual(
        of tree: Syntax, knowing known: [String: Value], in environment: Environment
    ) -> Syntax {
        var evaluation = PartialEvaluation(environment: environment, known: known)
        let residual = evaluation.reduce(tree)
        // What is written down for a known value may lie too deep to be read again.
        return residual.depth <= environment.limits.depth ? residual : tree
    }

    private init(environment: Environment, known: [String: Value]) {
        self.environment = environment
        self.known = known
        var briefly = environment
        briefly.limits.cost = min(briefly.limits.cost, Self.maximumCost)
        surroundings = Surroundings(briefly)
    }

    private mutating func reduce(_ tree: Syntax) -> Syntax {
        if let whole = constant(tree) { return whole }
        let parts = rebuilt(tree)
        return simplified(parts)
    }

    /// The value of a tree that reads nothing unknown, as a literal.
    private mutating func constant(_ tree: Syntax) -> Syntax? {
        if case .literal = tree.kind { return tree }
        var size = min(Self.maximumTried, left)
        guard Self.isSmall(tree, &size), !readsUnknown(tree, locals) else { return nil }
        left -= Self.maximumTried - size
        let program = Compiler.program(tree, in: surroundings)
        let value: Value
        do { value = try program.evaluate(known) } catch {
            // What takes long each time is not tried again and again.
            if error.code == .limitExceeded { left -= min(left, Self.priceOfLong) }
            return nil
        }
        var budget = Self.maximumParts
        guard let literal = Self.tree(of: value, at: tree.range, &budget) else { return nil }
        // A type that is not to be known stays unknown.
        if case .bool = value { return literal }
        return hidesType(tree)
            ? Syntax(.call("dyn", target: nil, [literal]), at: tree.range) : literal
    }

    /// Whether it has no more parts than that.
    private static func isSmall(_ tree: Syntax, _ parts: inout Int) -> Bool {
        parts -= 1
        guard parts >= 0 else { return false }
        for child in tree.children where !isSmall(child, &parts) { return false }
        return true
    }

    /// Whether `dyn()` or a variable that is declared so stands in it.
    private func hidesType(_ tree: Syntax) -> Bool {
        switch tree.kind {
        case .call("dyn", nil, _): return true
        case .name, .select:
            if let path = Resolver.path(of: tree),
                case .variable(let name, _)? = environment.resolve(path),
                environment.variables[name] == .dyn
            {
                return true
            }
        default: break
        }
        return tree.children.contains(where: hidesType)
    }

    private func readsUnknown(_ tree: Syntax, _ bound: [String]) -> Bool {
        switch tree.kind {
        case .call(let name, let target?, let arguments) where isNamespace(target, name):
            return arguments.contains { readsUnknown($0, bound) }
        case .name, .select:
            if let path = Resolver.path(of: tree) {
                if !path.isRooted, bound.contains(path.names[0]) {
                    // A name of a loop around the tree has no value here.
                    return locals.contains(path.names[0])
                }
                switch environment.resolve(path) {
                case .variable(let name, _): return known[name] == nil
                case .type: return false
                case nil: break
                }
            }
            if case .name(let name, _) = tree.kind { return known[name] == nil }
            return tree.children.contains { readsUnknown($0, bound) }
        case .loop(let loop):
            let names = bound.filter { !loop.names.contains($0) }
            return readsUnknown(loop.range, bound)
                || loop.bodies.contains { readsUnknownWithin($0, names, loop.names) }
        case .bind(let name, let value, let body):
            return readsUnknown(value, bound)
                || readsUnknownWithin(body, bound.filter { $0 != name }, [name])
        case .block(let slots, let body):
            let names = slots.indices.map { Syntax.slotName($0) }
            return (slots + [body]).contains { readsUnknownWithin($0, bound, names) }
        default: return tree.children.contains { readsUnknown($0, bound) }
        }
    }

    /// With names of its own, which hide those of loops around it.
    private func readsUnknownWithin(
        _ tree: Syntax, _ bound: [String], _ own: [String]
    ) -> Bool {
        var inner = self
        inner.locals.removeAll { own.contains($0) }
        return inner.readsUnknown(tree, bound + own)
    }

    // MARK: - Putting together again

    private mutating func rebuilt(_ tree: Syntax) -> Syntax {
        let range = tree.range
        switch tree.kind {
        case .literal, .name: return tree
        case .select(let operand, let field, let isOptional):
            if isOneName(tree) { return tree }
            return Syntax(
                .select(reduce(operand), field: field, isOptional: isOptional), at: range)
        case .has(let operand, let field):
            if isOneName(operand) { return tree }
            return Syntax(.has(reduce(operand), field: field), at: range)
        case .call(let name, let target, let arguments):
            let own = target.map { isNamespace($0, name) ? $0 : reduce($0) }
            return Syntax(.call(name, target: own, arguments.map { reduce($0) }), at: range)
        case .list(let elements):
            return Syntax(
                .list(
                    elements.map {
                        Syntax.Element(value: reduce($0.value), isOptional: $0.isOptional)
                    }), at: range)
        case .map(let entries):
            return Syntax(
                .map(
                    entries.map {
                        Syntax.Entry(
                            key: reduce($0.key), value: reduce($0.value), isOptional: $0.isOptional)
                    }), at: range)
        case .record(let name, let fields):
            return Syntax(
                .record(
                    name,
                    fields.map {
                        Syntax.Field(
                            name: $0.name, value: reduce($0.value), isOptional: $0.isOptional)
                    }), at: range)
        case .loop(let loop): return Syntax(.loop(rebuilt(loop)), at: range)
        case .bind(let name, let value, let body):
            let value = reduce(value)
            return Syntax(.bind(name, value, within([name]) { $0.reduce(body) }), at: range)
        case .block(let slots, let body):
            let names = slots.indices.map { Syntax.slotName($0) }
            return within(names) { inner in
                Syntax(.block(slots.map { inner.reduce($0) }, inner.reduce(body)), at: range)
            }
        }
    }

    private mutating func rebuilt(_ loop: Loop) -> Loop {
        let source = reduce(loop.range)
        return within(loop.names) { inner in
            Loop(
                kind: loop.kind, range: source, names: loop.names,
                filter: loop.filter.map { inner.reduce($0) }, body: inner.reduce(loop.body),
                spelling: loop.spelling)
        }
    }

    private mutating func within<T>(
        _ names: [String], _ body: (inout PartialEvaluation) -> T
    ) -> T {
        let outer = locals
        locals += names
        defer { locals = outer }
        return body(&self)
    }

    /// A variable whose name has dots must stay whole.
    private func isOneName(_ tree: Syntax) -> Bool { Resolver.path(of: tree) != nil }

    private func isNamespace(_ target: Syntax, _ name: String) -> Bool {
        environment.function(name, inNamespace: target) { locals.contains($0) } != nil
    }

    // MARK: - What decides alone

    private func simplified(_ tree: Syntax) -> Syntax {
        guard case .call(let name, nil, let arguments) = tree.kind else { return tree }
        switch name {
        case Operator.and: return chain(tree, arguments, deciding: false)
        case Operator.or: return chain(tree, arguments, deciding: true)
        case Operator.conditional:
            guard case .literal(.bool(let isMet)) = arguments[0].kind else { return tree }
            return isMet ? arguments[1] : arguments[2]
        default: return tree
        }
    }

    private func chain(_ tree: Syntax, _ terms: [Syntax], deciding: Bool) -> Syntax {
        if let term = terms.first(where: { $0.kind == .literal(.bool(deciding)) }) { return term }
        let left = terms.filter { $0.kind != .literal(.bool(!deciding)) }
        // One alone need not be a bool: the operator stays, to say so when it runs.
        guard left.count > 1, left.count < terms.count,
            case .call(let name, _, _) = tree.kind
        else { return tree }
        return Syntax(.call(name, target: nil, left), at: tree.range)
    }

    // MARK: - Values as text

    /// - Returns: `nil` for a value that no expression stands for.
    /// - Parameter budget: how many parts it may have; a text counts by its bytes.
    static func tree(
        of value: Value, at range: SourceRange, _ budget: inout Int
    ) -> Syntax? {
        budget -= 1
        guard budget >= 0 else { return nil }
        func call(_ name: String, _ text: String) -> Syntax {
            Syntax(
                .call(name, target: nil, [Syntax(.literal(.string(text)), at: range)]), at: range)
        }
        switch value {
        case .null: return Syntax(.literal(.null), at: range)
        case .bool(let own): return Syntax(.literal(.bool(own)), at: range)
        case .int(let own): return Syntax(.literal(.int(own)), at: range)
        case .uint(let own): return Syntax(.literal(.uint(own)), at: range)
        case .double(let own):
            return own.isFinite
                ? Syntax(.literal(.double(own)), at: range)
                : call("double", Conversions.text(of: own))
        case .string(let own):
            budget -= own.utf8.count / 16
            return budget >= 0 ? Syntax(.literal(.string(own)), at: range) : nil
        case .bytes(let own):
            budget -= own.count / 16
            return budget >= 0 ? Syntax(.literal(.bytes(own)), at: range) : nil
        case .timestamp(let own): return call("timestamp", own.text)
        case .duration(let own): return call("duration", own.text)
        case .decimal(let own): return call("decimal", own.text)
        case .list(let list):
            var parts: [Syntax.Element] = []
            for index in 0..<list.count {
                guard let part = tree(of: list[index], at: range, &budget) else { return nil }
                parts.append(Syntax.Element(value: part, isOptional: false))
            }
            return Syntax(.list(parts), at: range)
        case .map(let map):
            var entries: [Syntax.Entry] = []
            for (index, key) in map.keys.enumerated() {
                guard let key = tree(of: key, at: range, &budget),
                    let own = tree(of: map.value(at: index), at: range, &budget)
                else { return nil }
                entries.append(Syntax.Entry(key: key, value: own, isOptional: false))
            }
            return Syntax(.map(entries), at: range)
        case .type, .optional, .host: return nil
        }
    }
}
