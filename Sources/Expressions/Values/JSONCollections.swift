/// An object: where its names and values stand.
final class JSONMap: Sendable {
    private struct Place {
        let name: Range<Int>
        let value: Range<Int>
    }

    private let text: JSONText
    private let places: [Place]
    /// The place after it; `nil` where it is malformed, which ends it early.
    let end: Int?

    /// - Parameter range: begins with the brace that opens it.
    init(_ text: JSONText, _ range: Range<Int>) {
        self.text = text
        byteCount = range.count
        var found: [Place] = []
        var place = text.skipBlanks(range.lowerBound + 1)
        var isWanted = false
        while place < range.upperBound, text.bytes[place] == UInt8(ascii: "\"") {
            guard let nameEnd = text.end(of: place) else { break }
            let colon = text.skipBlanks(nameEnd)
            guard colon < range.upperBound, text.bytes[colon] == UInt8(ascii: ":") else { break }
            let start = text.skipBlanks(colon + 1)
            guard let end = text.end(of: start) else { break }
            Self.note(Place(name: place..<nameEnd, value: start..<end), in: &found, text)
            place = text.skipBlanks(end)
            isWanted = place < range.upperBound && text.bytes[place] == UInt8(ascii: ",")
            guard isWanted else { break }
            place = text.skipBlanks(place + 1)
        }
        places = found
        let isClosed = place < range.upperBound && text.bytes[place] == UInt8(ascii: "}")
        end = isClosed && !isWanted ? place + 1 : nil
    }

    var count: Int { places.count }

    var names: [String] { places.map { text.string($0.name) } }

    func value(at index: Int) -> Value { text.value(places[index].value) }

    /// How much there is to go through.
    let byteCount: Int

    /// Of a name that comes twice the last counts.
    private static func note(_ place: Place, in found: inout [Place], _ text: JSONText) {
        let name = text.bytes[place.name]
        let isEscaped = name.contains(UInt8(ascii: "\\"))
        // Where there are many, whoever makes such a text pays for its length, not for its square.
        for index in found.indices.suffix(maximumCompared)
        where isEscaped || found[index].name.count == place.name.count {
            let other = text.bytes[found[index].name]
            let isSame =
                isEscaped
                ? CodePoints.areEqual(text.string(found[index].name), text.string(place.name))
                : other.elementsEqual(name)
            guard isSame else { continue }
            found.remove(at: index)
            break
        }
        found.append(place)
    }

    private static let maximumCompared = 64

    func value(of name: String) -> Value? {
        let wanted = name.utf8
        for place in places.reversed() {
            let inner = text.bytes[place.name.lowerBound + 1..<place.name.upperBound - 1]
            if inner.count == wanted.count, inner.elementsEqual(wanted) {
                return text.value(place.value)
            }
            if inner.contains(UInt8(ascii: "\\")),
                CodePoints.areEqual(text.string(place.name), name)
            {
                return text.value(place.value)
            }
        }
        return nil
    }
}

/// An array: where its values stand.
final class JSONList: Sendable {
    private let text: JSONText
    private let places: [Range<Int>]
    let byteCount: Int

    init(_ text: JSONText, _ range: Range<Int>) {
        self.text = text
        byteCount = range.count
        var found: [Range<Int>] = []
        var place = text.skipBlanks(range.lowerBound + 1)
        while place < range.upperBound - 1, let end = text.end(of: place) {
            found.append(place..<end)
            place = text.skipBlanks(text.skipBlanks(end) + 1)
        }
        places = found
    }

    var count: Int { places.count }

    subscript(index: Int) -> Value { text.value(places[index]) }
}
