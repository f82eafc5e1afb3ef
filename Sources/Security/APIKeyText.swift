import Kernel

/// The text of an API key: `lsh_live_`, 30 digits of base 62 and six of checksum.
///
/// The checksum lets a scanner or a typing mistake be told apart from a real key without a look-up.
package struct APIKeyText: Redacted {
    private static let alphabet = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let scheme = "lsh_live_"

    package let text: String

    /// The part that may be shown: enough to tell keys apart, useless to log in with.
    package var prefix: String { String(text.prefix(Self.scheme.count + 6)) }

    /// What is stored: only this, never the text. 178 bits of chance need no slow hash.
    package var hash: String { Digest.sha256Hex(Array(text.utf8)) }

    package init(using generator: inout some RandomNumberGenerator) {
        var body = ""
        for _ in 0..<30 {
            let digit = Self.alphabet[Int.random(in: 0..<62, using: &generator)]
            body.unicodeScalars.append(Unicode.Scalar(digit))
        }
        text = Self.scheme + body + Self.checksum(body)
    }

    /// - Returns: `nil` unless form and checksum are right.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.scheme), text.utf8.count == Self.scheme.utf8.count + 36 else {
            return nil
        }
        let body = String(text.dropFirst(Self.scheme.count).prefix(30))
        guard text.hasSuffix(Self.checksum(body)) else { return nil }
        self.text = text
    }

    private static func checksum(_ body: String) -> String {
        var remainder = UInt64(crc32(Array(body.utf8)))
        var digits: [UInt8] = []
        for _ in 0..<6 {
            digits.append(alphabet[Int(remainder % 62)])
            remainder /= 62
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }

    /// Source: ISO 3309, the reflected polynomial EDB88320.
    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
