/// Finds the known name that a wrong one was probably meant to be.
enum Suggestion {
    /// - Returns: the nearest of `names` by edits, if it is near enough to be a slip.
    static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        // A slip of the pen is one in a name, not in a text.
        guard name.utf8.count <= 64 else { return nil }
        let limit = max(1, min(3, name.utf8.count / 3))
        var best: (name: String, distance: Int)?
        for candidate in names where candidate != name {
            guard abs(candidate.utf8.count - name.utf8.count) <= limit else { continue }
            let distance = edits(Array(name.utf8), Array(candidate.utf8))
            guard distance <= limit else { continue }
            guard let known = best else {
                best = (candidate, distance)
                continue
            }
            // By name where the distance is the same, so that the answer is the same each time.
            if (distance, candidate) < (known.distance, known.name) { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Insertions, deletions, replacements and swaps of neighbours.
    private static func edits(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var next = [i + 1]
            for (j, b) in right.enumerated() {
                var least = min(row[j + 1] + 1, next[j] + 1, row[j] + (a == b ? 0 : 1))
                if i > 0, j > 0, a == right[j - 1], left[i - 1] == b {
                    least = min(least, before[j - 1] + 1)
                }
                next.append(least)
            }
            before = row
            row = next
        }
        return row[right.count]
    }
}
