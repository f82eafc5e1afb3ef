/// Cuts a text into tokens.
struct Lexer {
    private let source: String
    private let bytes: [UInt8]
    private var place = 0
    private var tokens: [Token] = []

    /// - Throws: `ExpressionIssue` at the first thing that is no token.
    static func tokens(of source: String) throws(ExpressionIssue) -> [Token] {
        var lexer = Lexer(source)
        return try lexer.run()
    }

    private init(_ source: String) {
        self.source = source
        bytes = Array(source.utf8)
    }

    private func peek(_ ahead: Int = 0) -> UInt8 {
        place + ahead < bytes.count ? bytes[place + ahead] : 0
    }

    private func issue(_ message: String, from start: Int) -> ExpressionIssue {
        ExpressionIssue(
            .syntax, message, at: SourceRange(start, max(place, start + 1)), in: source)
    }

    private mutating func run() throws(ExpressionIssue) -> [Token] {
        tokens.reserveCapacity(bytes.count / 3 + 2)
        while true {
            skipBlanks()
            let start = place
            guard place < bytes.count else {
                tokens.append(Token(kind: .end, range: SourceRange(start, start)))
                return tokens
            }
            let kind = try next()
            tokens.append(Token(kind: kind, range: SourceRange(start, place)))
        }
    }

    private mutating func skipBlanks() {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: place += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                while place < bytes.count, bytes[place] != 0x0A { place += 1 }
            default: return
            }
        }
    }

    private mutating func next() throws(ExpressionIssue) -> Token.Kind {
        let byte = peek()
        if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && Self.isDigit(peek(1))) {
            return try number()
        }
        if let quoted = try quotedText() { return quoted }
        if Self.isLetter(byte) { return word() }
        if byte == UInt8(ascii: "`") { return try quotedName() }
        return try sign()
    }

    private mutating func word() -> Token.Kind {
        let start = place
        while Self.isLetter(peek()) || Self.isDigit(peek()) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        switch text {
        case "true": return .literal(.bool(true))
        case "false": return .literal(.bool(false))
        case "null": return .literal(.null)
        case "in": return .sign("in")
        default: return .identifier(text)
        }
    }

    private mutating func quotedName() throws(ExpressionIssue) -> Token.Kind {
        let start = place
        place += 1
        let allowed = Set("_.-/ ".utf8)
        while Self.isLetter(peek()) || Self.isDigit(peek()) || allowed.contains(peek()) {
            place += 1
        }
        guard peek() == UInt8(ascii: "`"), place > start + 1 else {
            throw issue("this is no name between backticks", from: start)
        }
        let text = String(decoding: bytes[start + 1..<place], as: UTF8.self)
        place += 1
        return .quoted(text)
    }

    private mutating func sign() throws(ExpressionIssue) -> Token.Kind {
        let start = place
        let (first, second) = (peek(), peek(1))
        if second == UInt8(ascii: "="), let sign = Self.withEqual[first] {
            place += 2
            return .sign(sign)
        }
        if first == second, first == UInt8(ascii: "&") || first == UInt8(ascii: "|") {
            place += 2
            return .sign(first == UInt8(ascii: "&") ? "&&" : "||")
        }
        let sign = first < 128 ? Self.single[Int(first)] : ""
        guard !sign.isEmpty else {
            while place < bytes.count, bytes[place] & 0xC0 == 0x80 || place == start { place += 1 }
            let text = String(decoding: bytes[start..<place], as: UTF8.self)
            let isArrow = text == "=" && place < bytes.count && bytes[place] == UInt8(ascii: ">")
            let hint = isArrow ? "; a name and what to do are parted by a comma" : Self.hints[text]
            throw issue("“\(text)” means nothing here" + (hint ?? ""), from: start)
        }
        place += 1
        return .sign(sign)
    }

    private static let hints = [
        "=": "; to compare write ==", "&": "; write &&", "|": "; write ||",
        "“": "; texts stand in \" or '", "”": "; texts stand in \" or '",
        "‘": "; texts stand in \" or '", "’": "; texts stand in \" or '",
    ]

    /// By the byte; empty for what is no sign.
    private static let single: [String] = (0..<128).map { byte in
        let text = String(UnicodeScalar(UInt8(byte)))
        return "!<>+-*/%?:.,()[]{}".contains(text) ? text : ""
    }

    private static let withEqual: [UInt8: String] = Dictionary(
        uniqueKeysWithValues: "=!<>".utf8.map { ($0, String(UnicodeScalar($0)) + "=") })

    // MARK: - Numbers

    private mutating func number() throws(ExpressionIssue) -> Token.Kind {
        let start = place
        if peek() == UInt8(ascii: "0"), peek(1) | 0x20 == UInt8(ascii: "x"), Self.isHex(peek(2)) {
            place += 2
            while Self.isHex(peek()) { place += 1 }
            return try integer(start, digitsFrom: start + 2, radix: 16)
        }
        while Self.isDigit(peek()) { place += 1 }
        var isDouble = false
        if peek() == UInt8(ascii: "."), Self.isDigit(peek(1)) {
            isDouble = true
            place += 1
            while Self.isDigit(peek()) { place += 1 }
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            let hasSign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
            if Self.isDigit(peek(hasSign ? 2 : 1)) {
                isDouble = true
                place += hasSign ? 2 : 1
                while Self.isDigit(peek()) { place += 1 }
            }
        }
        guard isDouble else { return try integer(start, digitsFrom: start, radix: 10) }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard let value = Double(text.hasPrefix(".") ? "0" + text : text), value.isFinite else {
            throw issue("the number is beyond what a double can hold", from: start)
        }
        return .literal(.double(value))
    }

    private mutating func integer(
        _ start: Int, digitsFrom first: Int, radix: Int
    ) throws(ExpressionIssue) -> Token.Kind {
        let text = String(decoding: bytes[first..<place], as: UTF8.self)
        let isUnsigned = peek() | 0x20 == UInt8(ascii: "u")
        if isUnsigned { place += 1 }
        guard let value = UInt64(text, radix: radix) else {
            throw issue("the number does not fit in 64 bits", from: start)
        }
        if isUnsigned { return .literal(.uint(value)) }
        if let signed = Int64(exactly: value) { return .literal(.int(signed)) }
        guard value == Int64.min.magnitude else {
            throw issue("the number does not fit in an int; as a uint it ends with u", from: start)
        }
        return .leastInt
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 < 6 }

    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte == 0x5F }

    // MARK: - Texts

    /// A string or bytes literal; `nil` when none begins here.
    private mutating func quotedText() throws(ExpressionIssue) -> Token.Kind? {
        var isRaw = false
        var isBytes = false
        var ahead = 0
        while ahead < 2 {
            let byte = peek(ahead) | 0x20
            if byte == UInt8(ascii: "r"), !isRaw {
                isRaw = true
            } else if byte == UInt8(ascii: "b"), !isBytes, Self.isLetter(peek(ahead)) {
                isBytes = true
            } else {
                break
            }
            ahead += 1
        }
        let quote = peek(ahead)
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let start = place
        place += ahead
        let isTriple = peek(1) == quote && peek(2) == quote
        place += isTriple ? 3 : 1
        let content = try body(start, quote, isTriple: isTriple, isRaw: isRaw)
        var unescaper = Unescaper(bytes: bytes, range: content, isBytes: isBytes, isRaw: isRaw)
        do { return try unescaper.literal() } catch {
            throw ExpressionIssue(
                .invalidLiteral, error.message, at: SourceRange(error.start, error.end), in: source)
        }
    }

    /// Finds the closing quote.
    private mutating func body(
        _ start: Int, _ quote: UInt8, isTriple: Bool, isRaw: Bool
    ) throws(ExpressionIssue) -> Range<Int> {
        let first = place
        while place < bytes.count {
            let byte = bytes[place]
            if byte == quote, !isTriple || (peek(1) == quote && peek(2) == quote) {
                let content = first..<place
                place += isTriple ? 3 : 1
                return content
            }
            if !isTriple, byte == 0x0A || byte == 0x0D { break }
            place += byte == UInt8(ascii: "\\") && !isRaw ? 2 : 1
        }
        place = min(place, bytes.count)
        throw issue("the text has no closing quote", from: start)
    }
}
