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

    /// What lies deeper in a type is known only when it runs: names may hold names, without end.
    private static let maximumDepth = 64

    /// With all parameters that are known put in.
    func resolved(_ type: ValueType) -> ValueType { resolved(type, Self.maximumDepth) }

    private func resolved(_ type: ValueType, _ depth: Int) -> ValueType {
        guard depth > 0 else { return .dyn }
        return switch type {
        case .parameter(let name): bound[name].map { resolved($0, depth - 1) } ?? type
        case .list(let element): .list(resolved(element, depth - 1))
        case .map(let key, let value):
            .map(key: resolved(key, depth - 1), value: resolved(value, depth - 1))
        case .optional(let value): .optional(resolved(value, depth - 1))
        case .type(let inner): .type(inner.map { resolved($0, depth - 1) })
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
        fits(given, wanted, Self.maximumDepth)
    }

    private mutating func fits(_ given: ValueType, _ wanted: ValueType, _ depth: Int) -> Bool {
        guard depth > 0 else { return true }
        if case .parameter(let name) = wanted, let known = bound[name], isVague(given) {
            // It stands for both: where one of them is known only when it runs, so is it.
            guard fits(given, known, depth - 1) else { return false }
            let both = merged(resolved(known), resolved(given))
            if !contains(both, name) { bound[name] = both }
            return true
        }
        // Only so far as is needed: a parameter within is to be seen as one.
        switch (known(given), known(wanted)) {
        case (.parameter(let one), .parameter(let other)):
            if one != other { bound[one] = .parameter(other) }
            return true
        case (.parameter(let name), let wanted): return bind(name, resolved(wanted))
        case (let given, .parameter(let name)): return bind(name, resolved(given))
        case (.dyn, _), (_, .dyn): return true
        case (.list(let one), .list(let other)): return fits(one, other, depth - 1)
        case (.optional(let one), .optional(let other)): return fits(one, other, depth - 1)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return fits(key, otherKey, depth - 1) && fits(value, otherValue, depth - 1)
        case (.type, .type): return true
        // null stands for a record, a time or an optional that is not there.
        case (.null, .named), (.null, .timestamp), (.null, .duration), (.null, .optional),
            (.named, .null), (.timestamp, .null), (.duration, .null), (.optional, .null):
            return true
        case (let given, let wanted): return given == wanted
        }
    }

    /// What a parameter stands for, if that is known; what lies within is left as it is.
    private func known(_ type: ValueType) -> ValueType {
        var type = type
        while case .parameter(let name) = type, let next = bound[name] { type = next }
        return type
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
        return merged(resolved(one), resolved(other))
    }

    /// Of two that fit: dyn wherever one of them is.
    func merged(_ one: ValueType, _ other: ValueType) -> ValueType {
        switch (one, other) {
        case (.dyn, _), (_, .dyn): .dyn
        case (.null, _), (.parameter, _): other
        case (.list(let a), .list(let b)): .list(merged(a, b))
        case (.optional(let a), .optional(let b)): .optional(merged(a, b))
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            .map(key: merged(key, otherKey), value: merged(value, otherValue))
        default: one
        }
    }

    /// Whether one is a decimal and the other a whole number, which compare.
    func areExact(_ one: ValueType, _ other: ValueType) -> Bool {
        let both = [resolved(one), resolved(other)]
        return both.contains(.decimal) && (both.contains(.int) || both.contains(.uint))
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
