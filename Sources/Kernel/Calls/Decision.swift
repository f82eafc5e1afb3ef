/// The time and the identifiers of one decision, fixed by the operation, so that a rerun decides
/// the same.
///
/// Not `Sendable`: it lives and dies inside one synchronous transaction.
public final class Decision {
    public let now: Instant
    private var generator: SplitMix64

    /// - Parameter seed: the operation's own text; equal seeds and times give equal identifiers.
    public init(now: Instant, seed: String) {
        self.now = now
        generator = SplitMix64(seed: StableHash.of(seed))
    }

    public func newID<Tag: IdentifierTag>(_ tag: Tag.Type = Tag.self) -> Identifier<Tag> {
        Identifier(at: now, using: &generator)
    }
}

/// A small seeded generator, for decisions and for tests that replay from a seed.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A hash that is the same in every process and release, for slots and seeds. Not for secrets.
///
/// Source: FNV-1a, 64 bits, finished with one round of SplitMix64.
public enum StableHash {
    public static func of(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        var mixer = SplitMix64(seed: hash)
        return mixer.next()
    }
}
