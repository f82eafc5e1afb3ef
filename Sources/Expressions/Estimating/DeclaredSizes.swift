extension Environment {
    /// Says how much stands behind a path that ``ReadPaths`` gives, such as `order.lines` or
    /// `order.lines.[].note`, for estimates: elements, entries, bytes of text, or how large a whole number may
    /// be. What is not said is taken as ``CostEstimate/unknownSize`` at most.
    /// - Parameter path: begins with a variable’s whole name. What a map holds under any key is `[]`.
    /// - Throws: `EvaluationError.undeclaredReference` for a path that nothing stands behind, and
    ///   `EvaluationError.invalidArgument` where what stands there has no size, or less than none.
    public mutating func declare(
        _ path: String, size: ClosedRange<Int>
    ) throws(EvaluationError) {
        guard size.lowerBound >= 0 else {
            throw EvaluationError(.invalidArgument, "a size is no less than 0")
        }
        switch try type(behind: path) {
        case .list, .map, .string, .bytes, .dyn, .int, .uint: sizes[path] = size
        case let type:
            throw EvaluationError(.invalidArgument, "\(path) is \(type.text), which has no size")
        }
    }

    private func type(behind path: String) throws(EvaluationError) -> ValueType {
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // The longest declared name counts, as where an expression is read.
        let count = names.indices.reversed().first {
            variables[names[...$0].joined(separator: ".")] != nil
        }
        guard let count, var type = variables[names[...count].joined(separator: ".")] else {
            throw EvaluationError(.undeclaredReference, unknownVariable(names[0]))
        }
        for name in names[(count + 1)...] { type = try part(name, of: type) }
        if case .optional(let inner) = type { return inner }
        return type
    }

    private func unknownVariable(_ name: String) -> String {
        let whole = variables.keys.filter { $0.hasSuffix("." + name) }.min()
        let nearest = whole ?? Suggestion.nearest(to: name, among: variables.keys)
        return "there is no variable “\(name)”" + (nearest.map { "; did you mean “\($0)”?" } ?? "")
    }

    private func part(_ name: String, of type: ValueType) throws(EvaluationError) -> ValueType {
        switch type {
        case .dyn: return .dyn
        case .optional(let inner): return try part(name, of: inner)
        case .list(let element) where name == "[]": return element
        case .map(_, let value): return value
        case .named(let record):
            let fields = self.record(record)?.fields ?? [:]
            if let field = fields[name] { return field }
            let nearest = Suggestion.nearest(to: name, among: fields.keys)
            throw EvaluationError(
                .undeclaredReference,
                "\(record) has no field “\(name)”"
                    + (nearest.map { "; did you mean “\($0)”?" } ?? ""))
        case .list:
            throw EvaluationError(
                .undeclaredReference,
                "\(type.text) has no “\(name)”; its elements are [], as in lines.[].sku")
        default:
            throw EvaluationError(.undeclaredReference, "\(type.text) has no “\(name)”")
        }
    }
}

/// Sizes of what the host puts in, by types and by what was declared.
final class DeclaredSizes {
    private let environment: Environment
    /// Behind each path that begins one that was declared, the names that go on.
    private let names: [String: Set<String>]
    /// Each variable once, however often it is read.
    private var known: [String: EstimatedSize] = [:]

    init(_ environment: Environment) {
        self.environment = environment
        var names: [String: Set<String>] = [:]
        for path in environment.sizes.keys {
            let parts = path.split(separator: ".").map(String.init)
            for count in parts.indices.dropFirst() {
                names[parts[..<count].joined(separator: "."), default: []].insert(parts[count])
            }
        }
        self.names = names
    }

    func size(ofVariable name: String) -> EstimatedSize {
        if let found = known[name] { return found }
        let size = size(environment.variables[name] ?? .dyn, [name])
        known[name] = size
        return size
    }

    /// - Parameter paths: under which it may have been declared, the narrowest first.
    private func size(_ type: ValueType, _ paths: [String]) -> EstimatedSize {
        let said = paths.lazy.compactMap { [environment] in environment.sizes[$0] }.first
        let count = said.map { Bounds($0.lowerBound, $0.upperBound) }
        let guess = count ?? Bounds(0, CostEstimate.unknownSize)
        switch type {
        case .int, .uint: return EstimatedSize(.scalar, guess)
        case .string, .bytes: return .text(guess)
        case .list(let element):
            return EstimatedSize(
                .list, guess, element: { [self] in size(element, steps("[]", paths)) })
        case .map(let key, let value):
            return EstimatedSize(
                .map, guess, key: { [self] in size(key, []) },
                element: { [self] in entry(value, paths) },
                field: { [self] in size(value, steps($0, paths) + steps("[]", paths)) })
        case .dyn:
            return EstimatedSize(
                .any, guess, key: { .unknown }, element: { [self] in entry(.dyn, paths) },
                field: { [self] in size(.dyn, steps($0, paths) + steps("[]", paths)) })
        case .optional(let inner): return size(inner, paths)
        case .named(let name):
            guard let fields = environment.record(name)?.fields else { return .scalar }
            return EstimatedSize(
                .record, Bounds(0, fields.count), element: { .unknown },
                fieldNames: Array(fields.keys),
                field: { [self] name in
                    fields[name].map { size($0, steps(name, paths)) } ?? .unknown
                })
        default: return .scalar
        }
    }

    /// Those that go on, of what was declared.
    private func steps(_ name: String, _ paths: [String]) -> [String] {
        paths.filter { names[$0]?.contains(name) == true }.map { "\($0).\(name)" }
    }

    /// Any entry, also one that was named.
    private func entry(_ type: ValueType, _ paths: [String]) -> EstimatedSize {
        let named = Set(paths.flatMap { names[$0] ?? [] }).subtracting(["[]"]).sorted()
        let all = steps("[]", paths)
        return .any(
            of: [size(type, all)] + named.map { size(type, steps($0, paths) + all) })
    }
}
