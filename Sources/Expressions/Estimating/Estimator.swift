/// Goes through a tree once, and finds of each part what it costs and how large its value is.
struct Estimator {
    struct Estimate {
        let cost: Bounds
        let size: EstimatedSize
        /// Whether it reads nothing: it may have been worked out beforehand.
        let isConstant: Bool

        /// - Parameter parts: what it is made of. What reads nothing may cost nothing.
        init(_ cost: Bounds, _ size: EstimatedSize, madeOf parts: [Estimate]) {
            isConstant = parts.allSatisfy(\.isConstant)
            self.cost = isConstant ? cost.orLess : cost
            self.size = size
        }

        init(reading size: EstimatedSize, cost: Bounds) {
            isConstant = false
            self.cost = cost
            self.size = size
        }
    }

    let surroundings: Surroundings
    private let declared: DeclaredSizes
    private var locals: [(name: String, size: EstimatedSize)] = []
    private var folder: Compiler

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        declared = DeclaredSizes(surroundings.environment)
        folder = Compiler(surroundings)
    }

    /// What all of it costs; what is worked out beforehand costs nothing.
    mutating func cost(of tree: Syntax) -> Bounds { settled(tree).cost }

    /// One part of what does not stand still: where it does itself, it may have been worked out beforehand.
    mutating func settled(_ tree: Syntax) -> Estimate { settle(estimate(tree), tree) }

    private mutating func settle(_ part: Estimate, _ tree: Syntax) -> Estimate {
        guard part.isConstant, folder.node(tree) is ConstantNode else { return part }
        return Estimate(Bounds(0, 1), part.size, madeOf: [])
    }

    /// All parts of one whole, which is worked out beforehand itself where all of them are.
    mutating func estimates(_ trees: [Syntax]) -> [Estimate] {
        var found: [Estimate] = []
        for tree in trees { found.append(estimate(tree)) }
        guard !found.allSatisfy(\.isConstant) else { return found }
        for (place, tree) in trees.enumerated() { found[place] = settle(found[place], tree) }
        return found
    }

    /// Each kind is a function of its own: one frame with room for all would be taken at every level.
    mutating func estimate(_ tree: Syntax) -> Estimate {
        switch tree.kind {
        case .literal(let literal): return Self.literal(literal)
        case .name, .select: return reference(tree)
        case .has(let operand, _): return test(operand)
        case .call(let name, let target, let arguments): return call(name, target, arguments)
        case .list(let elements): return list(elements)
        case .map(let entries): return map(entries)
        case .record(_, let fields): return record(fields)
        case .loop(let loop): return self.loop(loop)
        case .bind(let name, let value, let body): return bound([(name, value)], body)
        case .block(let slots, let body):
            return bound(
                slots.enumerated().map { (Syntax.slotName($0.offset), $0.element) }, body)
        }
    }

    private static func literal(_ literal: Literal) -> Estimate {
        let size: EstimatedSize
        switch literal {
        case .string(let text): size = .text(Bounds(text.utf8.count))
        case .bytes(let bytes): size = .text(Bounds(bytes.count))
        case .int(let number):
            let most = Int(clamping: number.magnitude)
            size = .number(Bounds(number < 0 ? 0 : most, most))
        case .uint(let number): size = .number(Bounds(Int(clamping: number)))
        case .double(let number):
            size = .number(
                Bounds(0, Int(exactly: number.magnitude.rounded(.up)) ?? Bounds.endless))
        default: size = .scalar
        }
        // Some parts take one more where one of theirs is written down.
        return Estimate(Bounds(0, 1), size, madeOf: [])
    }

    private mutating func test(_ operand: Syntax) -> Estimate {
        let whole = estimate(operand)
        return Estimate(Bounds(1) + whole.cost, .scalar, madeOf: [whole])
    }

    // MARK: - Names and fields

    private mutating func reference(_ tree: Syntax) -> Estimate {
        let path = Resolver.path(of: tree)
        if let path, !path.isRooted, let local = local(path.names[0]) {
            return fields(path.names.dropFirst(), of: local)
        }
        if let path, let found = surroundings.environment.resolve(path) {
            switch found {
            case .variable(let name, let used):
                return fields(path.names.dropFirst(used), of: declared.size(ofVariable: name))
            case .type: return Estimate(Bounds(0, 1), .scalar, madeOf: [])
            }
        }
        guard case .select(let operand, let field, _) = tree.kind else {
            return Estimate(reading: .unknown(), cost: Bounds(1))
        }
        let whole = estimate(operand)
        let found = whole.size.field(field)
        return Estimate(
            Bounds(1) + whole.cost + Bounds(0, found.copying), found, madeOf: [whole])
    }

    private func local(_ name: String) -> EstimatedSize? {
        locals.last { $0.name == name }?.size
    }

    private func fields(_ names: ArraySlice<String>, of root: EstimatedSize) -> Estimate {
        var (size, cost) = (root, Bounds(1))
        for name in names {
            size = size.field(name)
            cost = cost + Bounds(1, Bounds.sum(1, size.copying))
        }
        return Estimate(reading: size, cost: cost)
    }

    // MARK: - What is made

    private mutating func list(_ elements: [Syntax.Element]) -> Estimate {
        let parts = estimates(elements.map(\.value))
        let sure = elements.count { !$0.isOptional }
        let cost = parts.reduce(Bounds(1 + parts.count)) { $0 + $1.cost }
        return Estimate(
            cost, .list(Bounds(sure, parts.count), of: .any(of: parts.map(\.size))),
            madeOf: parts)
    }

    private mutating func map(_ entries: [Syntax.Entry]) -> Estimate {
        let parts = estimates(entries.flatMap { [$0.key, $0.value] })
        let sure = entries.count { !$0.isOptional }
        var cost = parts.reduce(Bounds(1 + entries.count)) { $0 + $1.cost }
        var (keys, values): ([EstimatedSize], [EstimatedSize]) = ([], [])
        for (place, entry) in entries.enumerated() {
            keys.append(parts[2 * place].size)
            values.append(parts[2 * place + 1].size)
            let adding = Self.adding(keys[place])
            cost = cost + (entry.isOptional ? adding.orLess : adding)
        }
        return Estimate(
            cost,
            .map(Bounds(sure, entries.count), from: .any(of: keys), to: .any(of: values)),
            madeOf: parts)
    }

    /// An entry’s key is looked up before it is put in.
    static func adding(_ key: EstimatedSize) -> Bounds {
        Bounds(4, Bounds.sum(4, key.kind == .scalar ? 0 : key.count.most / 10))
    }

    private mutating func record(_ fields: [Syntax.Field]) -> Estimate {
        let parts = fields.map { settled($0.value) }
        let cost = parts.reduce(Bounds(1 + parts.count)) { $0 + $1.cost }
        let sizes = Dictionary(
            zip(fields.map(\.name), parts.map(\.size)), uniquingKeysWith: { $1 })
        let size = EstimatedSize.declared(
            .record, Bounds(parts.count),
            EstimatedSize.Parts(
                names: fields.map(\.name), element: { .any(of: Array(sizes.values)) },
                field: { sizes[$0] ?? .unknown() }))
        // Hosts may do what they like to make one; it is never worked out beforehand.
        return Estimate(reading: size, cost: Bounds(cost.least, Bounds.sum(cost.most, 25)))
    }

    // MARK: - Scopes

    private mutating func bound(_ values: [(String, Syntax)], _ body: Syntax) -> Estimate {
        let outer = locals.count
        var cost = Bounds.none
        for (name, value) in values {
            let own = settled(value)
            cost = cost + own.cost
            locals.append((name, own.size))
        }
        let inner = settled(body)
        locals.removeLast(locals.count - outer)
        // Names are read where they stand, also where all of them could have been worked out.
        return Estimate(reading: inner.size, cost: cost + inner.cost)
    }

    /// Within a loop’s names.
    mutating func within(
        _ names: [(String, EstimatedSize)], _ body: Syntax
    ) -> Estimate {
        locals += names
        defer { locals.removeLast(names.count) }
        return settled(body)
    }

    func isLocal(_ name: String) -> Bool { local(name) != nil }
}
