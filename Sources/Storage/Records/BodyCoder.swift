import FoundationEssentials
import Kernel

/// The one place that turns values into stored bytes and back.
package enum BodyCoder {
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    package static func decode<T: Decodable>(_ type: T.Type, from body: [UInt8]) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw StorageError(.bodyUndecodable, "\(type): \(summary(of: error))")
        }
    }

    /// Names the path and the trouble, never the value.
    private static func summary(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "not readable" }
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            return path(context.codingPath) + ": " + context.debugDescription
        case .keyNotFound(let key, let context):
            return path(context.codingPath + [key]) + " is missing"
        @unknown default: return "not readable"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    }
}
