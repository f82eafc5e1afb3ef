import Glibc

/// A JSON text as a value, read where it is looked into and nowhere else.
///
/// A number without a point or an exponent that fits is an int, any other a double.
public struct JSONView: Sendable {
    /// - Throws: `EvaluationError` of `.invalidArgument` where the outermost value is malformed; what
    ///   lies deeper is looked at when it is read, and what is malformed there is null.
    public static func value(_ text: [UInt8]) throws(EvaluationError) -> Value {
        let document = JSONText(bytes: text)
        let start = document.skipBlanks(0)
        if start < text.count, text[start] == UInt8(ascii: "{") {
            let map = JSONMap(document, start..<text.count)
            guard let end = map.end, document.skipBlanks(end) == text.count else {
                throw EvaluationError(.invalidArgument, "this is no JSON text")
            }
            return .map(MapValue(map))
        }
        guard let end = document.end(of: start), document.skipBlanks(end) == text.count else {
            throw EvaluationError(.invalidArgument, "this is no JSON text")
        }
        return document.value(start..<end)
    }
}

/// The bytes, and how to walk over them.
struct JSONText: Sendable {
    private static let nesting = 128
    let bytes: [UInt8]

    func skipBlanks(_ start: Int) -> Int {
        var place = start
        while place < bytes.count,
            bytes[place] == 0x20 || (bytes[place] >= 0x09 && bytes[place] <= 0x0D)
        {
            place += 1
        }
        return place
    }

    /// The place after the value that begins at `start`; `nil` where none is.
    func end(of start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "\""): return endOfString(start)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return endOfNest(start)
        default:
            var place = start
            while place < bytes.count, Self.isWord(bytes[place]) { place += 1 }
            return place > start ? place : nil
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        Lexer.isDigit(byte) || Lexer.isLetter(byte) || byte == 0x2D || byte == 0x2B || byte == 0x2E
    }

    private func endOfString(_ start: Int) -> Int? {
        bytes.withUnsafeBufferPointer { buffer -> Int? in
            guard let base = buffer.baseAddress else { return nil }
            var place = start + 1
            while place < buffer.count {
                guard let found = memchr(base + place, 0x22, buffer.count - place) else {
                    return nil
                }
                let quote = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                guard let slash = memchr(base + place, 0x5C, quote - place) else {
                    return quote + 1
                }
                // What follows a backslash is part of the text, a quote too.
                place = UnsafeRawPointer(slash) - UnsafeRawPointer(base) + 2
            }
            return nil
        }
    }

    private func endOfNest(_ start: Int) -> Int? {
        var open: [UInt8] = []
        var place = start
        while place < bytes.count {
            let byte = bytes[place]
            switch byte {
            case UInt8(ascii: "\""):
                guard let end = endOfString(place) else { return nil }
                place = end
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < Self.nesting else { return nil }
                open.append(byte + 2)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard open.popLast() == byte else { return nil }
                if open.isEmpty { return place + 1 }
            default: break
            }
            place += 1
        }
        return nil
    }

    func value(_ range: Range<Int>) -> Value {
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "{"):
            let map = JSONMap(self, range)
            return map.end == range.upperBound ? .map(MapValue(map)) : .null
        case UInt8(ascii: "["):
            let list = JSONList(self, range)
            return list.isWhole ? .list(ListValue(list)) : .null
        case UInt8(ascii: "\""): return .string(string(range))
        case UInt8(ascii: "t") where bytes[range].elementsEqual("true".utf8): return .bool(true)
        case UInt8(ascii: "f") where bytes[range].elementsEqual("false".utf8): return .bool(false)
        default: return isNumber(range) ? number(range) : .null
        }
    }

    /// Whether it is written as JSON writes numbers: a sign, digits without a leading zero, a fraction, an
    /// exponent.
    private func isNumber(_ range: Range<Int>) -> Bool {
        var place = range.lowerBound
        func digits() -> Int {
            let start = place
            while place < range.upperBound, Lexer.isDigit(bytes[place]) { place += 1 }
            return place - start
        }
        if bytes[place] == 0x2D { place += 1 }
        let isZero = place < range.upperBound && bytes[place] == 0x30
        let whole = digits()
        guard whole > 0, !isZero || whole == 1 else { return false }
        if place < range.upperBound, bytes[place] == 0x2E {
            place += 1
            guard digits() > 0 else { return false }
        }
        if place < range.upperBound, bytes[place] | 0x20 == UInt8(ascii: "e") {
            place += 1
            if place < range.upperBound, bytes[place] == 0x2B || bytes[place] == 0x2D { place += 1 }
            guard digits() > 0 else { return false }
        }
        return place == range.upperBound
    }

    private func number(_ range: Range<Int>) -> Value {
        var value: Int64 = 0
        let isNegative = bytes[range.lowerBound] == 0x2D
        var place = range.lowerBound + (isNegative ? 1 : 0)
        while place < range.upperBound, Lexer.isDigit(bytes[place]), place - range.lowerBound < 18 {
            value = value * 10 + Int64(bytes[place] - 0x30)
            place += 1
        }
        if place == range.upperBound { return .int(isNegative ? -value : value) }
        let text = String(decoding: bytes[range], as: UTF8.self)
        if let whole = Int64(text) { return .int(whole) }
        guard let double = Double(text), double.isFinite else { return .null }
        return .double(double)
    }

    /// - Parameter range: the quotes included.
    func string(_ range: Range<Int>) -> String {
        let inner = range.lowerBound + 1..<max(range.upperBound - 1, range.lowerBound + 1)
        guard bytes[inner].contains(UInt8(ascii: "\\")) else {
            return String(decoding: bytes[inner], as: UTF8.self)
        }
        return unescaped(inner)
    }

    private static let escapes: [UInt8: UInt8] = [
        0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12,
        UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
    ]

    private func unescaped(_ range: Range<Int>) -> String {
        var units: [UInt16] = []
        var out = ""
        func flush() {
            out += String(decoding: units, as: UTF16.self)
            units.removeAll(keepingCapacity: true)
        }
        var place = range.lowerBound
        while place < range.upperBound {
            guard bytes[place] == UInt8(ascii: "\\"), place + 1 < range.upperBound else {
                flush()
                let start = place
                while place < range.upperBound, bytes[place] != UInt8(ascii: "\\") { place += 1 }
                if place == start { place += 1 }
                out += String(decoding: bytes[start..<place], as: UTF8.self)
                continue
            }
            if bytes[place + 1] == UInt8(ascii: "u"), place + 6 <= range.upperBound,
                let unit = UInt16(
                    String(decoding: bytes[place + 2..<place + 6], as: UTF8.self), radix: 16)
            {
                units.append(unit)
                place += 6
            } else {
                units.append(Self.escapes[bytes[place + 1]].map { UInt16($0) } ?? 0xFFFD)
                place += 2
            }
        }
        flush()
        return out
    }
}
