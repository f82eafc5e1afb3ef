/// Names what an ``Identifier`` stands for, so that an order's never passes for a job's.
public protocol IdentifierTag: Sendable {
    /// Lower-case letters shown before the underscore, such as `ord`.
    static var prefix: String { get }
}

/// Time-ordered identifier typed by what it names, such as `ord_01jd8n3k2v9x0c4m7q5r6s8t1w`.
///
/// Shape: the tag's prefix, an underscore and 26 digits of Crockford's base 32: 48 bits of
/// milliseconds since 1970, then 80 bits of chance. Texts sort by time.
public struct Identifier<Tag: IdentifierTag>: Hashable, Sendable, Comparable,
    LosslessStringConvertible
{
    public let rawValue: String

    public var description: String { rawValue }

    /// Reads a text form.
    /// - Returns: `nil` unless prefix, length and digits are those of this tag.
    public init?(_ text: String) {
        let body = text.utf8.dropFirst(Tag.prefix.utf8.count + 1)
        guard text.hasPrefix(Tag.prefix + "_"), body.count == 26,
            body.allSatisfy({ CrockfordDigits.contains($0) })
        else { return nil }
        rawValue = text
    }

    /// Makes an identifier from a moment and 80 bits of chance.
    public init(at instant: Instant, high: UInt16, low: UInt64) {
        var bytes = Array(Tag.prefix.utf8)
        bytes.append(UInt8(ascii: "_"))
        let milliseconds = UInt64(max(0, instant.microseconds / 1000)) & 0xFFFF_FFFF_FFFF
        CrockfordDigits.append(milliseconds, digits: 10, to: &bytes)
        CrockfordDigits.append(UInt64(high), digits: 4, to: &bytes)
        CrockfordDigits.append(low >> 4, digits: 12, to: &bytes)
        rawValue = String(decoding: bytes, as: UTF8.self)
    }

    /// Makes a fresh identifier outside a decision, where nothing is ever rerun.
    public init(at instant: Instant, using generator: inout some RandomNumberGenerator) {
        self.init(
            at: instant, high: UInt16.random(in: .min ... .max, using: &generator),
            low: UInt64.random(in: .min ... .max, using: &generator))
    }

    public static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}

extension Identifier: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected an identifier like \(Tag.prefix)_…")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// Crockford's base 32 in lower case: no i, l, o or u, so that a person can read it aloud.
enum CrockfordDigits {
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    static func contains(_ byte: UInt8) -> Bool { digits.contains(byte) }

    static func append(_ value: UInt64, digits count: Int, to bytes: inout [UInt8]) {
        for place in (0..<count).reversed() {
            let shift = UInt64(place * 5)
            bytes.append(digits[shift >= 64 ? 0 : Int((value >> shift) & 31)])
        }
    }
}

public enum TenantTag: IdentifierTag {
    public static let prefix = "ten"
}

/// A company whose data stands behind one wall.
public typealias TenantID = Identifier<TenantTag>

extension Identifier where Tag == TenantTag {
    /// The installation itself: owner of what exists before any tenant does, such as API keys.
    public static let platform = TenantID(at: Instant(microseconds: 0), high: 0, low: 0)
}
