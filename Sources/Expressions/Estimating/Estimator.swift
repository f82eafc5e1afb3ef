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

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        declared = DeclaredSizes(surroundings.environment)
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

    mutating func estimates(_ trees: [Syntax]) -> [Estimate] {
        var found: [Estimate] = []
        for tree in trees { found.append(estimate(tree)) }
        return found
    }

    private static func literal(_ literal: Literal) -> Estimate {
        let size: EstimatedSize
        switch literal {
        case .string(let text): size = .text(Bounds(text.utf8.count))
        case .bytes(let bytes): size = .text(Bounds(bytes.count))
        case .int(let number): size = EstimatedSize(.scalar, Bounds(Int(clamping: number)))
        case .uint(let number): size = EstimatedSize(.scalar, Bounds(Int(clamping: number)))
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
            return Estimate(reading: .unknown, cost: Bounds(1))
        }
        let whole = estimate(operand)
        let found = whole.size.field(field)
        return Estimate(
            Bounds(1) + whole.cost + Self.looking(found), found, madeOf: [whole])
    }

    private func local(_ name: String) -> EstimatedSize? {
        locals.last { $0.name == name }?.size
    }

    private func fields(_ names: ArraySlice<String>, of root: EstimatedSize) -> Estimate {
        var (size, cost) = (root, Bounds(1))
        for name in names {
            size = size.field(name)
            cost = cost + Bounds(1) + Self.looking(size)
        }
        return Estimate(reading: size, cost: cost)
    }

    /// A text that is read is copied.
    static func looking(_ size: EstimatedSize) -> Bounds {
        switch size.kind {
        case .text, .any: Bounds(0, size.count.most / 50)
        default: .none
        }
    }

    // MARK: - What is made

    private mutating func list(_ elements: [Syntax.Element]) -> Estimate {
        let parts = estimates(elements.map(\.value))
        let sure = elements.count { !$0.isOptional }
        let cost = parts.reduce(Bounds(1 + parts.count)) { $0 + $1.cost }
        let sizes = parts.map(\.size)
        return Estimate(
            cost, EstimatedSize(.list, Bounds(sure, parts.count), element: { .any(of: sizes) }),
            madeOf: parts)
    }

    private mutating func map(_ entries: [Syntax.Entry]) -> Estimate {
        let keys = estimates(entries.map(\.key))
        let values = estimates(entries.map(\.value))
        let sure = entries.count { !$0.isOptional }
        var cost = Bounds(1 + entries.count)
        for (index, key) in keys.enumerated() {
            let isSure = !entries[index].isOptional
            let adding = Self.adding(key.size)
            cost = cost + key.cost + values[index].cost + (isSure ? adding : adding.orLess)
        }
        let (own, all) = (keys.map(\.size), values.map(\.size))
        return Estimate(
            cost,
            EstimatedSize(
                .map, Bounds(sure, entries.count), key: { .any(of: own) },
                element: { .any(of: all) }),
            madeOf: keys + values)
    }

    /// An entry’s key is looked up before it is put in.
    static func adding(_ key: EstimatedSize) -> Bounds {
        Bounds(4, Bounds.sum(4, key.count.most / 10))
    }

    private mutating func record(_ fields: [Syntax.Field]) -> Estimate {
        let parts = estimates(fields.map(\.value))
        let cost = parts.reduce(Bounds(1 + parts.count)) { $0 + $1.cost }
        let sizes = Dictionary(
            zip(fields.map(\.name), parts.map(\.size)), uniquingKeysWith: { $1 })
        let size = EstimatedSize(
            .record, Bounds(parts.count), element: { .any(of: Array(sizes.values)) },
            fieldNames: fields.map(\.name), field: { sizes[$0] ?? .unknown })
        // Hosts may do what they like to make one; it is never worked out beforehand.
        return Estimate(reading: size, cost: Bounds(cost.least, Bounds.sum(cost.most, 25)))
    }

    // MARK: - Scopes

    private mutating func bound(_ values: [(String, Syntax)], _ body: Syntax) -> Estimate {
        let outer = locals.count
        var cost = Bounds.none
        for (name, value) in values {
            let own = estimate(value)
            cost = cost + own.cost
            locals.append((name, own.size))
        }
        let inner = estimate(body)
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
        return estimate(body)
    }

    func isLocal(_ name: String) -> Bool { locals.contains { $0.name == name } }
}
