/// A list, decoded or still in its JSON text.
public struct ListValue: Sendable {
    enum Storage: Sendable {
        case values([Value])
        case json(JSONList)
    }

    let storage: Storage

    public init(_ values: [Value]) { storage = .values(values) }

    init(_ json: JSONList) { storage = .json(json) }

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

/// A map, decoded or still in its JSON text. Entries keep their order.
public struct MapValue: Sendable {
    enum Storage: Sendable {
        case table(MapTable)
        case json(JSONMap)
    }

    let storage: Storage

    init(_ table: MapTable) { storage = .table(table) }

    init(_ json: JSONMap) { storage = .json(json) }

    /// - Returns: `nil` where a key comes twice or is no bool, int, uint or string.
    public init?(_ entries: [(key: Value, value: Value)]) {
        var table = MapTable()
        for entry in entries {
            guard MapKey(entry.key) != nil, table.add(entry.key, entry.value) else { return nil }
        }
        storage = .table(table)
    }

    /// Of names and values.
    public init(fields: [String: Value]) {
        var table = MapTable()
        for (name, value) in fields.sorted(by: { CodePoints.order($0.key, $1.key) < 0 }) {
            _ = table.add(.string(name), value)
        }
        storage = .table(table)
    }

    public var count: Int {
        switch storage {
        case .table(let table): table.keys.count
        case .json(let map): map.count
        }
    }

    /// Numbers are found across their types.
    public subscript(_ key: Value) -> Value? {
        switch storage {
        case .table(let table): return table.value(of: key)
        case .json(let map):
            guard case .string(let name) = key else { return nil }
            return map.value(of: name)
        }
    }

    subscript(name name: String) -> Value? {
        switch storage {
        case .table(let table): table.value(ofName: name)
        case .json(let map): map.value(of: name)
        }
    }

    public var keys: [Value] {
        switch storage {
        case .table(let table): table.keys
        case .json(let map): map.names.map { .string($0) }
        }
    }

    func value(at index: Int) -> Value {
        switch storage {
        case .table(let table): table.values[index]
        case .json(let map): map.value(at: index)
        }
    }

    func isEqual(to other: MapValue) -> Bool {
        guard count == other.count else { return false }
        for (index, key) in keys.enumerated() {
            guard let theirs = other[key], Value.areEqual(value(at: index), theirs) else {
                return false
            }
        }
        return true
    }
}

/// The entries of a decoded map.
struct MapTable: Sendable {
    /// Up to here going through the keys is faster than looking one up.
    private static let scanned = 8

    private(set) var keys: [Value] = []
    private(set) var values: [Value] = []
    private var places: [MapKey: Int] = [:]

    /// - Returns: false where the key is there already; `key` must be one a map may have.
    mutating func add(_ key: Value, _ value: Value) -> Bool {
        guard place(of: key) == nil else { return false }
        keys.append(key)
        values.append(value)
        if keys.count == Self.scanned + 1 {
            for (index, key) in keys.enumerated() { note(key, index) }
        } else if keys.count > Self.scanned {
            note(key, keys.count - 1)
        }
        return true
    }

    private mutating func note(_ key: Value, _ index: Int) {
        if let name = MapKey(key) { places[name] = index }
    }

    func value(of key: Value) -> Value? { place(of: key).map { values[$0] } }

    func value(ofName name: String) -> Value? {
        if keys.count > Self.scanned { return places[.string(name)].map { values[$0] } }
        for (index, key) in keys.enumerated() {
            if case .string(let own) = key, CodePoints.areEqual(own, name) { return values[index] }
        }
        return nil
    }

    private func place(of key: Value) -> Int? {
        if case .string(let name) = key, keys.count <= Self.scanned {
            return keys.firstIndex {
                if case .string(let own) = $0 { return CodePoints.areEqual(own, name) }
                return false
            }
        }
        guard let wanted = MapKey(key) else { return nil }
        if keys.count > Self.scanned { return places[wanted] }
        return keys.firstIndex { MapKey($0) == wanted }
    }
}

/// A key by what it is equal to: 1, 1u and 1.0 are one key.
enum MapKey: Hashable, Sendable {
    case bool(Bool)
    case int(Int64)
    /// Past the end of int.
    case uint(UInt64)
    case string(String)

    /// - Returns: `nil` for what no key can be equal to.
    init?(_ value: Value) {
        switch value {
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .uint(let number): self = Int64(exactly: number).map { .int($0) } ?? .uint(number)
        case .string(let text): self = .string(text)
        case .double(let number):
            if let whole = Int64(exactly: number) {
                self = .int(whole)
            } else if let whole = UInt64(exactly: number) {
                self = .uint(whole)
            } else {
                return nil
            }
        default: return nil
        }
    }

    static func == (left: MapKey, right: MapKey) -> Bool {
        switch (left, right) {
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.uint(let a), .uint(let b)): a == b
        case (.string(let a), .string(let b)): CodePoints.areEqual(a, b)
        default: false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .bool(let value): hasher.combine(value)
        case .int(let value): hasher.combine(value)
        case .uint(let value): hasher.combine(value)
        case .string(let value):
            var copy = value
            copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}
