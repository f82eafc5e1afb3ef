/// Turns a tree into nodes that know where everything they need stands.
struct Compiler {
    /// By reference: it is looked into at every part.
    private let surroundings: Surroundings
    private var slots: [String: Int] = [:]
    private(set) var inputNames: [String] = []
    /// Local names in force, the innermost last.
    private var locals: [(name: String, slot: Int, isBound: Bool)] = []
    private var nextLocal = 0
    private(set) var localCount = 0

    /// Of what is worked out beforehand: bytes that it may keep, and steps.
    private var foldingBytes = 131_072
    private var foldingSteps = 20_000

    init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    static func program(_ tree: Syntax, in surroundings: Surroundings) -> Program {
        var compiler = Compiler(surroundings)
        let node = compiler.node(tree)
        return Program(
            node: node, range: tree.range, inputNames: compiler.inputNames,
            localCount: compiler.localCount,
            limits: surroundings.environment.limits)
    }

    private mutating func reserve(_ count: Int) -> Int {
        let first = nextLocal
        nextLocal += count
        localCount = max(localCount, nextLocal)
        return first
    }

    mutating func node(_ tree: Syntax) -> any Node {
        let made = part(tree)
        guard Self.mayFold(tree) else { return made }
        return folded(made)
    }

    /// Whether a part has parts of its own that may all be constants.
    private static func mayFold(_ tree: Syntax) -> Bool {
        switch tree.kind {
        case .call, .list, .map: true
        default: false
        }
    }

    /// A part that reads nothing and has a value is worked out once.
    private mutating func folded(_ node: any Node) -> any Node {
        guard node.parts.allSatisfy({ $0 is ConstantNode }) else { return node }
        var limits = Limits()
        limits.cost = min(1000, foldingSteps)
        limits.growthBytes = min(65_536, foldingBytes)
        var frame = Frame(inputs: [], locals: [], meter: Meter(limits))
        defer { foldingSteps -= min(frame.meter.cost, foldingSteps) }
        // What fails is left to fail when it is reached.
        guard let value = try? node.value(&frame) else { return node }
        foldingBytes -= min(frame.meter.growth, foldingBytes)
        return ConstantNode(value)
    }

    private mutating func part(_ tree: Syntax) -> any Node {
        switch tree.kind {
        case .literal(let literal): return ConstantNode(Value(literal))
        case .name, .select: return reference(tree)
        case .has(let operand, let field): return HasNode(node(operand), field, tree.range)
        case .call(let name, let target, let arguments):
            return call(name, target, arguments, tree.range)
        case .list(let elements):
            return ListNode(elements.map { (node($0.value), $0.isOptional) })
        case .map(let entries):
            return MapNode(
                entries.map { (node($0.key), node($0.value), $0.isOptional) }, tree.range)
        case .record(let name, let fields): return record(name, fields, tree.range)
        case .loop(let loop): return self.loop(loop, tree.range)
        case .bind(let name, let value, let body): return bind([(name, value)], body)
        case .block(let values, let body):
            let named = values.enumerated().map { (Syntax.slotName($0.offset), $0.element) }
            return bind(named, body)
        }
    }

    // MARK: - Names

    private mutating func reference(_ tree: Syntax) -> any Node {
        let path = Resolver.path(of: tree)
        if let path, !path.isRooted,
            let local = locals.last(where: { $0.name == path.names[0] })
        {
            return fields(path.names.dropFirst(), of: read(local), tree)
        }
        if let path, let found = surroundings.environment.resolve(path) {
            switch found {
            case .variable(let name, let used):
                return fields(path.names.dropFirst(used), of: input(name, tree.range), tree)
            case .type(let name): return ConstantNode(.type(TypeName(name)))
            }
        }
        switch tree.kind {
        case .name(let name, _): return input(name, tree.range)
        case .select(let operand, let field, let isOptional):
            let whole = node(operand)
            return isOptional
                ? SelectNode(whole, field, isOptional: true, tree.range)
                : Self.select(field, of: whole, tree.range)
        default: return node(tree)
        }
    }

    private func fields(
        _ names: ArraySlice<String>, of root: any Node, _ tree: Syntax
    ) -> any Node {
        guard let first = names.first else { return root }
        // Most have one field.
        if names.count == 1 { return Self.select(first, of: root, tree.range) }
        return zip(names, tree.path(ofLast: names.count)).reduce(root) { whole, step in
            Self.select(step.0, of: whole, step.1.range)
        }
    }

    private static func select(
        _ field: String, of whole: any Node, _ range: SourceRange
    ) -> any Node {
        if let input = whole as? InputNode { return InputFieldNode(input, field, range) }
        return SelectNode(whole, field, isOptional: false, range)
    }

    private func read(_ local: (name: String, slot: Int, isBound: Bool)) -> any Node {
        local.isBound ? BoundNode(local.slot) : LocalNode(local.slot)
    }

    private mutating func input(_ name: String, _ range: SourceRange) -> any Node {
        if let slot = slots[name] { return InputNode(slot, name, range) }
        let slot = inputNames.count
        inputNames.append(name)
        slots[name] = slot
        return InputNode(slot, name, range)
    }

    // MARK: - Calls

    private mutating func call(
        _ name: String, _ target: Syntax?, _ arguments: [Syntax], _ range: SourceRange
    ) -> any Node {
        if target == nil, Operator.isOne(name), let node = operation(name, arguments, range) {
            return node
        }
        if let target, let full = qualified(target, name),
            let function = surroundings.environment.function(
                full, isMember: false, count: arguments.count)
        {
            return function.node(arguments.map { node($0) }, range)
        }
        let all = (target.map { [$0] } ?? []) + arguments
        if all.count == 2, name == "matches", case .literal(.string(let text)) = all[1].kind,
            case .made(let pattern) = surroundings.patterns.pattern(text)
        {
            return PatternNode(node(all[0]), pattern, range)
        }
        let nodes = all.map { node($0) }
        if target != nil, nodes.count == 2, name == "or" || name == "orValue" {
            return OptionalOrNode(nodes[0], nodes[1], isValue: name == "orValue", range)
        }
        if let function = surroundings.environment.function(
            name, isMember: target != nil, count: all.count)
        {
            return function.node(nodes, range)
        }
        if surroundings.environment.hasFunction(name, isMember: target != nil) {
            return NoOverloadNode(name, nodes, range)
        }
        let usage = target == nil ? nil : Macros.usage(of: name).map { "it is written \($0)" }
        return FailingNode(
            EvaluationError(.unknownFunction, usage ?? "there is no function \(name)")
                .placed(at: range))
    }

    private func qualified(_ target: Syntax, _ name: String) -> String? {
        surroundings.environment.function(name, inNamespace: target) { name in
            locals.contains { $0.name == name }
        }
    }

    private mutating func operation(
        _ name: String, _ arguments: [Syntax], _ range: SourceRange
    ) -> (any Node)? {
        switch name {
        case Operator.and: return logic(terms(arguments)[...], deciding: false).node
        case Operator.or: return logic(terms(arguments)[...], deciding: true).node
        case Operator.not: return NotNode(node(arguments[0]), arguments[0].range)
        case Operator.conditional:
            return ConditionalNode(
                (node(arguments[0]), arguments[0].range), node(arguments[1]), node(arguments[2]))
        case Operator.equal, Operator.unequal:
            return equality(
                node(arguments[0]), node(arguments[1]), isEqual: name == Operator.equal, range)
        case Operator.isIn:
            let (element, whole) = (node(arguments[0]), node(arguments[1]))
            if let known = whole as? ConstantNode, case .list(let list) = known.constant {
                return InConstantNode(element, list)
            }
            return MembershipNode(element, whole, range)
        case Operator.index, Operator.optionalIndex:
            if name == Operator.index, case .literal(.string(let key)) = arguments[1].kind {
                return KeyNode(node(arguments[0]), key, range)
            }
            return IndexNode(
                node(arguments[0]), node(arguments[1]), isOptional: name != Operator.index, range)
        default: break
        }
        if let body = Arithmetic.body(of: name) {
            return body.node(arguments.map { node($0) }, range)
        }
        guard let test = OrderTest(name) else { return nil }
        let sign = Operator.binary[name]?.sign ?? name
        let (left, right) = (node(arguments[0]), node(arguments[1]))
        if let known = right as? ConstantNode {
            return OrderConstantNode(sign, left, known.constant, range, test)
        }
        return OrderNode(sign, left, right, range, test)
    }

    /// Halves of halves: each node has two terms, and none lies deep.
    private func logic(_ terms: ArraySlice<LogicNode.Term>, deciding: Bool) -> LogicNode.Term {
        guard terms.count > 1 else { return terms[terms.startIndex] }
        let middle = terms.startIndex + terms.count / 2
        let left = logic(terms[..<middle], deciding: deciding)
        let right = logic(terms[middle...], deciding: deciding)
        return (
            LogicNode(left, right, deciding), SourceRange(left.range.start, right.range.end)
        )
    }

    private mutating func terms(_ trees: [Syntax]) -> [LogicNode.Term] {
        trees.map { (node($0), $0.range) }
    }

    private func equality(
        _ left: any Node, _ right: any Node, isEqual: Bool, _ range: SourceRange
    ) -> any Node {
        if let known = right as? ConstantNode {
            return EqualsConstantNode(left, known.constant, isEqual: isEqual)
        }
        if let known = left as? ConstantNode {
            return EqualsConstantNode(right, known.constant, isEqual: isEqual)
        }
        return EqualityNode(left, right, isEqual: isEqual, range)
    }

    private mutating func record(
        _ name: String, _ fields: [Syntax.Field], _ range: SourceRange
    ) -> any Node {
        guard let make = surroundings.environment.record(name)?.make else {
            return FailingNode(
                EvaluationError(.undeclaredReference, "there is no record \(name) to make")
                    .placed(at: range))
        }
        return RecordNode(
            fields.map { ($0.name, node($0.value), $0.isOptional) }, range, make: make)
    }

    // MARK: - Scopes

    private mutating func bind(_ values: [(String, Syntax)], _ body: Syntax) -> any Node {
        let first = reserve(values.count)
        let outer = locals.count
        var contents: [any Node] = []
        for (offset, (name, value)) in values.enumerated() {
            contents.append(node(value))
            locals.append((name, first + offset, true))
        }
        let inner = node(body)
        locals.removeLast(locals.count - outer)
        nextLocal = first
        return BindingNode(first, contents, inner)
    }

    private mutating func loop(_ loop: Loop, _ range: SourceRange) -> any Node {
        let source = node(loop.range)
        let first = reserve(2)
        let outer = locals.count
        for (offset, name) in loop.names.enumerated() {
            locals.append((name, first + offset, false))
        }
        let filter = loop.filter.map { node($0) }
        let body = node(loop.body)
        locals.removeLast(locals.count - outer)
        nextLocal = first
        let parts = LoopParts(
            range: source, slot: first, hasTwo: loop.names.count == 2, filter: filter, body: body,
            bodyRange: loop.body.range)
        return PlacedNode(Self.node(loop.kind, parts), at: range)
    }

    private static func node(_ kind: Loop.Kind, _ parts: LoopParts) -> any Node {
        switch kind {
        case .all: return QuantifierNode(parts, deciding: false)
        case .exists: return QuantifierNode(parts, deciding: true)
        case .existsOne: return ExistsOneNode(parts)
        case .map, .transformList: return CollectNode(parts, keepsElement: false)
        case .filter: return CollectNode(parts, keepsElement: true)
        case .transformMap: return CollectMapNode(parts, isWholeEntry: false)
        case .transformMapEntry: return CollectMapNode(parts, isWholeEntry: true)
        case .optMap: return OptionalMapNode(parts, isFlat: false)
        case .optFlatMap: return OptionalMapNode(parts, isFlat: true)
        case .sortBy: return SortByNode(parts)
        }
    }
}

extension Value {
    init(_ literal: Literal) {
        self =
            switch literal {
            case .null: .null
            case .bool(let value): .bool(value)
            case .int(let value): .int(value)
            case .uint(let value): .uint(value)
            case .double(let value): .double(value)
            case .string(let value): .string(value)
            case .bytes(let value): .bytes(value)
            }
    }
}
