/// How many elements, entries or bytes of text a part may have, and how large what stands in it may be.
final class EstimatedSize {
    typealias Within = () -> EstimatedSize

    let count: ClosedRange<Int>
    /// As ``ReadPaths`` writes it; `nil` for what an expression makes.
    let path: String?
    /// Whether it is more than a guess.
    let isKnown: Bool
    private let isText: Bool
    /// Worked out once: parts may share it many times over.
    private(set) lazy var element = makeElement()
    /// Of a map that is written down; of all else what stands in its place.
    private(set) lazy var key = makeKey?() ?? element
    private let makeElement: Within
    private let makeKey: Within?

    init(
        _ count: ClosedRange<Int>, path: String? = nil, isKnown: Bool = true, isText: Bool = false,
        key: Within? = nil, element: @escaping Within = { .none }
    ) {
        self.count = count
        self.path = path
        self.isKnown = isKnown
        self.isText = isText
        makeKey = key
        makeElement = element
    }

    /// Of what has no size, such as a number.
    static var none: EstimatedSize { EstimatedSize(0...0) }

    static var unknown: EstimatedSize {
        EstimatedSize(0...CostEstimate.unknownSize, isKnown: false, element: { .unknown })
    }

    var isMap: Bool { makeKey != nil }

    /// What looking at all of it takes. Of what is only guessed the first level counts alone.
    var weight: Int { weight(levels: 8) }

    private func weight(levels: Int) -> Int {
        guard count.upperBound > 0, !isText, isKnown, levels > 0 else { return count.upperBound }
        let own = element.weightWithin(levels: levels - 1)
        let inner = isMap ? max(own, key.weightWithin(levels: levels - 1)) : own
        return CostEstimate.capped(
            count.upperBound.multipliedReportingOverflow(by: max(1, inner)))
    }

    private func weightWithin(levels: Int) -> Int {
        // Some ten bytes are a step.
        isText ? count.upperBound / 8 : (isKnown ? weight(levels: levels) : 1)
    }

    /// Either of two.
    func or(_ other: EstimatedSize) -> EstimatedSize {
        let count =
            min(
                count.lowerBound, other.count.lowerBound)...max(
                count.upperBound, other.count.upperBound)
        return EstimatedSize(
            count, isKnown: isKnown && other.isKnown, isText: isText && other.isText,
            key: isMap && other.isMap ? { self.key.or(other.key) } : nil,
            element: { self.element.or(other.element) })
    }

    /// One behind the other.
    func followed(by other: EstimatedSize) -> EstimatedSize {
        EstimatedSize(
            CostEstimate.sum(count, other.count), isKnown: isKnown && other.isKnown,
            isText: isText && other.isText, element: { self.element.or(other.element) })
    }

    /// At most all of it.
    var part: EstimatedSize {
        EstimatedSize(
            0...count.upperBound, path: path, isKnown: isKnown, isText: isText,
            key: makeKey.map { _ in { self.key } },
            element: { self.element })
    }

    static func any(of sizes: [EstimatedSize]) -> EstimatedSize {
        sizes.dropFirst().reduce(sizes.first ?? .none) { $0.or($1) }
    }
}

/// Finds out sizes, among names that are in force.
struct SizeEstimator {
    private let environment: Environment
    private var locals: [(name: String, size: EstimatedSize)] = []

    init(_ environment: Environment) { self.environment = environment }

    /// With names of a scope.
    func knowing(_ names: [(String, EstimatedSize)]) -> SizeEstimator {
        var inner = self
        inner.locals += names
        return inner
    }

    /// With a loop’s names.
    func within(_ loop: Loop) -> SizeEstimator {
        let whole = size(of: loop.range)
        let isOptional = loop.kind == .optMap || loop.kind == .optFlatMap
        guard loop.names.count == 2 else {
            let own = isOptional ? whole : (whole.isMap ? whole.key : whole.element)
            return knowing([(loop.names[0], own)])
        }
        let first = whole.isMap ? whole.key : .unknown
        return knowing([(loop.names[0], first), (loop.names[1], whole.element)])
    }

    /// With the names of `cel.block`: each may ask for those before it.
    func within(_ slots: [Syntax]) -> SizeEstimator {
        var inner = self
        for (index, slot) in slots.enumerated() {
            inner = inner.knowing([(Syntax.slotName(index), inner.size(of: slot))])
        }
        return inner
    }

    func size(of tree: Syntax) -> EstimatedSize {
        switch tree.kind {
        case .list(let elements):
            let sure = elements.count { !$0.isOptional }
            return EstimatedSize(
                sure...elements.count,
                element: { .any(of: elements.map { size(of: $0.value) }) })
        case .map(let entries):
            let sure = entries.count { !$0.isOptional }
            return EstimatedSize(
                min(sure, 1)...entries.count, key: { .any(of: entries.map { size(of: $0.key) }) },
                element: { .any(of: entries.map { size(of: $0.value) }) })
        // So many numbers may be made of it.
        case .literal(.int(let number)): return EstimatedSize(0...Int(clamping: max(0, number)))
        case .literal(.string(let text)): return EstimatedSize(0...text.utf8.count, isText: true)
        case .literal(.bytes(let bytes)):
            return EstimatedSize(bytes.count...bytes.count, isText: true)
        case .literal, .has: return .none
        case .name(let name, let isRooted):
            if !isRooted, let local = locals.last(where: { $0.name == name }) { return local.size }
            return sizeBehind(name)
        case .select(let operand, let field, _):
            let whole = size(of: operand)
            return whole.path.map { sizeBehind("\($0).\(field)") } ?? whole.element
        case .call(let name, let target, let arguments):
            return size(ofCall: name, (target.map { [$0] } ?? []) + arguments)
        case .loop(let loop): return size(of: loop)
        case .bind(let name, let value, let body):
            return knowing([(name, size(of: value))]).size(of: body)
        case .block(let slots, let body): return within(slots).size(of: body)
        case .record: return .unknown
        }
    }

    private func size(of loop: Loop) -> EstimatedSize {
        let whole = size(of: loop.range)
        switch loop.kind {
        case .all, .exists, .existsOne: return .none
        case .filter:
            return whole.isMap
                ? EstimatedSize(0...whole.count.upperBound, element: { whole.key }) : whole.part
        case .sortBy: return whole
        case .optMap, .optFlatMap: return within(loop).size(of: loop.body)
        case .transformMapEntry: return whole.part
        case .map, .transformList, .transformMap:
            let count = loop.filter == nil ? whole.count : 0...whole.count.upperBound
            return EstimatedSize(
                count,
                key: loop.kind == .transformMap ? { whole.isMap ? whole.key : .none } : nil,
                element: { within(loop).size(of: loop.body) })
        }
    }

    private func size(ofCall name: String, _ parts: [Syntax]) -> EstimatedSize {
        switch (name, parts.count) {
        case (Operator.index, 2), (Operator.optionalIndex, 2): return size(of: parts[0]).element
        case (Operator.add, 2): return size(of: parts[0]).followed(by: size(of: parts[1]))
        case (Operator.conditional, 3): return size(of: parts[1]).or(size(of: parts[2]))
        case ("dyn", 1), ("lowerAscii", 1), ("upperAscii", 1), ("reverse", 1), ("sort", 1):
            return size(of: parts[0])
        case ("trim", 1), ("substring", _), ("slice", _), ("distinct", 1):
            return size(of: parts[0]).part
        case ("split", _) where parts.count > 1:
            let text = size(of: parts[0])
            let most = CostEstimate.capped(text.count.upperBound.addingReportingOverflow(1))
            return EstimatedSize(0...most, element: { text.part })
        // As `lists.range(n)`, which stands behind its namespace.
        case ("range", _): return parts.last.map { EstimatedSize(size(of: $0).count) } ?? .unknown
        default: return .unknown
        }
    }

    private func sizeBehind(_ path: String) -> EstimatedSize {
        let type = (try? environment.type(behind: path)) ?? .dyn
        switch type {
        case .bool, .int, .uint, .double, .timestamp, .duration, .decimal, .named, .null:
            return EstimatedSize(0...0, path: path)
        default: break
        }
        let given = environment.sizes[path]
        var key: EstimatedSize.Within?
        if case .map(let own, _) = type { key = { own == .string ? .unknown : .none } }
        return EstimatedSize(
            given ?? 0...CostEstimate.unknownSize, path: path, isKnown: given != nil, key: key,
            element: { sizeBehind("\(path).[]") })
    }
}
