/// JSON the sandbox writes: numbers stay the text they are, as a marketplace would send them.
enum SandboxJSON {
    case text(String)
    /// A number, spelled out.
    case number(String)
    case null
    case list([SandboxJSON])
    case object([(String, SandboxJSON)])

    static func integer(_ value: some BinaryInteger) -> SandboxJSON { .number(String(value)) }

    var rendered: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number): number
        case .null: "null"
        case .list(let items): "[" + items.map(\.rendered).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0) + ":" + $1.rendered }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 32:
                out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
