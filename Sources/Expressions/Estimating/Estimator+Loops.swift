/// Macros that go through a list or a map.
extension Estimator {
    mutating func loop(_ loop: Loop) -> Estimate {
        let whole = settled(loop.range)
        if loop.kind == .optMap || loop.kind == .optFlatMap {
            let body = within([(loop.names[0], whole.size)], loop.body)
            return Estimate(
                reading: body.size, cost: Bounds(1) + whole.cost + body.cost.orLess)
        }
        let names = Self.names(loop, whole.size)
        let filter = loop.filter.map { within(names, $0) }
        let body = within(names, loop.body)
        let each = Bounds(1) + Self.turn(loop, filter, body, key: names[0].1)
        let count = whole.size.count
        var cost: Bounds
        switch loop.kind {
        // The first element may decide.
        case .all, .exists: cost = each * Bounds(min(count.least, 1), count.most)
        case .sortBy:
            let order = Self.ordering(body.size, count.most)
            cost = each * count
            cost = Bounds(cost.least, Bounds.sum(cost.most, order))
        default: cost = each * count
        }
        return Estimate(
            reading: Self.value(loop, whole.size, body.size),
            cost: Bounds(1) + whole.cost + cost)
    }

    private static func names(
        _ loop: Loop, _ whole: EstimatedSize
    ) -> [(String, EstimatedSize)] {
        guard loop.names.count == 2 else { return [(loop.names[0], whole.gone)] }
        let place = EstimatedSize.number(whole.count.orLess)
        let first: EstimatedSize =
            switch whole.kind {
            case .list: place
            case .map: whole.key
            default: .any(of: [place, whole.key])
            }
        return [(loop.names[0], first), (loop.names[1], whole.element)]
    }

    /// One element, beside the step that going on takes.
    private static func turn(
        _ loop: Loop, _ filter: Estimate?, _ body: Estimate, key: EstimatedSize
    ) -> Bounds {
        var own = body.cost
        switch loop.kind {
        case .transformMap: own = own + adding(key)
        case .transformMapEntry: own = own + adding(body.size.key) * body.size.count
        default: break
        }
        guard let filter else { return own }
        return filter.cost + own.orLess
    }

    private static func value(
        _ loop: Loop, _ whole: EstimatedSize, _ body: EstimatedSize
    ) -> EstimatedSize {
        let count = loop.filter == nil ? whole.count : whole.count.orLess
        switch loop.kind {
        case .all, .exists, .existsOne, .optMap, .optFlatMap: return .scalar
        case .filter: return .list(whole.count.orLess, of: whole.gone)
        case .sortBy: return whole
        case .map, .transformList: return .list(count, of: body)
        case .transformMap: return .map(count, from: whole.key, to: body)
        case .transformMapEntry: return .map(count * body.count, from: body.key, to: body.element)
        }
    }

    /// Putting so many keys in order: each is compared about as often as the list can be halved.
    static func ordering(_ key: EstimatedSize, _ count: Int) -> Int {
        let rounds = count.bitWidth - count.leadingZeroBitCount
        return Bounds.product(count, Bounds.product(rounds, Bounds.sum(2, key.steps)))
    }
}
