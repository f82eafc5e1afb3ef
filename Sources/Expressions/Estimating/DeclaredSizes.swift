/// Sizes of what the host puts in, by types and by what was declared.
///
/// They ask it for what stands within, and may not outlive it. Those of types alone are kept here and nowhere else: a
/// record may hold itself.
final class DeclaredSizes {
    private let environment: Environment
    /// Behind each path that begins one that was declared, the names that go on.
    private let names: [String: Set<String>]
    /// Each variable once, however often it is read.
    private var variables: [String: EstimatedSize] = [:]
    /// Each type once of whose values nothing was declared.
    private var types: [ValueType: EstimatedSize] = [:]

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
        if let found = variables[name] { return found }
        let size = size(environment.variables[name] ?? .dyn, [name])
        variables[name] = size
        return size
    }

    /// - Parameter paths: under which it may have been declared, the narrowest first.
    private func size(_ type: ValueType, _ paths: [String]) -> EstimatedSize {
        let known = paths.filter { environment.sizes[$0] != nil || names[$0] != nil }
        guard known.isEmpty else { return made(type, known) }
        if let found = types[type] { return found }
        let size = made(type, [])
        types[type] = size
        return size
    }

    private func made(_ type: ValueType, _ paths: [String]) -> EstimatedSize {
        let said = paths.lazy.compactMap { [environment] in environment.sizes[$0] }.first
        let count =
            said.map { Bounds($0.lowerBound, $0.upperBound) } ?? Bounds(0, CostEstimate.unknownSize)
        switch type {
        case .int, .uint: return .number(count)
        case .string, .bytes: return .text(count)
        case .list(let element):
            return .declared(
                .list, count,
                EstimatedSize.Parts(
                    keeps: !paths.isEmpty,
                    element: { [unowned self] in size(element, steps("[]", paths)) }))
        case .map(let key, let value):
            return .declared(
                .map, count, entries(paths, key: { [unowned self] in size(key, []) }, value))
        case .dyn:
            guard !paths.isEmpty else { return .unknown(count) }
            return .declared(.any, count, entries(paths, key: { .unknown() }, .dyn))
        case .optional(let inner): return size(inner, paths)
        case .named(let name):
            guard let fields = environment.record(name)?.fields else { return .scalar }
            return .declared(.record, Bounds(fields.count), record(fields, paths))
        default: return .scalar
        }
    }

    private func entries(
        _ paths: [String], key: @escaping () -> EstimatedSize, _ value: ValueType
    ) -> EstimatedSize.Parts {
        EstimatedSize.Parts(
            keeps: !paths.isEmpty, key: key, element: { [unowned self] in entry(value, paths) },
            field: { [unowned self] in size(value, steps($0, paths) + steps("[]", paths)) })
    }

    private func record(
        _ fields: [String: ValueType], _ paths: [String]
    ) -> EstimatedSize.Parts {
        EstimatedSize.Parts(
            names: Array(fields.keys), keeps: !paths.isEmpty, element: { .unknown() },
            field: { [unowned self] name in
                fields[name].map { size($0, steps(name, paths)) } ?? .unknown()
            })
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
