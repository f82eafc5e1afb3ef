/// Cuts values out of JSON text without changing a byte of them.
package enum JSONSlices {
    /// The elements of the array under a path of members; `nil` where there is no such array.
    /// - Parameter limit: elements past this many are left out.
    package static func elements(
        of path: [String], in text: [UInt8], limit: Int = 1000
    ) -> [[UInt8]]? {
        var scanner = Scanner(text)
        for name in path { guard scanner.enter(name) else { return nil } }
        return scanner.elements(limit: limit)
    }

    /// The value under a path of members.
    package static func value(of path: [String], in text: [UInt8]) -> [UInt8]? {
        var scanner = Scanner(text)
        for name in path { guard scanner.enter(name) else { return nil } }
        let start = scanner.position
        guard scanner.skipValue() else { return nil }
        return Array(text[start..<scanner.position])
    }

    private struct Scanner {
        /// Deeper than this is an attack, not an order.
        private static let depthLimit = 200
        private let text: [UInt8]
        private(set) var position = 0

        init(_ text: [UInt8]) {
            self.text = text
            skipSpace()
        }

        private var byte: UInt8? { position < text.count ? text[position] : nil }

        private mutating func skipSpace() {
            while let byte, byte == 32 || byte == 10 || byte == 13 || byte == 9 { position += 1 }
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipSpace()
            guard byte == UInt8(ascii: character) else { return false }
            position += 1
            skipSpace()
            return true
        }

        /// Moves to the value of a member of the object here.
        mutating func enter(_ name: String) -> Bool {
            guard take("{") else { return false }
            while let key = string() {
                guard take(":") else { return false }
                if key == name { return true }
                guard skipValue(), take(",") else { return false }
            }
            return false
        }

        mutating func elements(limit: Int) -> [[UInt8]]? {
            guard take("[") else { return nil }
            var found: [[UInt8]] = []
            if take("]") { return found }
            while found.count < limit {
                let start = position
                guard skipValue() else { return nil }
                found.append(Array(text[start..<position]))
                guard take(",") else { break }
            }
            return found
        }

        private mutating func string() -> String? {
            skipSpace()
            guard byte == UInt8(ascii: "\"") else { return nil }
            let start = position + 1
            guard skipString() else { return nil }
            return String(decoding: text[start..<(position - 1)], as: UTF8.self)
        }

        private mutating func skipString() -> Bool {
            position += 1
            while let byte {
                position += byte == UInt8(ascii: "\\") ? 2 : 1
                if byte == UInt8(ascii: "\"") { return true }
            }
            return false
        }

        /// Moves past one value, whatever it is.
        mutating func skipValue() -> Bool {
            skipSpace()
            var depth = 0
            repeat {
                guard let byte else { return false }
                switch byte {
                case UInt8(ascii: "\""):
                    guard skipString() else { return false }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    guard depth < Self.depthLimit else { return false }
                    position += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    guard depth >= 0 else { return false }
                    position += 1
                case UInt8(ascii: ","), UInt8(ascii: ":"), 32, 10, 13, 9:
                    guard depth > 0 else { return false }
                    position += 1
                default: skipLiteral()
                }
            } while depth > 0
            return true
        }

        private mutating func skipLiteral() {
            let ends: [UInt8] = Array(",:]}\" \n\r\t".utf8)
            while let byte, !ends.contains(byte) { position += 1 }
        }
    }
}
