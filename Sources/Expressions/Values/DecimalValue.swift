/// An exact decimal number: a whole number of up to 38 digits, with a point in it.
public struct DecimalValue: Sendable {
    /// How a number is cut to fewer decimals.
    public enum Rounding: String, Sendable, CaseIterable {
        /// Halves go to the even neighbour.
        case halfEven
        /// Halves go away from zero.
        case halfUp
        /// Halves go towards zero.
        case halfDown
        /// Away from zero.
        case up
        /// Towards zero.
        case down
        /// Towards the greater.
        case ceiling
        /// Towards the less.
        case floor
    }

    static let scales = 0...38

    let coefficient: Int128
    /// Digits after the point.
    public let scale: Int

    init(coefficient: Int128, scale: Int) {
        self.coefficient = coefficient
        self.scale = scale
    }

    public init(_ whole: Int64) { self.init(coefficient: Int128(whole), scale: 0) }

    /// Reads `-12.50`; the digits after the point are kept as written.
    /// - Returns: `nil` for other text, and for more than 38 digits.
    public init?(_ text: String) {
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest = rest.dropFirst() }
        let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }),
            rest.utf8.allSatisfy({ Lexer.isDigit($0) || $0 == UInt8(ascii: ".") })
        else { return nil }
        let decimals = parts.count == 2 ? parts[1] : ""
        let digits = (parts[0] + decimals).drop { $0 == "0" }.utf8.count
        guard decimals.utf8.count <= Self.scales.upperBound, digits <= Self.scales.upperBound,
            let value = Int128(String(parts[0] + decimals))
        else { return nil }
        self.init(coefficient: isNegative ? -value : value, scale: decimals.utf8.count)
    }

    public var text: String {
        let digits = String(coefficient.magnitude)
        let sign = coefficient < 0 ? "-" : ""
        guard scale > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return sign + padded.dropLast(scale) + "." + padded.suffix(scale)
    }

    /// - Returns: `nil` past 38 digits.
    private static func checked(_ coefficient: Int128, _ scale: Int) -> DecimalValue? {
        coefficient.magnitude < limit ? DecimalValue(coefficient: coefficient, scale: scale) : nil
    }

    private static let limit = power(38).magnitude

    private static func power(_ exponent: Int) -> Int128 {
        (0..<exponent).reduce(Int128(1)) { value, _ in value * 10 }
    }

    /// - Returns: the same value with more decimals; `nil` where it does not fit.
    private func widened(to scale: Int) -> Int128? {
        let (value, isOver) = coefficient.multipliedReportingOverflow(
            by: Self.power(scale - self.scale))
        return isOver ? nil : value
    }

    private static func aligned(
        _ left: DecimalValue, _ right: DecimalValue
    ) -> (Int128, Int128, Int)? {
        let scale = max(left.scale, right.scale)
        guard let a = left.widened(to: scale), let b = right.widened(to: scale) else { return nil }
        return (a, b, scale)
    }

    static func order(_ left: DecimalValue, _ right: DecimalValue) -> Int {
        if let (a, b, _) = aligned(left, right) { return a < b ? -1 : (a == b ? 0 : 1) }
        // Too wide to align as a whole: by whole parts, and then by what follows the point, which always
        // can be aligned.
        if left.whole != right.whole { return left.whole < right.whole ? -1 : 1 }
        let scale = max(left.scale, right.scale)
        let (a, b) = (left.fraction(at: scale), right.fraction(at: scale))
        return a < b ? -1 : (a == b ? 0 : 1)
    }

    private func fraction(at scale: Int) -> Int128 {
        coefficient % Self.power(self.scale) * Self.power(scale - self.scale)
    }

    private var whole: Int128 { coefficient / Self.power(scale) }

    /// - Returns: `nil` past 38 digits, as all that follow.
    static func add(_ left: DecimalValue, _ right: DecimalValue) -> DecimalValue? {
        guard let (a, b, scale) = aligned(left, right) else { return nil }
        let (sum, isOver) = a.addingReportingOverflow(b)
        return isOver ? nil : checked(sum, scale)
    }

    static func subtract(_ left: DecimalValue, _ right: DecimalValue) -> DecimalValue? {
        guard let (a, b, scale) = aligned(left, right) else { return nil }
        let (sum, isOver) = a.subtractingReportingOverflow(b)
        return isOver ? nil : checked(sum, scale)
    }

    static func multiply(_ left: DecimalValue, _ right: DecimalValue) -> DecimalValue? {
        let (product, isOver) = left.coefficient.multipliedReportingOverflow(by: right.coefficient)
        let scale = left.scale + right.scale
        return isOver || !scales.contains(scale)
            ? nil : checked(product, scale)
    }

    /// - Parameter divisor: not zero.
    static func divide(
        _ left: DecimalValue, by divisor: DecimalValue, scale: Int, _ rounding: Rounding
    ) -> DecimalValue? {
        // left / 10^a ÷ right / 10^b = left × 10^(scale + b - a) ÷ right, at `scale`.
        let shift = scale + divisor.scale - left.scale
        let isNegative = (left.coefficient < 0) != (divisor.coefficient < 0)
        let (top, bottom) = (left.coefficient.magnitude, divisor.coefficient.magnitude)
        var (whole, rest) = top.quotientAndRemainder(dividingBy: bottom)
        guard shift < 0 else {
            // Digit by digit, as on paper: what is carried may be wider than either.
            for _ in 0..<shift {
                let (digit, next) = bottom.dividingFullWidth(rest.multipliedFullWidth(by: 10))
                let (wider, isOver) = whole.multipliedReportingOverflow(by: 10)
                guard !isOver, wider < limit else { return nil }
                (whole, rest) = (wider + digit, next)
            }
            let half = rest == 0 ? nil : order(twice: rest, to: bottom)
            return cut(whole, half, isNegative, rounding, scale)
        }
        // Of the digits that are too many the first says which half it is, the others whether there are any.
        var half: Int? = rest == 0 ? nil : -1
        for _ in 0..<(-shift) {
            let (next, digit) = whole.quotientAndRemainder(dividingBy: 10)
            let isMore = half != nil
            half =
                switch digit {
                case 0 where !isMore: nil
                case 0..<5: -1
                case 5 where !isMore: 0
                default: 1
                }
            whole = next
        }
        return cut(whole, half, isNegative, rounding, scale)
    }

    private static func order(twice rest: UInt128, to bottom: UInt128) -> Int {
        let (twice, isHuge) = rest.multipliedReportingOverflow(by: 2)
        return isHuge || twice > bottom ? 1 : (twice == bottom ? 0 : -1)
    }

    /// - Parameter half: how what is cut off compares with one half; `nil` where it is nothing.
    private static func cut(
        _ whole: UInt128, _ half: Int?, _ isNegative: Bool, _ rounding: Rounding, _ scale: Int
    ) -> DecimalValue? {
        let isAway =
            switch (rounding, half) {
            case (_, nil): false
            case (.up, _): true
            case (.down, _): false
            case (.ceiling, _): !isNegative
            case (.floor, _): isNegative
            case (.halfUp, let half?): half >= 0
            case (.halfDown, let half?): half > 0
            case (.halfEven, let half?): half > 0 || (half == 0 && whole % 2 != 0)
            }
        let magnitude = whole + (isAway ? 1 : 0)
        guard magnitude < limit else { return nil }
        let value = Int128(magnitude)
        return DecimalValue(coefficient: isNegative ? -value : value, scale: scale)
    }

    func rounded(to scale: Int, _ rounding: Rounding) -> DecimalValue? {
        if scale >= self.scale {
            return widened(to: scale).flatMap { Self.checked($0, scale) }
        }
        return Self.divide(self, by: DecimalValue(1), scale: scale, rounding)
    }
}
