/// How much an expression may be and do. Each limit that is passed is an error with its name.
public struct Limits: Sendable, Hashable {
    /// Of the text, in UTF-8.
    public var sourceBytes = 65_536
    /// Parts above each other. What is joined by `&&` or `||` counts as one level.
    public var depth = 96
    /// Steps of one evaluation: one for each part that is evaluated, for every ten bytes of a text and for
    /// each element of a list that is gone through; for what takes longer as many as it takes. One is
    /// about 20 to 60 nanoseconds, so that whatever is written ends within a twentieth of a second.
    public var cost = 500_000
    /// Bytes of all texts, lists and maps that one evaluation makes, roughly.
    public var growthBytes = 8_388_608
    /// The most steps that an expression may be estimated to need; `nil` for no such check.
    public var estimate: Int?

    public init() {}
}
