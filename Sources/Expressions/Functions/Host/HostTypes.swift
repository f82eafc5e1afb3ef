public import Kernel

/// An amount of money in an expression.
public struct MoneyValue: HostArithmetic {
    public let money: Money

    public init(_ money: Money) { self.money = money }

    public var typeName: String { "Money" }
    public var text: String { money.description }

    public func field(_ name: String) -> Value? {
        switch name {
        case "minorUnits": .int(money.minorUnits)
        case "currency": .string(money.currency.code)
        case "amount":
            .decimal(
                DecimalValue(
                    coefficient: Int128(money.minorUnits), scale: money.currency.decimals))
        default: nil
        }
    }

    public func isEqual(to other: any HostValue) -> Bool { (other as? MoneyValue)?.money == money }

    /// Amounts of different currencies have no order.
    public func order(before other: any HostValue) -> Int? {
        guard let other = other as? MoneyValue, other.money.currency == money.currency else {
            return nil
        }
        return Value.order(money.minorUnits, other.money.minorUnits)
    }

    public func combined(
        _ operation: String, with other: Value
    ) throws(EvaluationError) -> Value? {
        do {
            switch (operation, other) {
            case (Operator.negate, _):
                return .host(
                    MoneyValue(try Money.zero(money.currency).subtracting(money)))
            case (Operator.multiply, .int(let factor)):
                let product = money.minorUnits.multipliedReportingOverflow(by: factor)
                guard !product.overflow else { throw EvaluationError.overflow }
                return .host(
                    MoneyValue(
                        Money(minorUnits: product.partialValue, currency: money.currency)))
            case (Operator.multiply, .host(let host)):
                guard let quantity = host as? QuantityValue else { return nil }
                return .host(MoneyValue(try money.multiplied(by: quantity.quantity)))
            case (Operator.add, .host(let host)):
                guard let other = host as? MoneyValue else { return nil }
                return .host(MoneyValue(try money.adding(other.money)))
            case (Operator.subtract, .host(let host)):
                guard let other = host as? MoneyValue else { return nil }
                return .host(MoneyValue(try money.subtracting(other.money)))
            default: return nil
            }
        } catch let error as EvaluationError {
            throw error
        } catch let error as KernelError {
            throw EvaluationError(.invalidArgument, error.detail)
        } catch { throw EvaluationError(.invalidArgument, "\(error)") }
    }
}

/// A count of a SKU's base units in an expression.
public struct QuantityValue: HostArithmetic {
    public let quantity: Quantity

    public init(_ quantity: Quantity) { self.quantity = quantity }

    public var typeName: String { "Quantity" }
    public var text: String { String(quantity.units) }

    public func field(_ name: String) -> Value? {
        name == "units" ? .int(Int64(quantity.units)) : nil
    }

    public func isEqual(to other: any HostValue) -> Bool {
        (other as? QuantityValue)?.quantity == quantity
    }

    public func order(before other: any HostValue) -> Int? {
        (other as? QuantityValue).flatMap { Value.order(quantity.units, $0.quantity.units) }
    }

    public func combined(
        _ operation: String, with other: Value
    ) throws(EvaluationError) -> Value? {
        guard case .host(let host) = other, let other = host as? QuantityValue else { return nil }
        switch operation {
        case Operator.add: return try Self.value(quantity.units + other.quantity.units)
        case Operator.subtract: return try Self.value(quantity.units - other.quantity.units)
        default: return nil
        }
    }

    static func value(_ units: Int) throws(EvaluationError) -> Value {
        do { return .host(QuantityValue(try Quantity(units))) } catch {
            throw EvaluationError(.outOfRange, "a quantity is 0 to \(Quantity.limit) units")
        }
    }
}

/// Money and quantities, made by functions or written as records.
enum HostTypes {
    static let library = Library(
        functions: [
            Function(
                ["money(decimal, string) -> Money", "money(string, string) -> Money"],
                .binary(money)),
            Function(
                "quantity(int) -> Quantity",
                .unary { (a: Value, meter: inout Meter) throws(EvaluationError) -> Value in
                    guard case .int(let units) = a else { throw .noOverload("quantity", a) }
                    return try QuantityValue.value(Int(units))
                }),
        ],
        records: [
            "Money": Environment.Record(
                fields: ["minorUnits": .int, "currency": .string, "amount": .decimal],
                isOrdered: true, make: makeMoney),
            "Quantity": Environment.Record(
                fields: ["units": .int], isOrdered: true, make: makeQuantity),
        ])

    private static func currency(_ code: String) throws(EvaluationError) -> Currency {
        guard let currency = Currency(code) else {
            let capital = Currency(code.uppercased()).map { "; did you mean “\($0.code)”?" }
            throw EvaluationError(
                .invalidArgument,
                "“\(code.prefix(10))” is no currency in use\(capital ?? ", such as USD")")
        }
        return currency
    }

    private static func money(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .string(let code) = b else { throw .noOverload("money", a, b) }
        let text: String
        switch a {
        case .decimal(let number): text = number.text
        case .string(let own): text = own
        default: throw .noOverload("money", a, b)
        }
        try meter.charge(25)
        guard text.utf8.count <= 100 else {
            throw EvaluationError(.conversion, "the text is no amount, such as 12.50")
        }
        let currency = try currency(code)
        do { return .host(MoneyValue(try Money(decimal: text, currency: currency))) } catch {
            throw EvaluationError(.conversion, error.detail)
        }
    }

    @Sendable private static func makeMoney(
        _ fields: [String: Value]
    ) throws(EvaluationError) -> Value {
        guard case .string(let code)? = fields["currency"], fields.count == 2 else {
            throw EvaluationError(
                .invalidArgument, "Money has a currency and minorUnits or an amount")
        }
        if case .int(let units)? = fields["minorUnits"] {
            return .host(MoneyValue(Money(minorUnits: units, currency: try currency(code))))
        }
        var meter = Meter(Limits())
        return try money(fields["amount"] ?? .null, .string(code), &meter)
    }

    @Sendable private static func makeQuantity(
        _ fields: [String: Value]
    ) throws(EvaluationError) -> Value {
        guard case .int(let units)? = fields["units"], fields.count == 1 else {
            throw EvaluationError(.invalidArgument, "Quantity has units, an int")
        }
        return try QuantityValue.value(Int(units))
    }
}
