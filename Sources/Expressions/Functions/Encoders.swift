import Foundation

/// `base64.…`
enum Encoders {
    static let library = Library(functions: [
        Function("base64.encode(bytes) -> string", .unary(encode)),
        Function("base64.decode(string) -> bytes", .unary(decode)),
    ])

    private static func encode(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        guard case .bytes(let bytes) = a else { throw .noOverload("base64.encode", a) }
        try meter.grow(by: bytes.count * 2)
        return try Texts.made(Data(bytes).base64EncodedString(), &meter)
    }

    /// Also without the padding at the end.
    private static func decode(_ a: Value, _ meter: inout Meter) throws(EvaluationError) -> Value {
        guard case .string(let text) = a else { throw .noOverload("base64.decode", a) }
        try Texts.charge(text, &meter)
        try meter.grow(by: text.utf8.count)
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: text + padding) else {
            throw EvaluationError(.conversion, "the text is no base64")
        }
        return .bytes(Array(data))
    }
}
