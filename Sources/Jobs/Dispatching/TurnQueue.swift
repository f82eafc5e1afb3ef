import HeapModule

/// Who is next, in weighted turns: over time each gets served in proportion to its weight.
///
/// Stride scheduling (Waldspurger and Weihl, MIT/LCS/TM-528, 1995): every serving moves one's mark
/// on by a stride over its weight, and the lowest mark is served. Who comes back after having had
/// nothing to do starts where the others are: idleness earns no credit.
struct TurnQueue: Sendable {
    private struct Entry: Comparable, Sendable {
        let mark: UInt64
        /// First come, first served among equals.
        let ticket: UInt64
        let member: Int

        static func < (one: Entry, other: Entry) -> Bool {
            one.mark == other.mark ? one.ticket < other.ticket : one.mark < other.mark
        }
    }

    private static let stride: UInt64 = 1_000_000
    private static let marksKept = 8192

    private var heap = Heap<Entry>()
    private var waiting: Set<Int> = []
    private var marks: [Int: UInt64] = [:]
    private var present: UInt64 = 0
    private var tickets: UInt64 = 0

    var isEmpty: Bool { waiting.isEmpty }

    /// Lets one stand in the queue; who stands there already stays in place.
    mutating func add(_ member: Int) {
        guard waiting.insert(member).inserted else { return }
        tickets += 1
        let mark = max(marks[member] ?? 0, present)
        heap.insert(Entry(mark: mark, ticket: tickets, member: member))
    }

    /// Takes the next one out of the queue.
    mutating func pop() -> Int? {
        guard let entry = heap.popMin() else { return nil }
        waiting.remove(entry.member)
        present = max(present, entry.mark)
        return entry.member
    }

    /// One was served.
    mutating func charge(_ member: Int, weight: Int = 1) {
        marks[member] = max(marks[member] ?? 0, present) + Self.stride / UInt64(max(weight, 1))
        guard marks.count > Self.marksKept else { return }
        let present = present
        marks = marks.filter { $0.value > present }
    }
}
