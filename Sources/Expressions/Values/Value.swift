/// What an expression works with and becomes.
///
/// Strings are compared and counted by Unicode code point, whatever Swift's own do.
public enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list(ListValue)
    case map(MapValue)
    case timestamp(Timestamp)
    case duration(Span)
    case type(TypeName)
    case optional(OptionalValue)
    // Boxed, so that all the others stay small.
    indirect case decimal(DecimalValue)
    /// A value of the host's own.
    indirect case host(any HostValue)

    public static func list(_ values: [Value]) -> Value { .list(ListValue(values)) }
}

/// A name of a type, as `type(x)` gives it.
public struct TypeName: Sendable, Hashable {
    public let name: String
    public init(_ name: String) { self.name = name }
}

/// A value that is there, or none.
public final class OptionalValue: Sendable {
    public let value: Value?
    let depth: Int32

    public init(_ value: Value?) {
        self.value = value
        depth = 1 + (value?.depth ?? 0)
    }
}

/// A value of a type that the host declares: it has fields, or only functions.
public protocol HostValue: Sendable {
    /// As in ``ValueType/named(_:)``.
    var typeName: String { get }
    /// - Returns: `nil` for a field it does not have.
    func field(_ name: String) -> Value?
    func isEqual(to other: any HostValue) -> Bool
    /// - Returns: negative, zero or positive; `nil` where there is no order between the two.
    func order(before other: any HostValue) -> Int?
    /// For `string(value)` and messages.
    var text: String { get }
}

extension HostValue {
    public func field(_ name: String) -> Value? { nil }
    public func order(before other: any HostValue) -> Int? { nil }
}

extension Value {
    /// As `type(x)` prints it.
    public var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list: "list"
        case .map: "map"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        case .optional: "optional_type"
        case .decimal: "decimal"
        case .host(let value): value.typeName
        }
    }

    /// For messages: as types are declared.
    var plainTypeName: String {
        switch self {
        case .null: "null"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .optional: "optional"
        default: typeName
        }
    }

    /// How many lists, maps and optionals lie within each other; what lies in JSON is counted as one.
    var depth: Int32 {
        switch self {
        case .list(let list): list.depth
        case .map(let map): map.depth
        case .optional(let box): box.depth
        default: 0
        }
    }

    /// Whether `optional.ofNonZeroValue` takes it for nothing.
    var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .uint(let value): value == 0
        case .double(let value): value == 0
        case .string(let value): value.isEmpty
        case .bytes(let value): value.isEmpty
        case .list(let value): value.count == 0
        case .map(let value): value.count == 0
        case .timestamp(let value): value.seconds == 0 && value.nanoseconds == 0
        case .duration(let value): value.nanoseconds == 0
        case .decimal(let value): value.coefficient == 0
        case .optional(let value): value.value == nil
        case .type, .host: false
        }
    }
}
