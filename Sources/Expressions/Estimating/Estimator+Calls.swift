/// Operators and functions.
extension Estimator {
    mutating func call(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax]
    ) -> Estimate {
        if target == nil, Operator.isOne(name) { return operation(name, arguments) }
        if let target,
            let full = surroundings.environment.function(
                name, inNamespace: target, isLocal: isLocal)
        {
            return function(full, isMember: false, arguments)
        }
        return function(name, isMember: target != nil, (target.map { [$0] } ?? []) + arguments)
    }

    private mutating func function(
        _ name: String, isMember: Bool, _ arguments: [Syntax]
    ) -> Estimate {
        let parts = estimates(arguments)
        let body = surroundings.environment.function(
            name, isMember: isMember, count: parts.count)
        let isPlain =
            switch body {
            case .unary, .binary, .ternary: true
            default: false
            }
        let plain = Environment.rootless(name)
        let uses = FunctionUse(plain, parts.map(\.size), arguments, surroundings.patterns)
        var cost = Bounds(1, Bounds.sum(isPlain ? 1 : 1 + parts.count, uses.steps))
        for (place, part) in parts.enumerated() {
            // The other value of an optional is looked at only where there is none.
            let isSure = place == 0 || !["or", "orValue"].contains(plain)
            cost = cost + (isSure ? part.cost : part.cost.orLess)
        }
        return Estimate(cost, uses.value, madeOf: parts)
    }

    private mutating func operation(_ name: String, _ arguments: [Syntax]) -> Estimate {
        switch name {
        case Operator.and, Operator.or: return logic(arguments)
        case Operator.conditional: return conditional(arguments)
        case Operator.index, Operator.optionalIndex: return indexed(arguments)
        default: break
        }
        let parts = estimates(arguments)
        let sizes = parts.map(\.size)
        let cost = parts.reduce(Bounds(1, Bounds.sum(1, Self.steps(of: name, sizes)))) {
            $0 + $1.cost
        }
        return Estimate(cost, Self.value(of: name, sizes), madeOf: parts)
    }

    /// The first term may decide; each further one is joined by a part of its own.
    private mutating func logic(_ terms: [Syntax]) -> Estimate {
        let parts = estimates(terms)
        let all = parts.reduce(Bounds(max(parts.count - 1, 1))) { $0 + $1.cost }
        let least = Bounds.sum(1, parts.first?.cost.least ?? 0)
        return Estimate(Bounds(min(least, all.most), all.most), .scalar, madeOf: parts)
    }

    private mutating func conditional(_ arguments: [Syntax]) -> Estimate {
        let parts = estimates(arguments)
        return Estimate(
            Bounds(1) + parts[0].cost + parts[1].cost.or(parts[2].cost),
            .any(of: [parts[1].size, parts[2].size]), madeOf: parts)
    }

    private mutating func indexed(_ arguments: [Syntax]) -> Estimate {
        let parts = estimates(arguments)
        let (whole, key) = (parts[0], parts[1])
        var found = whole.size.element
        if case .literal(.string(let name)) = arguments[1].kind { found = whole.size.field(name) }
        let looking = Bounds(0, Bounds.sum(key.size.steps, found.copying))
        return Estimate(
            Bounds(1) + whole.cost + key.cost + looking, found, madeOf: parts)
    }

    private static func steps(of name: String, _ sizes: [EstimatedSize]) -> Int {
        let first = sizes.first ?? .scalar
        switch name {
        case Operator.equal, Operator.unequal:
            return sizes.map(\.allSteps).max() ?? 0
        case Operator.isIn:
            let whole = sizes.last ?? .scalar
            if whole.kind == .map { return first.steps }
            return Bounds.sum(
                first.steps,
                Bounds.product(whole.count.most, Bounds.sum(1, whole.element.allSteps)))
        case Operator.add:
            guard sizes.contains(where: { $0.kind != .scalar }) else { return 0 }
            let all = sizes.reduce(0) { Bounds.sum($0, $1.count.most) }
            return sizes.allSatisfy { $0.kind == .text } ? all / 10 : all
        case Operator.less, Operator.lessOrEqual, Operator.greater, Operator.greaterOrEqual:
            return sizes.contains { $0.kind != .scalar } ? sizes.map(\.steps).max() ?? 0 : 0
        default: return 0
        }
    }

    private static func value(of name: String, _ sizes: [EstimatedSize]) -> EstimatedSize {
        guard sizes.count == 2 else {
            return sizes.first.map { $0.with($0.count.orLess) } ?? .scalar
        }
        let (left, right) = (sizes[0], sizes[1])
        switch name {
        case Operator.add: return left.followed(by: right)
        case Operator.subtract, Operator.divide, Operator.remainder:
            return left.kind == .scalar ? left.with(left.count.orLess) : .scalar
        case Operator.multiply:
            return .number((left.count * right.count).orLess)
        default: return .scalar
        }
    }
}
