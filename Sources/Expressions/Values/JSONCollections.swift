/// An object: where its names and values stand.
final class JSONMap: Sendable {
    private struct Place {
        /// The quotes included.
        let name: Range<Int>
        let value: Range<Int>
        /// Whether the name is written otherwise than it reads.
        let isEscaped: Bool
    }

    private let text: JSONText
    private let places: [Place]
    /// Where each name stands, of many.
    private let table: [MapKey: Int]
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
            let isEscaped = text.bytes[place..<nameEnd].contains(UInt8(ascii: "\\"))
            found.append(
                Place(name: place..<nameEnd, value: start..<end, isEscaped: isEscaped))
            place = text.skipBlanks(end)
            isWanted = place < range.upperBound && text.bytes[place] == UInt8(ascii: ",")
            guard isWanted else { break }
            place = text.skipBlanks(place + 1)
        }
        (places, table) = Self.unique(found, text)
        let isClosed = place < range.upperBound && text.bytes[place] == UInt8(ascii: "}")
        end = isClosed && !isWanted ? place + 1 : nil
    }

    var count: Int { places.count }

    var names: [String] { places.map { text.string($0.name) } }

    func value(at index: Int) -> Value { text.value(places[index].value) }

    /// How much there is to go through.
    let byteCount: Int

    /// Up to here going through the names is faster than looking one up.
    private static let scanned = 16

    /// Of a name that comes twice the last counts, in its own place.
    private static func unique(
        _ found: [Place], _ text: JSONText
    ) -> (places: [Place], table: [MapKey: Int]) {
        guard found.count > scanned else {
            let kept = found.indices.filter { index in
                !found[(index + 1)...].contains { isSame($0, found[index], text) }
            }
            return (kept.count == found.count ? found : kept.map { found[$0] }, [:])
        }
        var last: [MapKey: Int] = [:]
        last.reserveCapacity(found.count)
        for (index, place) in found.enumerated() {
            last[.string(text.string(place.name))] = index
        }
        guard last.count < found.count else { return (found, last) }
        let kept = found.indices.filter { last[.string(text.string(found[$0].name))] == $0 }
        var table: [MapKey: Int] = [:]
        for (place, index) in kept.enumerated() {
            table[.string(text.string(found[index].name))] = place
        }
        return (kept.map { found[$0] }, table)
    }

    private static func isSame(_ one: Place, _ other: Place, _ text: JSONText) -> Bool {
        guard one.isEscaped || other.isEscaped else {
            return one.name.count == other.name.count
                && text.bytes[one.name].elementsEqual(text.bytes[other.name])
        }
        return CodePoints.areEqual(text.string(one.name), text.string(other.name))
    }

    func value(of name: String) -> Value? {
        place(of: name).map { text.value(places[$0].value) }
    }

    func place(of name: String) -> Int? {
        if places.count > Self.scanned { return table[.string(name)] }
        let wanted = name.utf8
        return places.firstIndex { place in
            place.isEscaped
                ? CodePoints.areEqual(text.string(place.name), name)
                : place.name.count == wanted.count + 2
                    && text.bytes[place.name].dropFirst().dropLast().elementsEqual(wanted)
        }
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
