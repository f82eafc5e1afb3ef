/// A function that expressions may call.
public struct Function: Sendable {
    /// As ``Signature/read(_:)`` reads them; all of one name and one number of arguments.
    public let signatures: [String]
    public let body: FunctionBody
    /// Whether any number of arguments is taken, whatever the signatures say.
    let takesAnyNumber: Bool

    public init(_ signatures: String..., body: FunctionBody) {
        self.init(signatures, body)
    }

    init(_ signatures: [String], _ body: FunctionBody, takesAnyNumber: Bool = false) {
        self.signatures = signatures
        self.body = body
        self.takesAnyNumber = takesAnyNumber
    }

    init(_ signature: String, _ body: FunctionBody) { self.init([signature], body) }
}

/// Functions and types that belong together.
struct Library: Sendable {
    var functions: [Function]
    var types: [String] = []
    var records: [String: Environment.Record] = [:]

    static let all: [Library] = [
        Conversions.library, Texts.library, Times.library, Mathematics.library, Lists.library,
        Sets.library, Encoders.library, Patterns.library, Optionals.library, Network.library,
        Decimals.library, HostTypes.library,
    ]
}
