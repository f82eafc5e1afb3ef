import FoundationEssentials
import Kernel

/// What a save changed in a record that is no aggregate: top-level properties with their new
/// values; a property that went away is listed in `removed`.
struct RecordSaved: Encodable {
    let changed: [String: JSONValue]

    static func type(of collection: String) -> EventType { EventType(collection + ".saved.1") }

    static func changes(from old: [UInt8]?, to new: [UInt8]) throws -> [String: JSONValue] {
        let after = try BodyCoder.decode([String: JSONValue].self, from: new)
        let before =
            try old.map { try BodyCoder.decode([String: JSONValue].self, from: $0) } ?? [:]
        var changed = after.filter { before[$0.key] != $0.value }
        for name in before.keys where after[name] == nil { changed[name] = .null }
        return changed
    }
}
