/// The least and the most there may be, of steps, elements or bytes; never less than none.
struct Bounds: Sendable, Hashable {
    let least: Int
    let most: Int

    /// Whatever is more is written so.
    static let endless = Int.max / 2

    init(_ least: Int, _ most: Int) {
        self.least = min(max(least, 0), Self.endless)
        self.most = min(max(most, self.least), Self.endless)
    }

    init(_ number: Int) { self.init(number, number) }

    static let none = Bounds(0)

    var range: ClosedRange<Int> { least...most }

    static func + (one: Bounds, other: Bounds) -> Bounds {
        Bounds(sum(one.least, other.least), sum(one.most, other.most))
    }

    static func * (one: Bounds, other: Bounds) -> Bounds {
        Bounds(product(one.least, other.least), product(one.most, other.most))
    }

    /// Either of two.
    func or(_ other: Bounds) -> Bounds {
        Bounds(min(least, other.least), max(most, other.most))
    }

    /// The same, or only some of it.
    var orLess: Bounds { Bounds(0, most) }

    static func sum(_ one: Int, _ other: Int) -> Int {
        let (sum, isOver) = one.addingReportingOverflow(other)
        return isOver ? endless : min(sum, endless)
    }

    static func product(_ one: Int, _ other: Int) -> Int {
        let (product, isOver) = one.multipliedReportingOverflow(by: other)
        return isOver ? endless : min(product, endless)
    }
}
