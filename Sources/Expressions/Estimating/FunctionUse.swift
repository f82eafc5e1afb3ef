/// A function with what it is called on: what it does with so much, and how large its value is.
struct FunctionUse {
    private let name: String
    private let sizes: [EstimatedSize]
    private let arguments: [Syntax]
    private let patterns: PatternShelf

    /// - Parameter name: with its namespace, if it has one.
    init(
        _ name: String, _ sizes: [EstimatedSize], _ arguments: [Syntax], _ patterns: PatternShelf
    ) {
        self.name = name
        self.sizes = sizes
        self.arguments = arguments
        self.patterns = patterns
    }

    private func size(_ place: Int) -> EstimatedSize {
        place < sizes.count ? sizes[place] : .scalar
    }

    // MARK: - What it does

    /// At most, beside the step of calling it.
    var steps: Int {
        let first = size(0)
        let (count, most) = (first.count.most, first.element)
        switch name {
        case "dyn", "type", "optional.of", "optional.none", "hasValue", "value", "or", "orValue":
            return 0
        case "first", "last": return Estimator.looking(most).most
        case "lists.range": return count
        case "slice", "unwrapOpt", "optional.unwrap":
            return Bounds.product(count, Bounds.sum(2, Estimator.looking(most).most))
        case "reverse" where first.kind != .text: return Bounds.sum(count, reading)
        case "sum": return Bounds.product(count, 3)
        case "sort": return Bounds.sum(count, Estimator.ordering(most, count))
        case "math.greatest", "math.least":
            return first.kind == .scalar ? sizes.count : Bounds.sum(count, sizes.count)
        case "flatten":
            // Each level is gone through, and what comes out is counted once more.
            let looking = Estimator.looking(Self.within(first, levels)).most
            return Bounds.product(Bounds.sum(levels + 2, looking), flattened(levels).most)
        case "join":
            let part = Bounds.sum(most.count.most, size(1).count.most) / 100
            return Bounds.product(
                count, Bounds.sum(Bounds.sum(2, part), Estimator.looking(most).most))
        case "distinct":
            // Texts are looked up; all else is compared with each that is there.
            let each =
                most.kind == .text
                ? most.allSteps : Bounds.product(count, Bounds.sum(1, most.allSteps))
            return Bounds.product(count, Bounds.sum(2, each))
        case "sets.contains", "sets.equivalent", "sets.intersects":
            let pairs = Bounds.product(count, size(1).count.most)
            let each = Bounds.sum(1, max(most.allSteps, size(1).element.allSteps))
            return Bounds.product(pairs, Bounds.product(name == "sets.equivalent" ? 2 : 1, each))
        case "format": return Bounds.sum(formatting, value.count.most / 10)
        case "matches": return matching(isMadeAnew: false)
        case "regex.extract": return matching(isMadeAnew: true)
        case "regex.extractAll": return Bounds.sum(matching(isMadeAnew: true), searching)
        case "regex.replace":
            let each = Bounds.product(
                Bounds.sum(size(0).count.most, 1), Bounds.sum(2, size(2).count.most))
            return Bounds.sum(
                Bounds.sum(matching(isMadeAnew: true), searching),
                Bounds.sum(each, value.count.most / 10))
        case "replace":
            return Bounds.sum(reading, Bounds.sum(count + 1, value.count.most / 10))
        case "string", "int", "uint", "double", "bool", "bytes", "timestamp", "duration", "decimal",
            "money", "quantity", "ip", "cidr", "isIP", "isCIDR", "ip.isCanonical", "containsIP",
            "containsCIDR":
            return Bounds.sum(60, reading)
        case _ where name.hasPrefix("get"): return 10
        default: return reading
        }
    }

    /// Going through all its texts, up to three times.
    private var reading: Int {
        sizes.filter { $0.kind == .text || $0.kind == .any }.reduce(0) {
            Bounds.sum($0, Bounds.sum(6, Bounds.product(3, $1.count.most) / 10))
        }
    }

    private var formatting: Int {
        // Precision and hexadecimal digits cost more than other clauses.
        var (clause, factor) = (40, 1)
        if let text = literal(0) {
            if text.contains(".") { clause = 540 }
            if text.contains("x") || text.contains("X") { factor = 10 }
        } else {
            (clause, factor) = (540, 10)
        }
        let each = Bounds.sum(clause, Bounds.product(factor, size(1).element.allSteps))
        return Bounds.sum(size(0).count.most, Bounds.product(size(1).count.most, each))
    }

    private func literal(_ place: Int) -> String? {
        guard place < arguments.count, case .literal(.string(let text)) = arguments[place].kind
        else { return nil }
        return text
    }

    /// What a pattern that is written out is; `nil` for one that is known only when it runs.
    private var pattern: Pattern? {
        guard let text = literal(1), case .made(let pattern) = patterns.pattern(text) else {
            return nil
        }
        return pattern
    }

    private func matching(isMadeAnew: Bool) -> Int {
        let bytes = size(0).count.most
        guard let pattern else {
            return Bounds.sum(
                Pattern.stepsOfWrong, Bounds.sum(200, Bounds.product(bytes, 8)))
        }
        let made = Bounds.sum(
            100 + (literal(1)?.utf8.count ?? 0), pattern.size * Pattern.stepsPerPart)
        return Bounds.sum(isMadeAnew ? made : 0, pattern.steps(for: bytes))
    }

    /// One match after the other: each search may look as far as the end.
    private var searching: Int {
        let bytes = size(0).count.most
        let each =
            pattern.map { $0.isSmall ? bytes / 20 : $0.steps(for: bytes) }
            ?? Bounds.product(bytes, 8)
        return Bounds.product(Bounds.sum(bytes, 1), Bounds.sum(2, each))
    }

    // MARK: - What it gives

    var value: EstimatedSize {
        let first = size(0)
        switch name {
        case "size": return EstimatedSize(.scalar, first.count)
        case "dyn", "optional.of", "optional.ofNonZeroValue", "value", "lowerAscii", "upperAscii",
            "reverse", "sort", "bytes":
            return first
        // A number that is read from a text is any.
        case "int", "uint", "math.abs": return first.kind == .scalar ? first : .scalar
        case "or", "orValue": return .any(of: sizes)
        case "first", "last": return first.element
        case "trim", "substring", "slice", "distinct", "unwrapOpt", "optional.unwrap":
            return first.with(first.count.orLess)
        case "charAt": return .text(Bounds(0, 4))
        case "string":
            return first.kind == .text ? first : .text(Bounds(0, max(64, first.count.most)))
        case "strings.quote", "base64.encode", "base64.decode":
            return .text(Bounds(0, Bounds.product(2, Bounds.sum(2, first.count.most))))
        case "lists.range":
            return EstimatedSize(
                .list, first.count, element: { first.with(first.count.orLess) })
        case "flatten":
            let (levels, count) = (levels, flattened(levels))
            return EstimatedSize(.list, count.orLess, element: { Self.within(first, levels) })
        case "join":
            let each = first.element.count + size(1).count
            return .text((first.count * each).orLess)
        case "split":
            return EstimatedSize(.list, pieces, element: { first.with(first.count.orLess) })
        case "regex.extract": return .text(first.count.orLess)
        case "regex.extractAll":
            return EstimatedSize(.list, pieces, element: { .text(first.count.orLess) })
        case "replace", "regex.replace":
            // At worst each byte is replaced, and the end.
            let new = Bounds(max(1, size(2).count.most))
            return .text(((first.count + Bounds(1)) * (new + Bounds(1))).orLess)
        case "format":
            let all = size(1).count * Bounds(Bounds.sum(600, size(1).element.allSteps))
            return .text((first.count + all * Bounds(10)).orLess)
        case "math.greatest", "math.least", "math.bitAnd", "math.bitOr", "sum": return .scalar
        case _ where Self.scalars.contains(name): return .scalar
        default: return .unknown
        }
    }

    private static let scalars: Set<String> = [
        "contains", "startsWith", "endsWith", "matches", "indexOf", "lastIndexOf", "hasValue",
        "double", "bool", "timestamp", "duration", "decimal", "money", "quantity", "type", "ip",
        "cidr", "isIP", "isCIDR", "sets.contains", "sets.equivalent", "sets.intersects",
    ]

    /// Of a text that is cut, however it is done.
    private var pieces: Bounds { Bounds(0, Bounds.sum(1, size(0).count.most)) }

    /// How many levels `flatten` takes away.
    private var levels: Int {
        guard arguments.count > 1 else { return 1 }
        guard case .literal(.int(let depth)) = arguments[1].kind else { return 8 }
        return Int(min(max(depth, 0), 8))
    }

    private func flattened(_ levels: Int) -> Bounds {
        var (size, count) = (size(0), size(0).count)
        for _ in 0..<levels {
            size = size.element
            guard size.kind == .list || size.kind == .any else { break }
            count = Bounds(count.least, Bounds.product(count.most, max(1, size.count.most)))
        }
        return count
    }

    private static func within(_ whole: EstimatedSize, _ levels: Int) -> EstimatedSize {
        var found = whole.element
        for _ in 0..<levels where found.kind == .list { found = found.element }
        return found
    }
}
