/// A count of a SKU's base units: 0...1,000,000,000.
public struct Quantity: Hashable, Sendable, Comparable {
    /// Past this a number is a mistake or an attack, not a count of goods.
    public static let limit = 1_000_000_000
    public static let zero = Quantity(unchecked: 0)
    public static let one = Quantity(unchecked: 1)

    public let units: Int

    /// - Throws: `KernelError.quantityOutOfRange`.
    public init(_ units: Int) throws(KernelError) {
        guard (0...Self.limit).contains(units) else {
            throw KernelError(.quantityOutOfRange, "\(units) is not within 0...\(Self.limit)")
        }
        self.units = units
    }

    private init(unchecked units: Int) { self.units = units }

    public var isZero: Bool { units == 0 }

    public static func < (one: Self, other: Self) -> Bool { one.units < other.units }

    /// The sum; stops at ``limit``, which no sum of real stock reaches.
    public static func + (one: Self, other: Self) -> Self {
        Quantity(unchecked: min(limit, one.units + other.units))
    }

    public static func += (one: inout Self, other: Self) { one = one + other }

    /// What is left after taking `other`; never below zero.
    public func without(_ other: Quantity) -> Quantity {
        Quantity(unchecked: max(0, units - other.units))
    }
}

extension Quantity: Codable, CustomStringConvertible {
    public var description: String { String(units) }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // A number past 64 bits fails in the decoder without saying where: say it here.
        guard let units = try? container.decode(Int.self), (0...Self.limit).contains(units) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected a whole number within 0...\(Self.limit)")
        }
        self.init(unchecked: units)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(units)
    }
}

extension Sequence where Element == Quantity {
    public func total() -> Quantity { reduce(.zero, +) }
}
