/// A function with what it is called on: what it does with so much, and how large its value is.
struct FunctionUse {
    let name: String
    /// Of what it is called on, and of its arguments.
    let sizes: [EstimatedSize]
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

    func size(_ place: Int) -> EstimatedSize {
        place < sizes.count ? sizes[place] : .scalar
    }

    /// A text that is written down.
    func text(_ place: Int) -> String? {
        guard place < arguments.count, case .literal(.string(let text)) = arguments[place].kind
        else { return nil }
        return text
    }

    /// A whole number that is written down.
    func number(_ place: Int) -> Int? {
        guard place < arguments.count, case .literal(.int(let number)) = arguments[place].kind
        else { return nil }
        return Int(clamping: number)
    }

    /// At most, beside the step of calling it.
    var steps: Int {
        let first = size(0)
        let (count, element) = (first.count.most, first.element)
        switch name {
        case "dyn", "type", "optional.of", "optional.none", "hasValue", "value", "or", "orValue",
            "int", "uint", "bool", "double", "string", "timestamp", "duration", "decimal", "money",
            "quantity", "ip", "cidr", "isIP", "isCIDR", "ip.isCanonical", "containsIP",
            "containsCIDR":
            return Bounds.sum(conversion, name == "bool" ? 0 : reading(tenths: 1))
        case "first", "last": return element.copying
        case "lists.range": return count
        case "slice", "unwrapOpt", "optional.unwrap":
            return Bounds.product(value.count.most, Bounds.sum(2, element.copying))
        case "reverse" where first.kind != .text: return Bounds.sum(count, reading(tenths: 3))
        case "sum": return Bounds.product(count, 3)
        case "sort": return Bounds.sum(count, Estimator.ordering(element, count))
        case "math.greatest", "math.least":
            return Bounds.sum(first.kind == .scalar ? 0 : count, sizes.count)
        case "flatten":
            // Each level is gone through, and what comes out is counted once more.
            let copying = (0...levels).reduce((size: element, most: 0)) { found, _ in
                (found.size.element, max(found.most, found.size.copying))
            }.most
            return Bounds.product(Bounds.sum(levels + 2, copying), flattened.most)
        case "join":
            let part = Bounds.sum(element.count.most, size(1).count.most) / 100
            return Bounds.product(count, Bounds.sum(Bounds.sum(2, part), element.copying))
        case "distinct":
            // Texts are looked up; all else is compared with each that is there.
            let each =
                element.kind == .text
                ? element.allSteps : Bounds.product(count, Bounds.sum(1, element.allSteps))
            return Bounds.product(count, Bounds.sum(2, each))
        case "sets.contains", "sets.equivalent", "sets.intersects":
            let pairs = Bounds.product(count, size(1).count.most)
            let each = Bounds.sum(1, max(element.allSteps, size(1).element.allSteps))
            return Bounds.product(pairs, Bounds.product(name == "sets.equivalent" ? 2 : 1, each))
        case "format": return Bounds.sum(formatting, value.count.most / 10)
        case "matches": return matching(making: 0)
        case "regex.extract": return matching(making: 1)
        case "regex.extractAll": return Bounds.sum(matching(making: 1), searching)
        case "regex.replace":
            let each = Bounds.product(
                Bounds.sum(count, 1), Bounds.sum(2, size(2).count.most))
            return Bounds.sum(
                Bounds.sum(matching(making: 1), searching),
                Bounds.sum(Bounds.sum(each, size(2).count.most), value.count.most / 10))
        case "replace":
            return Bounds.sum(
                reading(tenths: 1), Bounds.sum(occurrences, value.count.most / 10))
        case _ where name.hasPrefix("get"): return 10
        default: return reading(tenths: 3)
        }
    }

    /// What a value that becomes another takes, however long it is.
    private var conversion: Int {
        switch name {
        case "string", "timestamp", "duration", "decimal", "double": 25
        case "money", "ip", "cidr", "isIP", "isCIDR", "ip.isCanonical", "containsIP",
            "containsCIDR":
            50
        default: 0
        }
    }

    /// Going through all its texts: as many tenths of their bytes.
    private func reading(tenths: Int) -> Int {
        sizes.filter { $0.kind == .text || $0.kind == .any }.reduce(0) {
            Bounds.sum(
                $0, Bounds.sum(3 * min(tenths, 2), Bounds.product(tenths, $1.count.most) / 10))
        }
    }

    private var formatting: Int {
        // Precision and hexadecimal digits cost more than other clauses.
        let format = text(0) ?? ".x"
        let clause = format.contains(".") ? 545 : 45
        let factor = format.contains("x") || format.contains("X") ? 10 : 1
        let each = Bounds.sum(clause, Bounds.product(factor, size(1).element.allSteps))
        return Bounds.sum(size(0).count.most, Bounds.product(size(1).count.most, each))
    }

    // MARK: - Patterns

    /// What a pattern that is written out is; `nil` for one that is known only when it runs.
    private var pattern: Pattern? {
        guard let text = text(1), case .made(let pattern) = patterns.pattern(text) else {
            return nil
        }
        return pattern
    }

    /// - Parameter making: how often a pattern that is written out is made.
    private func matching(making: Int) -> Int {
        let bytes = size(0).count.most
        guard let pattern else {
            return Bounds.sum(
                Pattern.stepsOfWrong, Bounds.sum(200, Bounds.product(bytes, 8)))
        }
        let made = 100 + (text(1)?.utf8.count ?? 0) + pattern.size * Pattern.stepsPerPart
        return Bounds.sum(making * made, pattern.steps(for: bytes))
    }

    /// One match after the other: each search may look as far as the end.
    private var searching: Int {
        let bytes = size(0).count.most
        let each =
            pattern.map { $0.isSmall ? bytes / 20 : $0.steps(for: bytes) }
            ?? Bounds.product(bytes, 8)
        return Bounds.product(Bounds.sum(bytes, 1), Bounds.sum(2, each))
    }
}
