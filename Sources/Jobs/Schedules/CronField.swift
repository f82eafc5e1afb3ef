/// One field of a cron expression as the set of values it allows.
struct CronField: Hashable, Sendable {
    let values: Set<Int>
    /// Whether it was `*` or a step over all: then it restricts nothing by itself.
    let isWildcard: Bool

    /// - Parameters:
    ///   - names: the field's words for values, such as `MON`, upper-case.
    /// - Returns: `nil` where the text means nothing in this field.
    init?(_ text: Substring, _ range: ClosedRange<Int>, names: [String: Int] = [:]) {
        var all: Set<Int> = []
        var isWildcard = false
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard (1...2).contains(pieces.count),
                let bounds = Self.bounds(pieces[0], range, names, hasStep: pieces.count == 2)
            else { return nil }
            var step = 1
            if pieces.count == 2 {
                guard let number = Int(pieces[1]), number > 0 else { return nil }
                step = number
            }
            isWildcard = isWildcard || pieces[0] == "*"
            all.formUnion(stride(from: bounds.lowerBound, through: bounds.upperBound, by: step))
        }
        guard !all.isEmpty else { return nil }
        values = all
        self.isWildcard = isWildcard
    }

    private static func bounds(
        _ text: Substring, _ range: ClosedRange<Int>, _ names: [String: Int], hasStep: Bool
    ) -> ClosedRange<Int>? {
        if text == "*" { return range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(ends.count), let low = value(ends[0], range, names) else {
            return nil
        }
        guard ends.count == 2 else { return hasStep ? low...range.upperBound : low...low }
        guard let high = value(ends[1], range, names), low <= high else { return nil }
        return low...high
    }

    private static func value(
        _ text: Substring, _ range: ClosedRange<Int>, _ names: [String: Int]
    ) -> Int? {
        if let named = names[text.uppercased()] { return named }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int(text), range.contains(number)
        else { return nil }
        return number
    }
}
