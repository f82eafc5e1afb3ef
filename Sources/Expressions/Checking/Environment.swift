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
        /// Makes one from `Name{field: value}`; `nil` where expressions may not.
        public let make: (@Sendable ([String: Value]) throws(EvaluationError) -> Value)?

        public init(
            fields: [String: ValueType],
            make: (@Sendable ([String: Value]) throws(EvaluationError) -> Value)? = nil
        ) {
            self.fields = fields
            self.make = make
        }
    }

    public var limits = Limits()
    /// Where names are looked for first: in `a.b`, `c` may mean `a.b.c`, `a.c` or `c`.
    public var container = ""
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

    public mutating func declare(_ name: String, as type: ValueType) {
        variables[name] = type
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
        let plain = name.hasPrefix(".") ? String(name.dropFirst()) : name
        let key = FunctionKey(name: plain, isMember: isMember, count: count)
        return bodies[key]
            ?? bodies[FunctionKey(name: plain, isMember: isMember, count: -1)]
    }

    func hasFunction(_ name: String, isMember: Bool) -> Bool {
        let plain = name.hasPrefix(".") ? String(name.dropFirst()) : name
        return signatures[plain]?.contains { $0.isMember == isMember } == true
    }

    func typeName(_ name: String) -> String? { types[name] }

    func record(_ name: String) -> Record? {
        records[name.hasPrefix(".") ? String(name.dropFirst()) : name]
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
        let tree: Syntax
        do { tree = try parse(source) } catch { throw ExpressionIssues([error]) }
        var checker = Checker(self, source)
        let type = try checker.check(tree)
        return (tree, type)
    }

    /// Checks and compiles.
    /// - Throws: `ExpressionIssues`.
    public func compile(_ source: String) throws(ExpressionIssues) -> Program {
        let (tree, type) = try check(source)
        var program = Compiler.program(tree, in: self)
        program.type = type
        return program
    }

    /// Compiles without a check: what does not fit fails when it is reached.
    /// - Throws: `ExpressionIssue` where the text cannot be read.
    public func compileUnchecked(_ source: String) throws(ExpressionIssue) -> Program {
        Compiler.program(try parse(source), in: self)
    }

    /// Compiles a tree, such as a residual one.
    public func compile(_ tree: Syntax) -> Program { Compiler.program(tree, in: self) }
}

/// An environment while something is worked out in it.
final class Surroundings: Sendable {
    let environment: Environment

    init(_ environment: Environment) { self.environment = environment }
}
