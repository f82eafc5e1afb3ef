/// A value from a closed list, which says what the list is when it is given another.
public protocol Choice: RawRepresentable<String>, CaseIterable, Codable, Sendable {}

extension Choice {
    /// - Throws: `DecodingError.dataCorrupted` that lists the values.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(rawValue: text) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be one of \(known)")
        }
        self = value
    }
}
