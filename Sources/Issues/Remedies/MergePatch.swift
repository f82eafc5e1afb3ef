package import Storage

/// A change of a JSON value written as the value itself: what is `null` goes, what is an object is
/// merged, all else takes the old one's place.
///
/// - Source: RFC 7396, section 2.
package enum MergePatch {
    package static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [String: JSONValue] = [:]
        if case .object(let known) = target { members = known }
        for (name, change) in changes {
            members[name] = change == .null ? nil : apply(change, to: members[name] ?? .null)
        }
        return .object(members)
    }
}
