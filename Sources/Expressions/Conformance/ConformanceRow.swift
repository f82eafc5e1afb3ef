/// A case in the specification's test format, as JSON: its fields are looked at by name.
package struct ConformanceRow: Sendable {
    let map: MapValue

    package init?(_ line: String) {
        guard case .map(let map)? = try? JSONView.value(Array(line.utf8)) else { return nil }
        self.map = map
    }

    init?(_ value: Value?) {
        guard case .map(let map)? = value else { return nil }
        self.map = map
    }

    subscript(_ name: String) -> Value? { map[.string(name)] }

    func row(_ name: String) -> ConformanceRow? { ConformanceRow(self[name]) }

    package func text(_ name: String) -> String {
        if case .string(let text)? = self[name] { return text }
        return ""
    }

    func isTrue(_ name: String) -> Bool {
        if case .bool(true)? = self[name] { return true }
        return false
    }

    func rows(_ name: String) -> [ConformanceRow] {
        guard case .list(let list)? = self[name] else { return [] }
        return list.values.compactMap { ConformanceRow($0) }
    }

    /// The one field of an object that stands for a choice.
    var choice: (name: String, value: Value)? {
        guard case .string(let name)? = map.keys.first, let value = self[name] else { return nil }
        return (name, value)
    }
}
