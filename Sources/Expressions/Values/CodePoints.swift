import Glibc

/// Texts by their code points: the order of UTF-8 bytes is the order of code points.
enum CodePoints {
    @inline(__always)
    static func areEqual(_ left: String, _ right: String) -> Bool {
        let count = left.utf8.count
        guard count == right.utf8.count else { return false }
        return compare(left, right, count) ?? left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a text begins, or ends, with another.
    static func areEqual(_ text: String, _ part: String, fromEnd: Bool) -> Bool {
        let count = part.utf8.count
        let skipped = text.utf8.count - count
        guard skipped >= 0 else { return false }
        let found = text.utf8.withContiguousStorageIfAvailable { a -> Bool? in
            part.utf8.withContiguousStorageIfAvailable { b -> Bool in
                guard let one = a.baseAddress, let other = b.baseAddress else { return true }
                return memcmp(one + (fromEnd ? skipped : 0), other, count) == 0
            }
        }
        if let found, let isEqual = found { return isEqual }
        return fromEnd
            ? text.utf8.suffix(count).elementsEqual(part.utf8) : text.utf8.starts(with: part.utf8)
    }

    /// - Returns: negative, zero or positive.
    static func order(_ left: String, _ right: String) -> Int {
        let (a, b) = (left.utf8.count, right.utf8.count)
        let found = left.utf8.withContiguousStorageIfAvailable { one -> Int? in
            right.utf8.withContiguousStorageIfAvailable { other -> Int in
                guard let first = one.baseAddress, let second = other.baseAddress else {
                    return a - b
                }
                let order = Int(memcmp(first, second, min(a, b)))
                return order == 0 ? a - b : order
            }
        }
        if let found, let order = found { return order }
        if left.utf8.lexicographicallyPrecedes(right.utf8) { return -1 }
        return areEqual(left, right) ? 0 : 1
    }

    /// - Returns: `nil` for a text that does not lie in one piece.
    @inline(__always)
    private static func compare(_ left: String, _ right: String, _ count: Int) -> Bool? {
        left.utf8.withContiguousStorageIfAvailable { a -> Bool? in
            right.utf8.withContiguousStorageIfAvailable { b -> Bool in
                guard let one = a.baseAddress, let other = b.baseAddress else { return count == 0 }
                return memcmp(one, other, count) == 0
            }
        } ?? nil
    }
}
