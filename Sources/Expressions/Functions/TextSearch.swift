internal import CRE2

/// Looks for bytes in bytes, in time that is linear in both whatever they are.
enum TextSearch {
    /// - Returns: the first place of `part` in `bytes` from `start`.
    static func first(_ part: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard start <= bytes.count, part.count <= bytes.count - start else { return nil }
        guard !part.isEmpty else { return start }
        return bytes.withUnsafeBufferPointer { whole in
            part.withUnsafeBufferPointer { wanted in
                guard let base = whole.baseAddress else { return nil }
                let found = cre2_find(
                    base + start, whole.count - start, wanted.baseAddress, wanted.count)
                return found < 0 ? nil : start + Int(found)
            }
        }
    }

    /// Without a copy of either.
    static func contains(_ text: String, _ part: String) -> Bool {
        var (whole, sought) = (text, part)
        return whole.withUTF8 { bytes in
            sought.withUTF8 { wanted in
                cre2_find(bytes.baseAddress, bytes.count, wanted.baseAddress, wanted.count) >= 0
            }
        }
    }

    /// - Returns: the last place of `part` in `bytes` that is not after `end`.
    static func last(_ part: [UInt8], in bytes: [UInt8], upTo end: Int) -> Int? {
        guard part.count <= bytes.count else { return nil }
        guard !part.isEmpty else { return min(end, bytes.count) }
        // How far the part begins again within itself, so that no byte is looked at twice.
        var again = [0]
        for index in 1..<max(part.count, 1) {
            var length = again[index - 1]
            while length > 0, part[length] != part[index] { length = again[length - 1] }
            again.append(part[length] == part[index] ? length + 1 : length)
        }
        var found: Int?
        var matched = 0
        for (index, byte) in bytes.enumerated() {
            while matched > 0, part[matched] != byte { matched = again[matched - 1] }
            if part[matched] == byte { matched += 1 }
            guard matched == part.count else { continue }
            let place = index + 1 - part.count
            if place > end { break }
            found = place
            matched = again[matched - 1]
        }
        return found
    }

    /// - Returns: the byte at which so many code points are over; `nil` past the end.
    static func offset(ofPoint point: Int64, in bytes: [UInt8]) -> Int? {
        guard point >= 0 else { return nil }
        var left = point
        for (index, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
            if left == 0 { return index }
            left -= 1
        }
        return left == 0 ? bytes.count : nil
    }

    static func points(in bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    }
}
