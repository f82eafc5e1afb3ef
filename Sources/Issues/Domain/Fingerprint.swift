import Kernel

/// What makes two failures one issue: the fault's code, the place and its words without what
/// differs from case to case.
package struct Fingerprint: Hashable, Sendable {
    package let code: String
    package let place: String
    package let message: String

    /// Words longer than this tell no two causes apart.
    private static let messageLimit = 200
    /// The message of an issue that takes what has too many forms.
    static let anyMessage = "(any)"

    package init(code: String, place: String, detail: String) {
        self.code = code
        self.place = place
        message = String(Self.normalised(detail).prefix(Self.messageLimit))
    }

    private init(code: String, place: String, message: String) {
        (self.code, self.place, self.message) = (code, place, message)
    }

    var withAnyMessage: Fingerprint {
        Fingerprint(code: code, place: place, message: Self.anyMessage)
    }

    /// 32 hexadecimal digits.
    package var text: String {
        let whole = [code, place, message].joined(separator: "\u{1F}")
        return [whole, "\u{1E}" + whole].map { part in
            let hex = String(StableHash.of(part), radix: 16)
            return String(repeating: "0", count: 16 - hex.count) + hex
        }.joined()
    }

    /// Quoted parts become `“…”`; words with a digit, an at sign or an underscore become `#`, which
    /// takes numbers, identifiers, addresses and times out.
    static func normalised(_ text: String) -> String {
        var words: [String] = []
        for word in unquoted(text).split(whereSeparator: \.isWhitespace) {
            let isVariable = word.contains { $0.isNumber || $0 == "@" || $0 == "_" }
            let shown = isVariable ? "#" : String(word)
            if !(shown == "#" && words.last == "#") { words.append(shown) }
        }
        return words.joined(separator: " ")
    }

    private static let closing: [Character: Character] = [
        "“": "”", "\"": "\"", "‘": "’", "`": "`",
    ]

    private static func unquoted(_ text: String) -> String {
        var result = ""
        var end: Character?
        for character in text {
            if let close = end {
                if character == close { end = nil }
            } else if let close = closing[character] {
                end = close
                result += "“…”"
            } else {
                result.append(character)
            }
        }
        return result
    }
}
