/// What operators take and give.
enum OperatorSignatures {
    static let all: [String: [Signature]] = {
        let numbers: [ValueType] = [.int, .uint, .double]
        let same: (ValueType) -> Signature = { plain([$0, $0], $0) }
        let list = ValueType.list(.parameter("A"))
        let money = ValueType.named("Money")
        let quantity = ValueType.named("Quantity")
        var table: [String: [Signature]] = [
            Operator.add: (numbers + [.string, .bytes, list, .duration, .decimal, money, quantity])
                .map(same) + [
                    plain([.timestamp, .duration], .timestamp),
                    plain([.duration, .timestamp], .timestamp),
                ],
            Operator.subtract: (numbers + [.duration, .decimal, money, quantity]).map(same) + [
                plain([.timestamp, .timestamp], .duration),
                plain([.timestamp, .duration], .timestamp),
            ],
            Operator.multiply: (numbers + [.decimal]).map(same) + [
                plain([money, .int], money), plain([money, quantity], money),
                plain([.decimal, .int], .decimal), plain([.int, .decimal], .decimal),
            ],
            Operator.divide: numbers.map(same),
            Operator.remainder: [ValueType.int, .uint].map(same),
            Operator.negate: [ValueType.int, .double, .duration, .decimal, money].map {
                plain([$0], $0)
            },
            Operator.not: [plain([.bool], .bool)],
            Operator.conditional: [
                plain([.bool, .parameter("A"), .parameter("A")], .parameter("A"))
            ],
            Operator.isIn: [
                plain([.parameter("A"), list], .bool),
                plain(
                    [.parameter("A"), .map(key: .parameter("A"), value: .parameter("B"))], .bool),
            ],
        ]
        let ordered: [ValueType] = [
            .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .decimal, money,
            quantity,
        ]
        var orders = ordered.map { plain([$0, $0], .bool) }
        for left in numbers {
            for right in numbers where left != right { orders.append(plain([left, right], .bool)) }
        }
        for whole in [ValueType.int, .uint] {
            orders += [plain([.decimal, whole], .bool), plain([whole, .decimal], .bool)]
        }
        for name in [
            Operator.less, Operator.lessOrEqual, Operator.greater, Operator.greaterOrEqual,
        ] {
            table[name] = orders
        }
        return table
    }()

    private static func plain(_ parameters: [ValueType], _ result: ValueType) -> Signature {
        Signature(isMember: false, parameters: parameters, result: result)
    }
}
