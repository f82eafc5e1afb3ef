/// Wire names of events as people read them.
package enum EventWords {
    /// `orders.unitsReserved.1` is “units reserved”; what is no such name stays as it is.
    package static func title(_ type: String) -> String {
        let parts = type.split(separator: ".")
        guard parts.count >= 2 else { return type }
        var words = ""
        for character in parts[1] {
            if character.isUppercase { words += " " }
            words += character.lowercased()
        }
        return words
    }
}
