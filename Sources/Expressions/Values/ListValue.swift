/// A list, decoded or still in its JSON text.
public struct ListValue: Sendable {
    enum Storage: Sendable {
        case values([Value])
        case json(JSONList)
    }

    let storage: Storage
    /// How many lists, maps and optionals lie within each other, this one counted.
    let depth: Int32

    public init(_ values: [Value]) {
        storage = .values(values)
        depth = 1 + values.reduce(0) { max($0, $1.depth) }
    }

    init(_ json: JSONList) {
        storage = .json(json)
        depth = 1
    }

    public var count: Int {
        switch storage {
        case .values(let values): values.count
        case .json(let list): list.count
        }
    }

    /// - Parameter index: 0..<count.
    public subscript(_ index: Int) -> Value {
        switch storage {
        case .values(let values): values[index]
        case .json(let list): list[index]
        }
    }

    public var values: [Value] {
        switch storage {
        case .values(let values): values
        case .json(let list): (0..<list.count).map { list[$0] }
        }
    }

    func isEqual(to other: ListValue) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where !Value.areEqual(self[index], other[index]) { return false }
        return true
    }

    func contains(_ value: Value) -> Bool {
        for index in 0..<count where Value.areEqual(self[index], value) { return true }
        return false
    }
}
