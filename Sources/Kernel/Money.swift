/// An amount in whole minor units of one currency. No floating point, no mixing.
public struct Money: Hashable, Sendable, Codable {
    /// Cents, yen, fils: the currency's smallest unit; may be negative.
    public let minorUnits: Int64
    public let currency: Currency

    public init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    public static func zero(_ currency: Currency) -> Money {
        Money(minorUnits: 0, currency: currency)
    }

    /// Reads a decimal text exactly, such as `48.56`; zeros past the currency's decimals are fine.
    /// - Throws: `KernelError.amountMalformed` for other text or digits the currency does not have,
    ///   `.overflow` past 64 bits.
    public init(decimal text: String, currency: Currency) throws(KernelError) {
        var rest = Substring(text).utf8
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let parts = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), !parts[0].isEmpty, parts.last?.isEmpty == false else {
            throw KernelError(.amountMalformed, "“\(text)” is no decimal amount")
        }
        var decimals = parts.count == 2 ? Array(parts[1]) : []
        while decimals.count > currency.decimals, decimals.last == UInt8(ascii: "0") {
            decimals.removeLast()
        }
        guard decimals.count <= currency.decimals else {
            throw KernelError(
                .amountMalformed, "\(currency.code) has \(currency.decimals) decimals: “\(text)”")
        }
        while decimals.count < currency.decimals { decimals.append(UInt8(ascii: "0")) }
        var value: Int64 = 0
        for byte in Array(parts[0]) + decimals {
            guard (48...57).contains(byte) else {
                throw KernelError(.amountMalformed, "“\(text)” is no decimal amount")
            }
            value = try Self.checked(value.multipliedReportingOverflow(by: 10))
            value = try Self.checked(value.addingReportingOverflow(Int64(byte - 48)))
        }
        self.init(minorUnits: isNegative ? -value : value, currency: currency)
    }

    /// The amount in its currency's decimals, such as `48.56`.
    public var decimalText: String {
        let digits = String(minorUnits.magnitude)
        let sign = minorUnits < 0 ? "-" : ""
        guard currency.decimals > 0 else { return sign + digits }
        let padding = String(repeating: "0", count: max(0, currency.decimals + 1 - digits.count))
        let padded = padding + digits
        return sign + padded.dropLast(currency.decimals) + "." + padded.suffix(currency.decimals)
    }

    /// - Throws: `KernelError.currencyMismatch`, `.overflow`.
    public func adding(_ other: Money) throws(KernelError) -> Money {
        try requireSame(other)
        return Money(
            minorUnits: try Self.checked(minorUnits.addingReportingOverflow(other.minorUnits)),
            currency: currency)
    }

    /// - Throws: `KernelError.currencyMismatch`, `.overflow`.
    public func subtracting(_ other: Money) throws(KernelError) -> Money {
        try requireSame(other)
        return Money(
            minorUnits: try Self.checked(minorUnits.subtractingReportingOverflow(other.minorUnits)),
            currency: currency)
    }

    /// - Throws: `KernelError.overflow`.
    public func multiplied(by quantity: Quantity) throws(KernelError) -> Money {
        let product = minorUnits.multipliedReportingOverflow(by: Int64(quantity.units))
        return Money(minorUnits: try Self.checked(product), currency: currency)
    }

    private func requireSame(_ other: Money) throws(KernelError) {
        guard currency == other.currency else {
            throw KernelError(
                .currencyMismatch, "\(currency.code) and \(other.currency.code) do not mix")
        }
    }

    private static func checked(
        _ result: (partialValue: Int64, overflow: Bool)
    ) throws(KernelError) -> Int64 {
        guard !result.overflow else { throw KernelError(.overflow, "amount past 64 bits") }
        return result.partialValue
    }
}

extension Money: CustomStringConvertible {
    public var description: String { "\(decimalText) \(currency.code)" }
}
