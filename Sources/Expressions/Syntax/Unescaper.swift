/// Turns what stands between quotes into its value.
struct Unescaper {
    struct Trouble: Error {
        let message: String
        let start: Int
        let end: Int
    }

    let bytes: [UInt8]
    let range: Range<Int>
    let isBytes: Bool
    let isRaw: Bool
    private var out: [UInt8] = []
    private var place = 0

    init(bytes: [UInt8], range: Range<Int>, isBytes: Bool, isRaw: Bool) {
        self.bytes = bytes
        self.range = range
        self.isBytes = isBytes
        self.isRaw = isRaw
    }

    mutating func literal() throws(Trouble) -> Token.Kind {
        if isRaw || !bytes[range].contains(UInt8(ascii: "\\")) {
            return isBytes
                ? .literal(.bytes(Array(bytes[range])))
                : .literal(.string(String(decoding: bytes[range], as: UTF8.self)))
        }
        place = range.lowerBound
        out.reserveCapacity(range.count)
        while place < range.upperBound {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\\") {
                try escape()
            } else {
                out.append(byte)
                place += 1
            }
        }
        if isBytes { return .literal(.bytes(out)) }
        return .literal(.string(String(decoding: out, as: UTF8.self)))
    }

    private static let simple: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12,
        UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
        UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "'"): 0x27,
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "`"): 0x60, UInt8(ascii: "?"): 0x3F,
    ]

    private mutating func escape() throws(Trouble) {
        let start = place
        guard place + 1 < range.upperBound else {
            throw Trouble(message: "nothing follows the backslash", start: start, end: place + 1)
        }
        let letter = bytes[place + 1]
        if let value = Self.simple[letter] {
            out.append(value)
            place += 2
            return
        }
        switch letter {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): try code(start + 2, digits: 2, radix: 16)
        case UInt8(ascii: "0")...UInt8(ascii: "3"): try code(start + 1, digits: 3, radix: 8)
        case UInt8(ascii: "u") where !isBytes: try code(start + 2, digits: 4, radix: 16)
        case UInt8(ascii: "U") where !isBytes: try code(start + 2, digits: 8, radix: 16)
        default:
            throw Trouble(
                message: "the text has an escape that does not exist", start: start,
                end: start + 2)
        }
    }

    private mutating func code(_ first: Int, digits: Int, radix: Int) throws(Trouble) {
        let end = first + digits
        let text =
            end <= range.upperBound ? String(decoding: bytes[first..<end], as: UTF8.self) : ""
        // The number alone: no sign may stand in it.
        guard let value = UInt32(text, radix: radix), text.utf8.first != UInt8(ascii: "+"),
            text.utf8.first != UInt8(ascii: "-")
        else {
            throw Trouble(
                message: "the escape needs \(digits) digits", start: first - 1,
                end: min(end, range.upperBound))
        }
        place = end
        if isBytes {
            guard value < 256 else {
                throw Trouble(message: "a byte ends at 255", start: first - 1, end: end)
            }
            out.append(UInt8(value))
            return
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw Trouble(message: "this is no Unicode code point", start: first - 1, end: end)
        }
        out.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    }
}
