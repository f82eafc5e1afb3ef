/// How many steps an expression may need, before it runs: an estimate, not a bound. What holds is
/// ``Limits/cost``.
public enum CostEstimate {
    /// What a list or map of unknown size is taken to hold at most.
    public static let unknownSize = 100

    /// - Parameter environment: whose types and ``Environment/sizes`` say what there is.
    /// - Returns: of ``Limits/cost``, from the least to the most; it stops at `Int.max / 2`.
    public static func of(_ tree: Syntax, in environment: Environment) -> ClosedRange<Int> {
        of(tree, SizeEstimator(environment))
    }

    private static func of(_ tree: Syntax, _ sizes: SizeEstimator) -> ClosedRange<Int> {
        switch tree.kind {
        case .loop(let loop): return self.loop(loop, sizes)
        case .bind(let name, let value, let body):
            let inner = sizes.knowing([(name, sizes.size(of: value))])
            return sum(sum(1...1, of(value, sizes)), of(body, inner))
        case .block(let slots, let body):
            let inner = sizes.within(slots)
            return (slots + [body]).map { of($0, inner) }.reduce(1...1, sum)
        case .call(Operator.conditional, _, let arguments):
            let parts = arguments.map { of($0, sizes) }
            let least = min(parts[1].lowerBound, parts[2].lowerBound)
            let most = max(parts[1].upperBound, parts[2].upperBound)
            return sum(sum(1...1, parts[0]), least...most)
        case .call(let name, _, let arguments) where name == Operator.and || name == Operator.or:
            let parts = arguments.map { of($0, sizes) }
            return sum(1...1, (parts.first?.lowerBound ?? 0)...parts.reduce(0...0, sum).upperBound)
        case .call(let name, let target, let arguments):
            let parts = tree.children.map { of($0, sizes) }.reduce(1...1, sum)
            // `regex.replace` is not the `replace` of texts.
            let isPattern = target?.kind == .name("regex", isRooted: false)
            let isSet = target?.kind == .name("sets", isRooted: false) && name == "contains"
            let operands = ((target.map { [$0] } ?? []) + arguments)
                .map { sizes.size(of: $0).weight }
            return sum(
                parts,
                0...work(
                    isPattern ? "extract" : isSet ? "sets.contains" : name, operands,
                    isMade(arguments)))
        case .map(let entries):
            // Each key is looked up before it is put in.
            let own = entries.count * 6
            return tree.children.map { of($0, sizes) }.reduce((1 + own)...(1 + own), sum)
        default:
            return tree.children.map { of($0, sizes) }.reduce(1...1, sum)
        }
    }

    private static func loop(_ loop: Loop, _ sizes: SizeEstimator) -> ClosedRange<Int> {
        let range = of(loop.range, sizes)
        // An entry’s key is looked up before it is put in.
        let isMap = loop.kind == .transformMap || loop.kind == .transformMapEntry
        let step = isMap ? 6...12 : 1...1
        let inner = sizes.within(loop)
        let body = loop.bodies.map { of($0, inner) }.reduce(step, sum)
        let isOptional = loop.kind == .optMap || loop.kind == .optFlatMap
        // These may stop at the first element, and `sortBy` looks at each several times.
        let mayStop = [.all, .exists].contains(loop.kind)
        let whole = product(body, isOptional ? 0...1 : sizes.size(of: loop.range).count)
        let least = mayStop ? min(whole.lowerBound, body.lowerBound) : whole.lowerBound
        let most =
            loop.kind == .sortBy
            ? capped(whole.upperBound.multipliedReportingOverflow(by: 8)) : whole.upperBound
        return sum(sum(1...1, range), least...max(least, most))
    }

    /// What a function does at most with lists and texts of such sizes.
    /// - Parameter isMade: whether a pattern is known only when it runs, and made each time.
    private static func work(_ name: String, _ sizes: [Int], _ isMade: Bool) -> Int {
        let longest = sizes.max() ?? 0
        switch name {
        case Operator.isIn, Operator.equal, Operator.unequal, Operator.add, "contains",
            "join", "split", "replace", "flatten", "reverse", "slice", "sum", "size",
            "indexOf", "lastIndexOf", "substring", "trim", "charAt", "startsWith", "endsWith",
            "lowerAscii", "upperAscii", "quote", "encode", "decode", "bytes":
            return capped(longest.addingReportingOverflow(3))
        case "matches": return patternWork(longest, isMade)
        case "extract": return patternWork(longest, true)
        case "greatest", "least", "unwrap", "unwrapOpt", "first", "last":
            return capped(longest.addingReportingOverflow(sizes.count))
        case "format", "sort": return capped(longest.multipliedReportingOverflow(by: 30))
        case "string", "double", "int", "uint", "timestamp", "decimal", "money": return 30
        case "duration", "ip", "cidr", "isIP", "isCIDR", "isCanonical", "containsIP",
            "containsCIDR":
            return 30
        case "range": return max(longest, unknownSize)
        case "distinct", "equivalent", "intersects", "sets.contains":
            return capped(longest.multipliedReportingOverflow(by: max(longest, 1)))
        default: return 0
        }
    }

    private static func isMade(_ arguments: [Syntax]) -> Bool {
        if case .literal? = arguments.last?.kind { return false }
        return true
    }

    private static func patternWork(_ longest: Int, _ isMade: Bool) -> Int {
        // One that is made when it runs may be as large as one can be.
        capped(
            (longest + (isMade ? Pattern.stepsOfWrong / 3 : 0)).multipliedReportingOverflow(by: 4))
    }

    static func sum(_ a: ClosedRange<Int>, _ b: ClosedRange<Int>) -> ClosedRange<Int> {
        capped(
            a.lowerBound.addingReportingOverflow(b.lowerBound))...capped(
                a.upperBound.addingReportingOverflow(b.upperBound))
    }

    private static func product(_ a: ClosedRange<Int>, _ b: ClosedRange<Int>) -> ClosedRange<Int> {
        capped(
            a.lowerBound.multipliedReportingOverflow(by: b.lowerBound))...capped(
                a.upperBound.multipliedReportingOverflow(by: b.upperBound))
    }

    static func capped(_ result: (partialValue: Int, overflow: Bool)) -> Int {
        result.overflow ? Int.max / 2 : min(result.partialValue, Int.max / 2)
    }
}
