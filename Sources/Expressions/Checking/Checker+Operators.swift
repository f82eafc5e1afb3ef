/// What stands between two parts, or before one.
extension Checker {
    /// Each kind is a function of its own: one frame with room for all would be taken at every level.
    mutating func operation(
        _ name: String, _ arguments: [Syntax], _ tree: Syntax
    ) -> ValueType? {
        switch name {
        case Operator.and, Operator.or: return logic(arguments)
        case Operator.equal, Operator.unequal: return equality(name, arguments, tree)
        case Operator.index, Operator.optionalIndex: return indexed(name, arguments, tree)
        default: return plainOperation(name, arguments, tree)
        }
    }

    private mutating func logic(_ terms: [Syntax]) -> ValueType {
        for term in terms {
            let own = type(of: term)
            if !matcher.fits(own, .bool) {
                report(.typeMismatch, "a bool was expected, not \(text(own))", term)
            }
        }
        return .bool
    }

    private mutating func equality(
        _ name: String, _ arguments: [Syntax], _ tree: Syntax
    ) -> ValueType {
        let (left, right) = (type(of: arguments[0]), type(of: arguments[1]))
        if !matcher.fits(left, right), !matcher.areExact(left, right) {
            let sign = name == Operator.equal ? "==" : "!="
            report(
                .noMatchingOverload,
                "there is no \(sign) of (\(text(left)), \(text(right))); both must be of one type",
                tree)
        }
        return .bool
    }

    private mutating func indexed(
        _ name: String, _ arguments: [Syntax], _ tree: Syntax
    ) -> ValueType {
        let found = element(type(of: arguments[0]), type(of: arguments[1]), tree)
        if name == Operator.index { return found }
        if case .optional = found { return found }
        return .optional(found)
    }

    private mutating func plainOperation(
        _ name: String, _ arguments: [Syntax], _ tree: Syntax
    ) -> ValueType? {
        guard let signatures = OperatorSignatures.all[name] else { return nil }
        let types = arguments.map { type(of: $0) }
        return result(of: name, signatures, types, tree)
    }

    private mutating func result(
        of name: String, _ signatures: [Signature], _ types: [ValueType], _ tree: Syntax
    ) -> ValueType {
        if OrderTest(name) != nil, areOrdered(types[0], types[1]) { return .bool }
        let found = choose(signatures, types, tree, named: Self.sign(of: name))
        // Either branch may be taken: one that is known only later makes both so.
        guard name == Operator.conditional else { return found }
        if case .dyn = found { return .dyn }
        return matcher.merged(matcher.resolved(types[1]), matcher.resolved(types[2]))
    }

    /// As it is written.
    private static func sign(of name: String) -> String {
        switch name {
        case Operator.conditional: "?:"
        case Operator.not: "!"
        case Operator.negate: "-"
        default: Operator.binary[name]?.sign ?? name
        }
    }

    /// Whether both are one record that the host gave an order, or one of them is known only when it runs and
    /// the other has an order. All others are told by their signatures.
    private func areOrdered(_ one: ValueType, _ other: ValueType) -> Bool {
        let (left, right) = (matcher.resolved(one), matcher.resolved(other))
        if case .dyn = left { return isOrdered(right) }
        if case .dyn = right { return isOrdered(left) }
        guard case .named(let name) = left, left == right else { return false }
        return surroundings.environment.record(name)?.isOrdered == true
    }

    /// Whether its values may stand in an order.
    func isOrdered(_ type: ValueType) -> Bool {
        switch matcher.resolved(type) {
        case .list, .map, .optional, .type, .null: false
        case .named(let name): surroundings.environment.record(name)?.isOrdered == true
        default: true
        }
    }

    private mutating func element(
        _ whole: ValueType, _ key: ValueType, _ tree: Syntax
    ) -> ValueType {
        let own = matcher.resolved(whole)
        switch own {
        case .dyn, .parameter: return .dyn
        case .list(let element):
            if !matcher.fits(key, .int) {
                report(.typeMismatch, "a list’s place is an int, not \(text(key))", tree)
            }
            return element
        case .map(let wanted, let value):
            if !matcher.fits(key, wanted), !(isNumber(key) && isNumber(wanted)) {
                report(
                    .typeMismatch, "the map’s keys are \(text(wanted)), not \(text(key))", tree)
            }
            return value
        case .optional(let inner): return .optional(element(inner, key, tree))
        default:
            report(.typeMismatch, "\(text(own)) has no elements", tree)
            return .dyn
        }
    }

    func isNumber(_ type: ValueType) -> Bool {
        [.int, .uint, .double].contains(matcher.resolved(type))
    }
}
