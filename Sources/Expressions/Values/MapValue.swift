/// A map, decoded or still in its JSON text. Entries keep their order.
public struct MapValue: Sendable {
    enum Storage: Sendable {
        case table(MapTable)
        case json(JSONMap)
    }

    let storage: Storage
    /// As of a list.
    let depth: Int32

    init(_ builder: MapBuilder) {
        storage = .table(MapTable(builder))
        depth = 1 + builder.values.reduce(0) { max($0, $1.depth) }
    }

    init(_ json: JSONMap) {
        storage = .json(json)
        depth = 1
    }

    /// - Returns: `nil` where a key comes twice or is no bool, int, uint or string.
    public init?(_ entries: [(key: Value, value: Value)]) {
        var builder = MapBuilder()
        for entry in entries {
            guard MapKey(entry.key) != nil, builder.add(entry.key, entry.value) else { return nil }
        }
        self.init(builder)
    }

    /// Of names and values.
    public init(fields: [String: Value]) {
        var builder = MapBuilder()
        for (name, value) in fields.sorted(by: { CodePoints.order($0.key, $1.key) < 0 }) {
            _ = builder.add(.string(name), value)
        }
        self.init(builder)
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

    subscript(field field: FieldName) -> Value? {
        switch storage {
        case .table(let table): table.value(of: field)
        case .json(let map): map.value(of: field.text)
        }
    }

    func holds(_ field: FieldName) -> Bool {
        switch storage {
        case .table(let table): table.value(of: field) != nil
        case .json(let map): map.place(of: field.text) != nil
        }
    }

    /// Whether it has a key, without a look at the value.
    func holds(_ key: Value) -> Bool {
        switch storage {
        case .table(let table): return table.value(of: key) != nil
        case .json(let map):
            guard case .string(let name) = key else { return false }
            return map.place(of: name) != nil
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

/// A name that is looked up often, with what tells most others apart at a glance.
struct FieldName: Sendable {
    let text: String
    let tag: UInt64

    init(_ text: String) {
        self.text = text
        tag = Self.tag(of: text)
    }

    /// The length and up to seven bytes: up to there it is the whole name. Never 0.
    static func tag(of text: String) -> UInt64 {
        var tag = UInt64(truncatingIfNeeded: min(text.utf8.count, 254) + 1)
        for byte in text.utf8.prefix(7) { tag = tag << 8 | UInt64(byte) }
        return tag
    }

    static let wholeUpTo = 7
}

/// The entries of a decoded map.
final class MapTable: Sendable {
    /// Up to here going through the keys is faster than looking one up.
    static let scanned = 16

    let keys: [Value]
    let values: [Value]
    /// Of string keys; 0 for others.
    private let tags: [UInt64]
    private let places: [MapKey: Int]

    init(_ builder: MapBuilder) {
        keys = builder.keys
        values = builder.values
        tags = builder.tags
        places = builder.places
    }

    func value(of key: Value) -> Value? {
        if case .string(let name) = key { return value(of: FieldName(name)) }
        guard let wanted = MapKey(key) else { return nil }
        if keys.count > Self.scanned { return places[wanted].map { values[$0] } }
        return keys.firstIndex { MapKey($0) == wanted }.map { values[$0] }
    }

    func value(of field: FieldName) -> Value? {
        if keys.count > Self.scanned { return places[.string(field.text)].map { values[$0] } }
        for index in tags.indices where tags[index] == field.tag {
            if field.text.utf8.count <= FieldName.wholeUpTo { return values[index] }
            if case .string(let own) = keys[index], CodePoints.areEqual(own, field.text) {
                return values[index]
            }
        }
        return nil
    }
}

/// A map that is being made.
struct MapBuilder {
    private(set) var keys: [Value] = []
    private(set) var values: [Value] = []
    private(set) var tags: [UInt64] = []
    private(set) var places: [MapKey: Int] = [:]

    /// - Returns: false where the key is there already; `key` must be one a map may have.
    mutating func add(_ key: Value, _ value: Value) -> Bool {
        guard let name = MapKey(key), !holds(name) else { return false }
        keys.append(key)
        values.append(value)
        if case .string(let text) = key {
            tags.append(FieldName.tag(of: text))
        } else {
            tags.append(0)
        }
        if keys.count == MapTable.scanned + 1 {
            for (index, key) in keys.enumerated() { note(key, index) }
        } else if keys.count > MapTable.scanned {
            places[name] = keys.count - 1
        }
        return true
    }

    private mutating func note(_ key: Value, _ index: Int) {
        if let name = MapKey(key) { places[name] = index }
    }

    private func holds(_ name: MapKey) -> Bool {
        if keys.count > MapTable.scanned { return places[name] != nil }
        return keys.contains { MapKey($0) == name }
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
