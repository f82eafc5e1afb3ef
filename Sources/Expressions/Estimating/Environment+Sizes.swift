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
        guard !names.contains("") else {
            throw EvaluationError(
                .invalidArgument, "a name is missing between two dots, or at an end")
        }
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

    /// Whether a path is that of a variable, and not of one with a longer name.
    func isPath(_ path: String, of variable: String) -> Bool {
        guard path == variable || path.hasPrefix(variable + ".") else { return false }
        return !variables.keys.contains { name in
            name.hasPrefix(variable + ".") && (path == name || path.hasPrefix(name + "."))
        }
    }

    private func unknownVariable(_ name: String) -> String {
        let whole = variables.keys.filter {
            $0.hasSuffix("." + name) || $0.hasPrefix(name + ".")
        }.min()
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
