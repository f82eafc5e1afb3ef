/// Works out types and finds what cannot be.
struct Checker {
    /// By reference: it is looked into at every part.
    let surroundings: Surroundings
    private let source: String
    var matcher = TypeMatcher()
    var locals: [(name: String, type: ValueType)] = []
    private var issues: [ExpressionIssue] = []
    private var unknownNames: Set<String> = []

    /// More than this nobody reads.
    private static let maximumIssues = 20

    /// Whether nobody will read a further one, so that it needs no suggestion either.
    var isFull: Bool { issues.count >= Self.maximumIssues }

    init(_ surroundings: Surroundings, _ source: String) {
        self.surroundings = surroundings
        self.source = source
    }

    /// - Throws: all that was found.
    mutating func check(_ tree: Syntax) throws(ExpressionIssues) -> ValueType {
        let type = type(of: tree)
        if let limit = surroundings.environment.limits.estimate {
            let cost = CostEstimate.of(tree, surroundings)
            if cost.upperBound > limit {
                report(
                    .tooCostly,
                    "it may take \(cost.upperBound) steps, and the limit estimate is \(limit)", tree
                )
            }
        }
        guard issues.isEmpty else {
            throw ExpressionIssues(issues.sorted { $0.range.start < $1.range.start })
        }
        return matcher.final(type)
    }

    mutating func report(
        _ code: ExpressionIssue.Code, _ message: String, _ tree: Syntax,
        suggestion: String? = nil
    ) {
        guard !isFull else { return }
        issues.append(
            ExpressionIssue(
                code, message, at: tree.range, in: source, suggestion: suggestion))
    }

    func text(_ type: ValueType) -> String { matcher.final(type).text }

    // MARK: - Parts

    mutating func type(of tree: Syntax) -> ValueType {
        switch tree.kind {
        case .literal(let literal): return Self.type(of: literal)
        case .name, .select: return reference(tree)
        case .has(let operand, let field):
            _ = self.field(field, of: type(of: operand), tree, isTest: true)
            return .bool
        case .call(let name, let target, let arguments):
            return call(name, target, arguments, tree)
        case .list(let elements):
            var element = matcher.fresh()
            for (index, item) in elements.enumerated() {
                let own = item.isOptional ? content(of: item.value) : type(of: item.value)
                element = index == 0 ? own : matcher.joined(element, own)
            }
            return .list(element)
        case .map(let entries): return map(entries)
        case .record(let name, let fields): return record(name, fields, tree)
        case .loop(let loop): return self.loop(loop, tree)
        case .bind(let name, let value, let body):
            locals.append((name, matcher.resolved(type(of: value))))
            defer { locals.removeLast() }
            return type(of: body)
        case .block(let slots, let body):
            let outer = locals.count
            for (index, slot) in slots.enumerated() {
                locals.append((Syntax.slotName(index), matcher.resolved(type(of: slot))))
            }
            defer { locals.removeLast(locals.count - outer) }
            return type(of: body)
        }
    }

    private static func type(of literal: Literal) -> ValueType {
        switch literal {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        }
    }

    /// What is in an optional.
    private mutating func content(of tree: Syntax) -> ValueType {
        let own = matcher.resolved(type(of: tree))
        switch own {
        case .optional(let value): return value
        case .dyn: return .dyn
        case .parameter:
            let value = matcher.fresh()
            _ = matcher.fits(own, .optional(value))
            return value
        default:
            report(.typeMismatch, "an optional was expected, not \(text(own))", tree)
            return .dyn
        }
    }

    private mutating func map(_ entries: [Syntax.Entry]) -> ValueType {
        var (key, value) = (matcher.fresh(), matcher.fresh())
        for (index, entry) in entries.enumerated() {
            var ownKey = type(of: entry.key)
            switch matcher.resolved(ownKey) {
            case .bool, .int, .uint, .string, .dyn, .parameter: break
            default:
                defer { ownKey = .dyn }
                report(
                    .typeMismatch,
                    "a map’s key is a bool, int, uint or string, not \(text(ownKey))", entry.key)
            }
            let own = entry.isOptional ? content(of: entry.value) : type(of: entry.value)
            key = index == 0 ? ownKey : matcher.joined(key, ownKey)
            value = index == 0 ? own : matcher.joined(value, own)
        }
        return .map(key: key, value: value)
    }

    private mutating func record(
        _ name: String, _ fields: [Syntax.Field], _ tree: Syntax
    ) -> ValueType {
        guard let record = surroundings.environment.record(name), record.make != nil else {
            for field in fields { _ = type(of: field.value) }
            report(.undeclaredName, "there is no record \(name) to make", tree)
            return .dyn
        }
        for field in fields {
            let own = field.isOptional ? content(of: field.value) : type(of: field.value)
            guard let wanted = record.fields[field.name] else {
                unknownField(field.name, record.fields.keys, tree)
                continue
            }
            if !matcher.fits(own, wanted) {
                report(
                    .typeMismatch, "\(field.name) is \(wanted.text), not \(text(own))",
                    field.value)
            }
        }
        return .named(surroundings.environment.recordName(name))
    }

    // MARK: - Names and fields

    private mutating func reference(_ tree: Syntax) -> ValueType {
        let path = Resolver.path(of: tree)
        if let path, !path.isRooted,
            let local = locals.last(where: { $0.name == path.names[0] })
        {
            return fields(path.names.dropFirst(), of: local.type, tree)
        }
        if let path, let found = surroundings.environment.resolve(path) {
            switch found {
            case .variable(let name, let used):
                let own = surroundings.environment.variables[name] ?? .dyn
                return fields(path.names.dropFirst(used), of: own, tree)
            case .type(let name): return .type(ValueType.simple[name])
            }
        }
        switch tree.kind {
        case .select(let operand, let field, let isOptional):
            let own = type(of: operand)
            let found = self.field(field, of: own, tree, isTest: isOptional)
            guard isOptional else { return found }
            if case .optional = found { return found }
            return .optional(found)
        case .name(let name, _):
            // Said once, where it is read first.
            guard unknownNames.insert(name).inserted, !isFull else { return .dyn }
            let known =
                Array(surroundings.environment.variables.keys)
                + locals.map(\.name).filter { !$0.hasPrefix("@") }
            report(
                .undeclaredName,
                Syntax.slotTrouble(name) ?? "unknown name “\(name)”", tree,
                suggestion: Suggestion.nearest(to: name, among: known))
            return .dyn
        default: return .dyn
        }
    }

    private mutating func fields(
        _ names: ArraySlice<String>, of root: ValueType, _ tree: Syntax
    ) -> ValueType {
        guard let first = names.first else { return root }
        // Most have one field.
        if names.count == 1 { return field(first, of: root, tree, isTest: false) }
        var type = root
        for (name, part) in zip(names, tree.path(ofLast: names.count)) {
            type = field(name, of: type, part, isTest: false)
        }
        return type
    }

    /// - Parameter isTest: whether a field that is not there is no mistake.
    private mutating func field(
        _ name: String, of type: ValueType, _ tree: Syntax, isTest: Bool
    ) -> ValueType {
        let own = matcher.resolved(type)
        switch own {
        case .dyn, .parameter: return .dyn
        case .map(_, let value): return value
        case .optional(let inner):
            return .optional(field(name, of: inner, tree, isTest: isTest))
        case .named(let record):
            guard let known = surroundings.environment.record(record) else {
                report(.unknownField, "\(record) has no fields", tree)
                return .dyn
            }
            guard let field = known.fields[name] else {
                unknownField(name, known.fields.keys, tree)
                return .dyn
            }
            return field
        default:
            report(.typeMismatch, "\(text(own)) has no fields, such as “\(name)”", tree)
            return .dyn
        }
    }

    private mutating func unknownField(
        _ name: String, _ known: some Sequence<String>, _ tree: Syntax
    ) {
        // The name alone, which a selection ends with; behind has() stands a bracket.
        let range: SourceRange
        switch tree.kind {
        case .select:
            range = SourceRange(
                max(tree.range.start, tree.range.end - name.utf8.count), tree.range.end)
        case .has: range = self.range(of: name, from: tree.range.start + 4, in: tree.range)
        default: range = tree.range
        }
        guard !isFull else { return }
        let nearest = Suggestion.nearest(to: name, among: known)
        let all = known.sorted()
        let others =
            nearest == nil && all.count <= 12 ? "; there is \(all.joined(separator: ", "))" : ""
        report(
            .unknownField, "unknown field “\(name)”\(others)", Syntax(tree.kind, at: range),
            suggestion: nearest)
    }

    // MARK: - Calls

    private mutating func call(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax], _ tree: Syntax
    ) -> ValueType {
        if target == nil, Operator.isOne(name), let special = operation(name, arguments, tree) {
            return special
        }
        if let target, let full = qualified(target, name) {
            let types = arguments.map { type(of: $0) }
            checkLiterals(full, isMember: false, arguments, types)
            return overload(full, isMember: false, types, tree)
        }
        let all = (target.map { [$0] } ?? []) + arguments
        let types = all.map { type(of: $0) }
        checkLiterals(name, isMember: target != nil, all, types)
        return overload(name, isMember: target != nil, types, tree)
    }

    private func qualified(_ target: Syntax, _ name: String) -> String? {
        surroundings.environment.function(name, inNamespace: target) { name in
            locals.contains { $0.name == name }
        }
    }

    private mutating func overload(
        _ name: String, isMember: Bool, _ types: [ValueType], _ tree: Syntax
    ) -> ValueType {
        let plain = Environment.rootless(name)
        let known = surroundings.environment.signatures(of: name, isMember: isMember)
        guard !known.isEmpty else {
            let called = Syntax(tree.kind, at: nameRange(of: tree))
            if isMember, let usage = Macros.usage(of: plain) {
                report(.invalidMacro, "it is written \(usage)", called)
                return .dyn
            }
            guard !isFull else { return .dyn }
            let other = surroundings.environment.hasFunction(plain, isMember: !isMember)
            report(
                .unknownFunction,
                other
                    ? "\(plain) is called \(isMember ? "as \(plain)(x)" : "as x.\(plain)()")"
                    : "unknown function “\(plain)”", called,
                suggestion: other
                    ? nil
                    : Suggestion.nearest(
                        to: plain,
                        among: surroundings.environment.functionNames + Macros.loopNames + ["has"])
                        ?? Self.otherNames[plain])
            return .dyn
        }
        let takesMore =
            surroundings.environment.function(plain, isMember: isMember, count: -1) != nil
            && types.count > 1
        if takesMore { return variadic(known, types, tree, plain) }
        if let element = orderedElement(plain, isMember, types),
            !isOrdered(element)
                || (!isMember && !isNumber(element) && !matcher.isVague(element))
        {
            report(
                .noMatchingOverload,
                "values of \(text(element)) have no order, as \(plain) wants it",
                tree)
        }
        return choose(known, types, tree, named: plain)
    }

    /// Where a called function's name stands: behind what it is called on.
    private func nameRange(of tree: Syntax) -> SourceRange {
        guard case .call(let name, let target, _) = tree.kind else { return tree.range }
        let plain = Environment.rootless(name)
        return range(
            of: plain, from: target?.range.end ?? tree.range.start, in: tree.range)
    }

    /// Where a word stands within a part; all of the part where it does not.
    private func range(of word: String, from start: Int, in whole: SourceRange) -> SourceRange {
        let text = source.utf8.dropFirst(max(start, 0)).prefix(max(whole.end - start, 0))
        guard let found = text.firstRange(of: word.utf8) else { return whole }
        let place = start + text.distance(from: text.startIndex, to: found.lowerBound)
        return SourceRange(place, place + word.utf8.count)
    }

    /// Of a list the elements that are put in order.
    private func orderedElement(
        _ name: String, _ isMember: Bool, _ types: [ValueType]
    ) -> ValueType? {
        let isOrder =
            (name == "sort" && isMember) || name == "math.greatest" || name == "math.least"
        guard isOrder, types.count == 1, case .list(let element) = matcher.resolved(types[0]) else {
            return nil
        }
        return element
    }

    /// Of functions that take any number, all of one type or of several.
    private mutating func variadic(
        _ known: [Signature], _ types: [ValueType], _ tree: Syntax, _ name: String
    ) -> ValueType {
        let isPlain = types.allSatisfy { type in
            switch matcher.resolved(type) {
            case .dyn, .parameter: true
            default: isNumber(type)
            }
        }
        if !isPlain { report(.noMatchingOverload, "\(name) takes numbers", tree) }
        let first = matcher.resolved(types[0])
        return types.allSatisfy { matcher.resolved($0) == first } ? first : .dyn
    }

    mutating func choose(
        _ signatures: [Signature], _ types: [ValueType], _ tree: Syntax,
        named name: @autoclosure () -> String
    ) -> ValueType {
        let isVague = types.contains { matcher.isVague($0) }
        if !isVague {
            let plain = types.map { matcher.resolved($0) }
            for signature in signatures
            where !signature.isGeneric && signature.parameters == plain {
                return signature.result
            }
        }
        var result: ValueType?
        for signature in signatures where signature.parameters.count == types.count {
            // It could change nothing any more.
            if let result, !signature.isGeneric, signature.result == result { continue }
            let own = matcher.instance(of: signature)
            let before = result == nil ? nil : matcher
            guard matcher.fits(types, own.parameters) else { continue }
            let found = matcher.resolved(own.result)
            guard let known = result else {
                result = found
                // What is known only later may fit another as well.
                if !isVague { return found }
                continue
            }
            if matcher.resolved(known) != found {
                matcher = before ?? matcher
                return .dyn
            }
        }
        if let result { return result }
        let given = types.map { text($0) }.joined(separator: ", ")
        guard !isFull else { return .dyn }
        let name = name()
        report(
            .noMatchingOverload,
            "there is no \(name) of (\(given)); "
                + Self.cure(name, types.map { text($0) }, signatures),
            tree)
        return .dyn
    }
}
