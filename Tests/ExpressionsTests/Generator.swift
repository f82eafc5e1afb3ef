import Expressions
import Kernel

/// Makes expressions, most of which have a value.
struct Generator {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// The variables that may stand in one, with a value each.
    static let variables: [String: Value] = [
        "i": .int(7), "u": .uint(9), "d": .double(2.5), "s": .string("sample"), "b": .bool(true),
        "l": .list([.int(3), .int(1), .int(2)]),
        "m": .map(MapValue(fields: ["a": .int(1), "b": .string("x"), "c": .list([.int(5)])])),
        "t": .timestamp(Timestamp("2026-11-28T08:00:00Z") ?? Timestamp.epoch),
    ]

    static var environment: Environment {
        var environment = Environment.standard
        for name in variables.keys { environment.declare(name, as: .dyn) }
        return environment
    }

    private mutating func pick<T>(_ items: [T]) -> T {
        items[Int.random(in: 0..<items.count, using: &random)]
    }

    mutating func any(_ depth: Int = 4) -> String {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: int(depth)
        case 1: bool(depth)
        case 2: string(depth)
        case 3: list(depth)
        case 4: double(depth)
        default: map(depth)
        }
    }

    mutating func int(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["0", "1", "-3", "42", "i", "9223372036854775807"]) }
        let d = depth - 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return "(\(int(d)) + \(int(d)))"
        case 1: return "\(int(d)) - \(int(d))"
        case 2: return "(\(int(d)) * \(int(d)))"
        case 3: return "\(int(0)) \(pick(["/", "%"])) (\(int(d)))"
        case 4: return "size(\(pick([list(d), string(d), map(d)])))"
        case 5: return "(\(bool(d)) ? \(int(d)) : \(int(d)))"
        case 6: return "\(list(d))[\(int(0))]"
        case 7: return "cel.bind(v\(d), \(int(d)), v\(d) + \(int(d)))"
        case 8: return "-(\(int(d)))"
        default: return "int(\(pick([double(d), int(d)])))"
        }
    }

    mutating func bool(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["true", "false", "b"]) }
        let d = depth - 1
        switch Int.random(in: 0..<9, using: &random) {
        case 0: return "\(bool(d)) && (\(bool(d)))"
        case 1: return "(\(bool(d)) || \(bool(d)))"
        case 2: return "!(\(bool(d)))"
        case 3: return "(\(int(d)) \(pick(["<", "<=", ">", ">=", "==", "!="])) \(int(d)))"
        case 4: return "\(string(d)).\(pick(["contains", "startsWith", "endsWith"]))(\(string(d)))"
        case 5:
            return "\(list(d)).\(pick(["all", "exists", "exists_one"]))(e\(d), e\(d) > \(int(0)))"
        case 6: return "\(int(d)) in \(list(d))"
        case 7: return "has(\(map(d)).\(pick(["a", "b", "z"])))"
        default: return "dyn(\(any(d))) == dyn(\(any(d)))"
        }
    }

    mutating func string(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["''", "'a'", "\"é\\n\"", "'sample'", "s", "r'\\d'"]) }
        let d = depth - 1
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return "(\(string(d)) + \(string(d)))"
        case 1: return "string(\(pick([int(d), bool(d), double(d)])))"
        case 2: return "\(string(d)).\(pick(["reverse", "trim", "upperAscii"]))()"
        case 3: return "\(string(d)).substring(\(int(0)))"
        case 4: return "(\(bool(d)) ? \(string(d)) : \(string(d)))"
        case 5: return "\(string(d)).replace(\(string(0)), \(string(0)))"
        default: return "m.b"
        }
    }

    mutating func list(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["[]", "[1, 2]", "l", "[i, -1]"]) }
        let d = depth - 1
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return "(\(list(d)) + \(list(d)))"
        case 1: return "\(list(d)).map(e\(d), e\(d) + \(int(d)))"
        case 2: return "\(list(d)).filter(e\(d), \(bool(d)))"
        case 3: return "[\(int(d)), \(int(d))]"
        case 4: return "\(list(d)).transformList(k\(d), e\(d), k\(d) + e\(d))"
        default: return "\(list(d)).sort()"
        }
    }

    mutating func double(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["0.5", "-1.25", "1e10", "d"]) }
        let d = depth - 1
        return pick([
            "(\(double(d)) * \(double(d)))", "double(\(int(d)))", "math.floor(\(double(d)))",
            "-(\(double(d)))",
        ])
    }

    mutating func map(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["{}", "{'a': 1}", "m", "{1: 'x', 2u: i}"]) }
        let d = depth - 1
        return pick([
            "{'a': \(any(d)), \"z\": \(int(d))}", "{\(string(0)): \(any(d))}",
            "{'a': 1, 'b': 2}.transformMap(k\(d), e\(d), e\(d) + \(int(d)))",
        ])
    }
}
