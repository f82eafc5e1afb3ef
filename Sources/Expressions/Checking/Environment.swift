/// What an expression may use: variables, functions and the host's own types.
public struct Environment: Sendable {
    struct FunctionKey: Hashable, Sendable {
        let name: String
        let isMember: Bool
        /// The target counted; -1 for any number.
        let count: Int
    }

    /// A type of the host's with named fields.
    public struct Record: Sendable {
        public let fields: [String: ValueType]
        /// Whether `<` and sorting know two of them; see ``HostValue``.
        public let isOrdered: Bool
        /// Makes one from `Name{field: value}`; `nil` where expressions may not.
        public let make: (@Sendable ([String: Value]) throws(EvaluationError) -> Value)?

        public init(
            fields: [String: ValueType], isOrdered: Bool = false,
            make: (@Sendable ([String: Value]) throws(EvaluationError) -> Value)? = nil
        ) {
            self.fields = fields
            self.isOrdered = isOrdered
            self.make = make
        }
    }

    public var limits = Limits()
    /// Where names are looked for first: in `a.b`, `c` may mean `a.b.c`, `a.c` or `c`.
    public var container = ""
    /// See ``declare(_:size:)``.
    public internal(set) var sizes: [String: ClosedRange<Int>] = [:]
    public private(set) var variables: [String: ValueType] = [:]
    /// Whether a path may begin with more than one name.
    private(set) var hasDottedVariables = false
    private(set) var records: [String: Record] = [:]
    private(set) var signatures: [String: [Signature]] = [:]
    private var bodies: [FunctionKey: FunctionBody] = [:]
    private var types: [String: String] = [:]

    /// With nothing but the operators.
    private init() {}

    /// With the whole language and its extensions.
    public static let standard: Environment = {
        var environment = Environment()
        for name in ValueType.simple.keys { environment.types[name] = name }
        for name in ["list", "map", "optional_type"] { environment.types[name] = name }
        environment.types["timestamp"] = nil
        environment.types["duration"] = nil
        for library in Library.all { environment.add(library) }
        return environment
    }()

    /// What was said of sizes behind a variable of that name is forgotten.
    public mutating func declare(_ name: String, as type: ValueType) {
        variables[name] = type
        if !sizes.isEmpty {
            sizes = sizes.filter { !isPath($0.key, of: name) }
        }
        if name.utf8.contains(UInt8(ascii: ".")) { hasDottedVariables = true }
    }

    public mutating func declare(_ name: String, record: Record) {
        records[name] = record
        types[name] = name
    }

    mutating func declare(type name: String) { types[name] = name }

    mutating func add(_ library: Library) {
        for function in library.functions { addKnown(function) }
        for name in library.types { declare(type: name) }
        for (name, record) in library.records { declare(name, record: record) }
    }

    /// Functions of one name and one number of arguments are asked in the order in which they were added.
    /// - Throws: `EvaluationError.invalidArgument` for a text that is no signature.
    public mutating func add(_ function: Function) throws(EvaluationError) {
        var found: [(FunctionKey, Signature)] = []
        for text in function.signatures {
            guard let (name, signature) = Signature.read(text) else {
                throw EvaluationError(.invalidArgument, "“\(text)” is no signature")
            }
            let count = function.takesAnyNumber ? -1 : signature.parameters.count
            found.append(
                (FunctionKey(name: name, isMember: signature.isMember, count: count), signature))
        }
        let before = bodies
        for (key, signature) in found {
            signatures[key.name, default: []].append(signature)
            bodies[key] = before[key].map { $0.followed(by: function.body) } ?? function.body
        }
    }

    /// Our own, whose signatures the tests read.
    private mutating func addKnown(_ function: Function) {
        do { try add(function) } catch { preconditionFailure(error.message) }
    }

    // MARK: - Looking up

    func function(_ name: String, isMember: Bool, count: Int) -> FunctionBody? {
        let full = isMember ? name : functionName(name)
        return bodies[FunctionKey(name: full, isMember: isMember, count: count)]
            ?? bodies[FunctionKey(name: full, isMember: isMember, count: -1)]
    }

    func hasFunction(_ name: String, isMember: Bool) -> Bool {
        let full = isMember ? name : functionName(name)
        return signatures[full]?.contains { $0.isMember == isMember } == true
    }

    func signatures(of name: String, isMember: Bool) -> [Signature] {
        (signatures[isMember ? name : functionName(name)] ?? []).filter {
            $0.isMember == isMember
        }
    }

    /// With the part of the container under which there is one.
    private func functionName(_ name: String) -> String {
        // By far the most have no container, and a closure would hold a copy of all this.
        if container.isEmpty { return Self.rootless(name) }
        return inContainer(name) { name in signatures[name]?.contains { !$0.isMember } == true }
    }

    /// A name without the dot that means: from the root.
    static func rootless(_ name: String) -> String {
        name.utf8.first == UInt8(ascii: ".") ? String(name.dropFirst()) : name
    }

    /// The innermost container counts; a leading dot means none.
    private func inContainer(_ name: String, _ isKnown: (String) -> Bool) -> String {
        if name.utf8.first == UInt8(ascii: ".") { return Self.rootless(name) }
        return containers.lazy.map { $0 + name }.first(where: isKnown) ?? name
    }

    func typeName(_ name: String) -> String? { types[name] }

    func record(_ name: String) -> Record? {
        records[recordName(name)]
    }

    func recordName(_ name: String) -> String {
        container.isEmpty ? Self.rootless(name) : inContainer(name) { records[$0] != nil }
    }

    /// Names of all functions, those in namespaces with their dots.
    public var functionNames: [String] {
        signatures.keys.filter { !$0.hasPrefix("_") && !$0.hasPrefix("@") }
    }

    // MARK: - Reading expressions

    /// - Throws: `ExpressionIssue`.
    public func parse(_ source: String) throws(ExpressionIssue) -> Syntax {
        try Parser.parse(source, limits: limits)
    }

    /// Finds everything that is wrong before anything runs.
    /// - Throws: `ExpressionIssues`.
    public func check(_ source: String) throws(ExpressionIssues) -> (Syntax, ValueType) {
        try check(source, Surroundings(self))
    }

    private func check(
        _ source: String, _ surroundings: Surroundings
    ) throws(ExpressionIssues) -> (Syntax, ValueType) {
        let tree: Syntax
        do { tree = try parse(source) } catch { throw ExpressionIssues([error]) }
        var checker = Checker(surroundings, source)
        let type = try checker.check(tree)
        return (tree, type)
    }

    /// Checks and compiles.
    /// - Throws: `ExpressionIssues`.
    public func compile(_ source: String) throws(ExpressionIssues) -> Program {
        let surroundings = Surroundings(self)
        let (tree, type) = try check(source, surroundings)
        var program = Compiler.program(tree, in: surroundings)
        program.type = type
        return program
    }

    /// Compiles without a check: what does not fit fails when it is reached.
    /// - Throws: `ExpressionIssue` where the text cannot be read.
    public func compileUnchecked(_ source: String) throws(ExpressionIssue) -> Program {
        Compiler.program(try parse(source), in: Surroundings(self))
    }

    /// Compiles a tree, such as a residual one.
    public func compile(_ tree: Syntax) -> Program {
        Compiler.program(tree, in: Surroundings(self))
    }
}

/// An environment while something is checked or compiled in it.
final class Surroundings {
    let environment: Environment
    let patterns = PatternShelf()

    init(_ environment: Environment) { self.environment = environment }
}
