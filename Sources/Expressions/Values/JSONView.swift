import Glibc

/// A JSON text as a value, read where it is looked into and nowhere else.
///
/// A number without a point or an exponent is an int, or past its end a uint, where it fits; any other a
/// double.
public struct JSONView: Sendable {
    /// - Throws: `EvaluationError` of `.invalidArgument` where any of it is no JSON, with the line and column.
    public static func value(_ text: [UInt8]) throws(EvaluationError) -> Value {
        let document = JSONText(bytes: text)
        if let place = JSONText.endOfUTF8(text) { throw wrong(document, at: place, "no UTF-8") }
        let start = document.skipBlanks(0)
        if start < text.count, text[start] == UInt8(ascii: "{") {
            // Its members are noted on the way, so that it is gone through once.
            let map = JSONMap(document, start..<text.count)
            guard let end = map.end, document.skipBlanks(end) == text.count else {
                throw wrong(document, start)
            }
            return .map(MapValue(map))
        }
        guard let end = document.end(of: start), document.skipBlanks(end) == text.count else {
            throw wrong(document, start)
        }
        return document.value(start..<end)
    }

    private static func wrong(_ document: JSONText, _ start: Int) -> EvaluationError {
        let (place, reason): (Int, String?) =
            switch JSONScanner.scan(document.bytes, from: start) {
            case .end(let end): (document.skipBlanks(end), nil)
            case .wrong(let place, let reason): (place, reason)
            }
        return wrong(document, at: place, reason)
    }

    private static func wrong(
        _ document: JSONText, at place: Int, _ reason: String?
    ) -> EvaluationError {
        let before = document.bytes.prefix(place)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let column = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
        let rest = String(
            decoding: document.bytes[place...].prefix(12).prefix { $0 >= 0x20 }, as: UTF8.self)
        let found =
            reason
            ?? (place < document.bytes.count ? "“\(rest)” is wrong there" : "it ends too early")
        return EvaluationError(
            .invalidArgument, "this is no JSON text: line \(line), column \(column): \(found)")
    }
}

/// The bytes, and how to walk over them.
package struct JSONText: Sendable {
    let bytes: [UInt8]

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// - Returns: where bytes stop being UTF-8; `nil` where all are.
    package static func endOfUTF8(_ bytes: [UInt8]) -> Int? {
        // Nearly all texts are plain: eight bytes at a time tell.
        let isPlain = bytes.withUnsafeBytes { raw in
            var place = 0
            while place + 8 <= raw.count {
                let word = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 != 0 { return false }
                place += 8
            }
            return raw[place...].allSatisfy { $0 < 0x80 }
        }
        guard !isPlain, String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var place = 0
        var reader = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = reader.decode(&iterator) {
            place += UTF8.width(scalar)
        }
        return place
    }

    func skipBlanks(_ start: Int) -> Int {
        var place = start
        while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
        return place
    }

    /// The place after the value that begins at `start`; `nil` where none is.
    func end(of start: Int) -> Int? {
        guard case .end(let end) = JSONScanner.scan(bytes, from: start) else { return nil }
        return end
    }

    /// - Parameter range: of a value that was found to be one.
    func value(_ range: Range<Int>) -> Value {
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "{"): return .map(MapValue(JSONMap(self, range)))
        case UInt8(ascii: "["): return .list(ListValue(JSONList(self, range)))
        case UInt8(ascii: "\""): return .string(string(range))
        case UInt8(ascii: "t"): return .bool(true)
        case UInt8(ascii: "f"): return .bool(false)
        case UInt8(ascii: "n"): return .null
        default: return number(range)
        }
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
        if let whole = UInt64(text) { return .uint(whole) }
        return .double(Double(text) ?? .nan)
    }

    /// - Parameter range: the quotes included.
    func string(_ range: Range<Int>) -> String {
        let inner = range.lowerBound + 1..<max(range.upperBound - 1, range.lowerBound + 1)
        let plain: String? = bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress,
                memchr(base + inner.lowerBound, 0x5C, inner.count) == nil
            else { return nil }
            return String(decoding: buffer[inner], as: UTF8.self)
        }
        return plain ?? unescaped(inner)
    }

    static let escapes: [UInt8: UInt8] = [
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
