import Expressions

/// Declarations as a file: what each field says is named where it is wrong.
struct EnvironmentFile {
    private let path: String
    private var environment: Environment
    /// With the field that says so.
    private var types: [(field: String, type: ValueType)] = []

    private static let fields = ["variables", "records", "container", "sizes", "limits"]
    private static let limits: [String: any WritableKeyPath<Limits, Int> & Sendable] = [
        "sourceBytes": \.sourceBytes, "depth": \.depth, "cost": \.cost,
        "growthBytes": \.growthBytes,
    ]

    /// - Throws: `CelComplaint`, which names the file and the field.
    static func environment(at path: String) throws -> Environment {
        var file = EnvironmentFile(path: path, environment: .standard)
        let found: Value
        do { found = try JSONView.value(try CelOptions.bytes(path)) } catch let error
            as EvaluationError
        { throw file.wrong("", error.message) }
        try file.read(found)
        return file.environment
    }

    private init(path: String, environment: Environment) {
        self.path = path
        self.environment = environment
    }

    private func wrong(_ field: String, _ message: String) -> CelComplaint {
        CelComplaint("--env \(path): \(field.isEmpty ? "" : field + ": ")\(message)")
    }

    private mutating func read(_ whole: Value) throws {
        var parts: [String: Value] = [:]
        for (name, value) in try members(of: whole, "") {
            guard Self.fields.contains(name) else {
                throw wrong(
                    "", "there is no field “\(name)”, but \(Self.fields.joined(separator: ", "))")
            }
            parts[name] = value
        }
        for (name, value) in try parts["records"].map({ try members(of: $0, "records") }) ?? [] {
            try readRecord(name, value)
        }
        for (name, value) in try parts["variables"].map({ try members(of: $0, "variables") }) ?? []
        {
            let field = "variables.\(name)"
            guard isPath(name) else { throw wrong(field, "that is no name of a variable") }
            environment.declare(name, as: try type(value, field))
        }
        if let container = parts["container"] {
            guard case .string(let name) = container, name.isEmpty || isPath(name) else {
                throw wrong("container", "a name with dots was expected, such as \"shop.rules\"")
            }
            environment.container = name
        }
        for (name, value) in try parts["limits"].map({ try members(of: $0, "limits") }) ?? [] {
            try readLimit(name, value)
        }
        for (field, type) in types {
            guard let name = environment.unknownName(in: type) else { continue }
            let nearest = environment.typeName(nearestTo: name)
            throw wrong(
                field,
                "there is no type “\(name)”" + (nearest.map { "; did you mean “\($0)”?" } ?? ""))
        }
        // By types that there are.
        for (path, value) in try parts["sizes"].map({ try members(of: $0, "sizes") }) ?? [] {
            try readSize(path, value)
        }
    }

    private func members(of value: Value, _ field: String) throws -> [(String, Value)] {
        guard case .map(let map) = value else {
            throw wrong(field, "an object was expected, not \(value.typeName)")
        }
        return map.keys.compactMap { key in
            guard case .string(let name) = key, let own = map[key] else { return nil }
            return (name, own)
        }
    }

    private mutating func readRecord(_ name: String, _ value: Value) throws {
        let field = "records.\(name)"
        guard isPath(name), ValueType(name) == .named(name),
            Environment.standard.unknownName(in: .named(name)) != nil
        else {
            throw wrong(field, "that is no name of a record, such as “Order”")
        }
        var own: [String: ValueType] = [:]
        for (member, text) in try members(of: value, field) {
            own[member] = try type(text, "\(field).\(member)")
        }
        // On the command line a record is a map with known fields.
        environment.declare(
            name, record: Environment.Record(fields: own) { .map(MapValue(fields: $0)) })
    }

    private mutating func readSize(_ path: String, _ value: Value) throws {
        let field = "sizes.\(path)"
        guard !path.isEmpty else {
            throw wrong("sizes", "a path was expected, such as order.lines")
        }
        let size: ClosedRange<Int>
        switch value {
        case .int(let most) where most >= 0: size = 0...Int(most)
        case .list(let both) where both.count == 2:
            guard case .int(let least) = both[0], case .int(let most) = both[1], least >= 0,
                most >= 0
            else { throw wrong(field, "the least and the most are whole numbers from 0") }
            guard least <= most else { throw wrong(field, "the least is more than the most") }
            size = Int(least)...Int(most)
        default:
            throw wrong(
                field,
                "a whole number from 0 was expected, the most there may be, such as 50, or two, "
                    + "the least and the most, such as [1, 50]"
            )
        }
        do { try environment.declare(path, size: size) } catch { throw wrong(field, error.message) }
    }

    private mutating func readLimit(_ name: String, _ value: Value) throws {
        let field = "limits.\(name)"
        guard name == "estimate" || Self.limits[name] != nil else {
            let known = (Self.limits.keys + ["estimate"]).sorted().joined(separator: ", ")
            throw wrong(field, "there are \(known)")
        }
        guard case .int(let number) = value, number > 0 else {
            throw wrong(field, "a whole number over 0 was expected")
        }
        if name == "depth", number > Limits().depth {
            throw wrong(field, "it may be up to \(Limits().depth)")
        }
        if let limit = Self.limits[name] {
            environment.limits[keyPath: limit] = Int(number)
        } else {
            environment.limits.estimate = Int(number)
        }
    }

    private mutating func type(_ value: Value, _ field: String) throws -> ValueType {
        guard case .string(let text) = value else {
            let words =
                if case .map = value { "; what has fields is a record of its own" } else { "" }
            throw wrong(
                field,
                "a type was expected as text, such as \"list(int)\", not \(value.typeName)\(words)")
        }
        guard let type = ValueType(text) else {
            throw wrong(field, "“\(text)” is no type, such as map(string, int)")
        }
        guard !type.hasParameter else {
            throw wrong(field, "“\(text)”: a single capital letter is no type’s name")
        }
        types.append((field, type))
        return type
    }

    /// Whether it can be read as one, perhaps with dots.
    private func isPath(_ name: String) -> Bool {
        guard let tree = try? Environment.standard.parse(name) else { return false }
        var part = tree
        while case .select(let operand, _, isOptional: false) = part.kind { part = operand }
        if case .name(_, isRooted: false) = part.kind { return Printer.text(of: tree) == name }
        return false
    }
}
