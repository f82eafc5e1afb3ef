import FoundationEssentials
import Kernel
import Storage

/// Reads JSON bodies and says which member is wrong.
package enum JSONBody {
    /// - Throws: `WebError.bodyMalformed` with the member's path; also for a member nobody knows,
    ///   since a mistyped name must not pass for an absent one.
    package static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
        let value: T
        do {
            value = try JSONDecoder().decode(type, from: Data(bytes))
            let sent = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
            if let stranger = stranger(in: sent, to: Mirror(reflecting: value), at: "") {
                throw WebError(.bodyMalformed, "is not known here", field: stranger)
            }
        } catch let error as DecodingError {
            throw fault(error)
        }
        return value
    }

    /// The path of the first member that `value` has no property for.
    private static func stranger(
        in json: JSONValue, to value: Mirror, at path: String
    ) -> String? {
        switch (json, value.displayStyle) {
        case (_, .optional):
            guard let some = value.children.first else { return nil }
            return stranger(in: json, to: Mirror(reflecting: some.value), at: path)
        case (.array(let items), .collection):
            for (index, (item, child)) in zip(items, value.children).enumerated() {
                let place = path + "[\(index)]"
                if let found = stranger(in: item, to: Mirror(reflecting: child.value), at: place) {
                    return found
                }
            }
        case (.object(let members), .struct):
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                let place = path.isEmpty ? name : path + "." + name
                guard let child = value.children.first(where: { $0.label == name }) else {
                    return place
                }
                if let found = stranger(in: member, to: Mirror(reflecting: child.value), at: place)
                {
                    return found
                }
            }
        default: break
        }
        return nil
    }

    private static func fault(_ error: DecodingError) -> WebError {
        switch error {
        case .keyNotFound(let key, let context):
            WebError(.bodyMalformed, "is missing", field: path(context.codingPath + [key]))
        case .valueNotFound(let type, let context), .typeMismatch(let type, let context):
            WebError(
                .bodyMalformed, "must be \(words(for: type))", field: path(context.codingPath))
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            WebError(.bodyMalformed, "the body is not JSON")
        case .dataCorrupted(let context):
            WebError(.bodyMalformed, words(context), field: path(context.codingPath))
        @unknown default: WebError(.bodyMalformed, "the body is not readable")
        }
    }

    /// What a type is called in JSON.
    private static func words(for type: any Any.Type) -> String {
        if type is any BinaryInteger.Type { return "a whole number" }
        if type == String.self { return "text" }
        if type == Bool.self { return "true or false" }
        let name = String(describing: type)
        return name.hasPrefix("Array") ? "a list" : "an object"
    }

    /// Our own words pass; the decoder's, about numbers that do not fit, are put into JSON's terms.
    private static func words(_ context: DecodingError.Context) -> String {
        context.debugDescription.contains("number")
            ? "is a number that does not fit here" : context.debugDescription
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        var text = ""
        for key in keys {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : "." + key.stringValue
            }
        }
        return text.isEmpty ? "(body)" : text
    }
}
