extension Environment {
    /// Says how many elements, entries or bytes stand behind a path that ``ReadPaths`` gives, such as
    /// `order.lines` or `order.lines.[].note`, for estimates; what is not said is taken as
    /// ``CostEstimate/unknownSize`` at most.
    /// - Throws: `EvaluationError.undeclaredReference` for a path that nothing stands behind, and
    ///   `EvaluationError.invalidArgument` where what stands there has no size.
    public mutating func declare(
        _ path: String, size: ClosedRange<Int>
    ) throws(EvaluationError) {
        switch try type(behind: path) {
        case .list, .map, .string, .bytes, .dyn: sizes[path] = size
        case let type:
            throw EvaluationError(.invalidArgument, "\(path) is \(type.text), which has no size")
        }
    }

    func type(behind path: String) throws(EvaluationError) -> ValueType {
        var names = path.split(separator: ".", omittingEmptySubsequences: false)[...]
        // The longest declared name counts, as where an expression is read.
        var count = names.count
        while count > 0, variables[names.prefix(count).joined(separator: ".")] == nil { count -= 1 }
        guard var type = variables[names.prefix(count).joined(separator: ".")] else {
            let first = String(names.first ?? "")
            throw EvaluationError(
                .undeclaredReference,
                "there is no variable “\(first)”" + Self.hint(first, among: variables.keys))
        }
        names = names.dropFirst(count)
        while let name = names.popFirst() {
            if case .optional(let inner) = type { type = inner }
            switch type {
            case .dyn: break
            case .list(let element) where name == "[]": type = element
            case .map(_, let value): type = value
            case .named(let record):
                let fields = self.record(record)?.fields ?? [:]
                guard let field = fields[String(name)] else {
                    throw EvaluationError(
                        .undeclaredReference,
                        "\(record) has no field “\(name)”"
                            + Self.hint(String(name), among: fields.keys))
                }
                type = field
            default:
                let cure =
                    if case .list = type { "; its elements are [], as in lines.[].sku" } else { "" }
                throw EvaluationError(
                    .undeclaredReference, "\(type.text) has no “\(name)”\(cure)")
            }
        }
        if case .optional(let inner) = type { return inner }
        return type
    }

    private static func hint(_ name: String, among known: some Sequence<String>) -> String {
        Suggestion.nearest(to: name, among: known).map { "; did you mean “\($0)”?" } ?? ""
    }
}
