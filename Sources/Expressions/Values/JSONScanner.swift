import Glibc

/// Where a JSON value ends, and whether it is one: all of it is looked at once, nothing is kept.
///
/// - Source: RFC 8259, read 2026-11-28.
struct JSONScanner {
    /// Of objects and arrays within each other.
    private static let nesting = 128

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place: Int
    /// One bit for each that is open, the innermost last: whether it is an object.
    private var kinds: UInt128 = 0
    private var depth = 0
    private var reason: String?

    enum Ending {
        /// The place after the value.
        case end(Int)
        /// Where it stops being JSON, and what is wrong there if that is not to be seen.
        case wrong(Int, String?)
    }

    static func scan(_ bytes: [UInt8], from start: Int) -> Ending {
        bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(bytes: buffer, place: start)
            return scanner.value() ? .end(scanner.place) : .wrong(scanner.place, scanner.reason)
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, place: Int) {
        self.bytes = bytes
        self.place = place
    }

    private var byte: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while place < bytes.count, JSONText.isBlank(bytes[place]) { place += 1 }
    }

    /// Not by recursion: the stacks of tasks are small.
    private mutating func value() -> Bool {
        while true {
            skipBlanks()
            guard let first = byte else { return false }
            switch first {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open(isObject: first == UInt8(ascii: "{")) else { return false }
                if byte != first + 2 {
                    if isInObject, !name() { return false }
                    continue
                }
                close()
            case UInt8(ascii: "\""): guard string() else { return false }
            case UInt8(ascii: "t"): guard word("true") else { return false }
            case UInt8(ascii: "f"): guard word("false") else { return false }
            case UInt8(ascii: "n"): guard word("null") else { return false }
            default: guard number() else { return false }
            }
            // What ends here may be the last of several that are open.
            while true {
                if depth == 0 { return true }
                skipBlanks()
                if byte == UInt8(ascii: ",") {
                    place += 1
                    if isInObject, !name() { return false }
                    break
                }
                guard byte == UInt8(ascii: isInObject ? "}" : "]") else { return false }
                close()
            }
        }
    }

    private var isInObject: Bool { kinds & 1 == 1 }

    private mutating func open(isObject: Bool) -> Bool {
        guard depth < Self.nesting else {
            reason = "more than \(Self.nesting) lists and objects within each other"
            return false
        }
        kinds = kinds << 1 | (isObject ? 1 : 0)
        depth += 1
        place += 1
        skipBlanks()
        return true
    }

    private mutating func close() {
        kinds >>= 1
        depth -= 1
        place += 1
    }

    /// A member’s name and the colon behind it.
    private mutating func name() -> Bool {
        skipBlanks()
        guard byte == UInt8(ascii: "\""), string() else { return false }
        skipBlanks()
        guard byte == UInt8(ascii: ":") else { return false }
        place += 1
        return true
    }

    private mutating func string() -> Bool {
        var inner = place + 1
        while let found = nextMark(from: inner) {
            switch bytes[found] {
            case UInt8(ascii: "\""):
                place = found + 1
                return true
            case UInt8(ascii: "\\"):
                // What follows a backslash is part of the text, a quote too.
                guard let length = escapeLength(found) else {
                    place = found
                    return false
                }
                inner = found + length
            default:
                place = found
                reason = "a control character, which is written with a backslash"
                return false
            }
        }
        return false
    }

    /// The next quote, backslash or control character; most texts hold no other mark than their end.
    private func nextMark(from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        let raw = UnsafeRawPointer(base)
        var inner = start
        while inner + 8 <= bytes.count {
            let word = UInt64(
                littleEndian: raw.loadUnaligned(fromByteOffset: inner, as: UInt64.self))
            let marks = Self.marks(in: word)
            if marks != 0 { return inner + marks.trailingZeroBitCount / 8 }
            inner += 8
        }
        while inner < bytes.count {
            let byte = bytes[inner]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return inner }
            inner += 1
        }
        return nil
    }

    /// Eight bytes at a time: of those that are marks the first has its highest bit set, exactly. A byte that is
    /// zero once the sign is taken off borrows from that bit, as one below 0x20 does.
    @inline(__always)
    private static func marks(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let slashes = word ^ (ones &* 0x5C)
        return
            ((quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes
            | (word &- ones &* 0x20) & ~word) & (ones &* 0x80)
    }

    private func escapeLength(_ slash: Int) -> Int? {
        guard slash + 1 < bytes.count else { return nil }
        if bytes[slash + 1] == UInt8(ascii: "u") {
            let digits = bytes[min(slash + 2, bytes.count)..<min(slash + 6, bytes.count)]
            return digits.count == 4 && digits.allSatisfy(Self.isHexDigit) ? 6 : nil
        }
        return JSONText.escapes[bytes[slash + 1]] != nil ? 2 : nil
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        Lexer.isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
    }

    private mutating func word(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard place + count <= bytes.count, let base = bytes.baseAddress,
            memcmp(base + place, text.utf8Start, count) == 0
        else { return false }
        place += count
        return true
    }

    /// A sign, digits without a leading zero, a fraction, an exponent; no larger than a double can be.
    private mutating func number() -> Bool {
        let start = place
        if byte == UInt8(ascii: "-") { place += 1 }
        let isZero = byte == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !isZero || whole == 1 else {
            place = start
            return false
        }
        if byte == UInt8(ascii: ".") {
            place += 1
            guard digits() > 0 else { return false }
        }
        var mayOverflow = whole > 300
        if let sign = byte, sign | 0x20 == UInt8(ascii: "e") {
            mayOverflow = true
            place += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { place += 1 }
            guard digits() > 0 else { return false }
        }
        guard mayOverflow else { return true }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if let double = Double(text), double.isFinite { return true }
        place = start
        reason = "a number larger than any double"
        return false
    }

    private mutating func digits() -> Int {
        let start = place
        while place < bytes.count, Lexer.isDigit(bytes[place]) { place += 1 }
        return place - start
    }
}
