/// Macros that go through a list or a map.
extension Checker {
    mutating func loop(_ loop: Loop, _ tree: Syntax) -> ValueType {
        let whole = matcher.resolved(type(of: loop.range))
        let (first, second, element) = names(loop, whole)
        locals.append((loop.names[0], first))
        if loop.names.count == 2 { locals.append((loop.names[1], second)) }
        defer { locals.removeLast(loop.names.count) }
        if let filter = loop.filter { expectBool(filter) }
        switch loop.kind {
        case .all, .exists, .existsOne:
            expectBool(loop.body)
            return .bool
        case .filter:
            expectBool(loop.body)
            return .list(element)
        case .map, .transformList: return .list(type(of: loop.body))
        case .transformMap: return .map(key: first, value: type(of: loop.body))
        case .transformMapEntry: return type(of: loop.body)
        case .optMap: return .optional(type(of: loop.body))
        case .optFlatMap:
            let own = type(of: loop.body)
            if !matcher.fits(own, .optional(matcher.fresh())) {
                report(.typeMismatch, "an optional was expected, not \(text(own))", loop.body)
            }
            return own
        case .sortBy:
            let key = type(of: loop.body)
            if !isOrdered(key) {
                report(.typeMismatch, "values of \(text(key)) have no order", loop.body)
            }
            if case .map = whole {
                report(.typeMismatch, "a map has no order to be sorted in", loop.range)
            }
            return whole
        }
    }

    /// Types of a loop's names, and of what `filter` keeps.
    private mutating func names(
        _ loop: Loop, _ whole: ValueType
    ) -> (first: ValueType, second: ValueType, element: ValueType) {
        let isOptional = loop.kind == .optMap || loop.kind == .optFlatMap
        switch whole {
        case .list(let element) where !isOptional:
            return (loop.names.count == 2 ? .int : element, element, element)
        case .map(let key, let value) where !isOptional: return (key, value, key)
        case .optional(let value) where isOptional: return (value, value, value)
        case .dyn, .parameter: return (.dyn, .dyn, .dyn)
        default:
            report(
                .typeMismatch,
                isOptional
                    ? "\(loop.spelling)() is for optionals, not for \(text(whole))"
                    : "only a list or a map can be gone through, not \(text(whole))", loop.range)
            return (.dyn, .dyn, .dyn)
        }
    }

    private mutating func expectBool(_ tree: Syntax) {
        let own = type(of: tree)
        if !matcher.fits(own, .bool) {
            report(.typeMismatch, "a bool was expected, not \(text(own))", tree)
        }
    }
}
