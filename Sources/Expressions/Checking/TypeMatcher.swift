/// Finds what type parameters stand for, so that a value of one type fits where another is wanted.
struct TypeMatcher {
    private var bound: [String: ValueType] = [:]
    private var count = 0

    /// A parameter of nobody's, to be found out.
    mutating func fresh() -> ValueType {
        count += 1
        return .parameter("%\(count)")
    }

    /// The same signature with parameters of its own.
    mutating func instance(of signature: Signature) -> Signature {
        guard signature.isGeneric else { return signature }
        var names: [String: ValueType] = [:]
        func renamed(_ type: ValueType) -> ValueType {
            switch type {
            case .parameter(let name):
                if let known = names[name] { return known }
                let own = fresh()
                names[name] = own
                return own
            case .list(let element): return .list(renamed(element))
            case .map(let key, let value): return .map(key: renamed(key), value: renamed(value))
            case .optional(let value): return .optional(renamed(value))
            case .type(let inner): return .type(inner.map(renamed))
            default: return type
            }
        }
        return Signature(
            isMember: signature.isMember, parameters: signature.parameters.map(renamed),
            result: renamed(signature.result))
    }

    /// With all parameters that are known put in.
    func resolved(_ type: ValueType) -> ValueType {
        switch type {
        case .parameter(let name): bound[name].map { resolved($0) } ?? type
        case .list(let element): .list(resolved(element))
        case .map(let key, let value): .map(key: resolved(key), value: resolved(value))
        case .optional(let value): .optional(resolved(value))
        case .type(let inner): .type(inner.map { resolved($0) })
        default: type
        }
    }

    /// The same, where what nobody found out is dyn.
    func final(_ type: ValueType) -> ValueType {
        switch resolved(type) {
        case .parameter: .dyn
        case .list(let element): .list(final(element))
        case .map(let key, let value): .map(key: final(key), value: final(value))
        case .optional(let value): .optional(final(value))
        case .type(let inner): .type(inner.map { final($0) })
        case let known: known
        }
    }

    /// Whether all of `given` fit; what was found out on the way is kept only then.
    mutating func fits(_ given: [ValueType], _ wanted: [ValueType]) -> Bool {
        let before = bound
        for (one, other) in zip(given, wanted) where !fits(one, other) {
            bound = before
            return false
        }
        return true
    }

    mutating func fits(_ given: ValueType, _ wanted: ValueType) -> Bool {
        let (given, wanted) = (resolved(given), resolved(wanted))
        switch (given, wanted) {
        case (.parameter(let one), .parameter(let other)):
            if one != other { bound[one] = wanted }
            return true
        case (.parameter(let name), _): return bind(name, wanted)
        case (_, .parameter(let name)): return bind(name, given)
        case (.dyn, _), (_, .dyn): return true
        case (.list(let one), .list(let other)): return fits(one, other)
        case (.optional(let one), .optional(let other)): return fits(one, other)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return fits(key, otherKey) && fits(value, otherValue)
        case (.type, .type): return true
        // null stands for a record, a time or an optional that is not there.
        case (.null, .named), (.null, .timestamp), (.null, .duration), (.null, .optional),
            (.named, .null), (.timestamp, .null), (.duration, .null), (.optional, .null):
            return true
        default: return given == wanted
        }
    }

    private mutating func bind(_ name: String, _ type: ValueType) -> Bool {
        guard !contains(type, name) else { return false }
        bound[name] = type
        return true
    }

    /// A type within itself would have no end.
    private func contains(_ type: ValueType, _ name: String) -> Bool {
        switch resolved(type) {
        case .parameter(let own): own == name
        case .list(let element): contains(element, name)
        case .map(let key, let value): contains(key, name) || contains(value, name)
        case .optional(let value): contains(value, name)
        case .type(let inner): inner.map { contains($0, name) } ?? false
        default: false
        }
    }

    /// One type for both, dyn where they differ.
    mutating func joined(_ one: ValueType, _ other: ValueType) -> ValueType {
        if isDyn(one) || isDyn(other) { return .dyn }
        guard fits([one], [other]) else { return .dyn }
        let result = resolved(other)
        return result == .null ? resolved(one) : result
    }

    func isDyn(_ type: ValueType) -> Bool { resolved(type) == .dyn }

    /// Whether any part of it is known only when it runs.
    func isVague(_ type: ValueType) -> Bool {
        switch resolved(type) {
        case .dyn, .parameter: true
        case .list(let element): isVague(element)
        case .map(let key, let value): isVague(key) || isVague(value)
        case .optional(let value): isVague(value)
        default: false
        }
    }
}
