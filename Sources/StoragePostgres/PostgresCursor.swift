import Kernel
import Storage

/// Where reading stopped in a log whose numbers may be committed out of order.
///
/// Read are the events that the snapshot `from` sees. A piece reads on to the snapshot `to`, in the
/// order of numbers, and may be done up to the number `done` of it. As text:
/// `xmin:xmax:xip,…-below` and, within a piece, `-` with the same of `to` and `-done`.
struct PostgresCursor {
    struct Edge: Equatable {
        /// A `pg_snapshot` as the server writes it.
        let snapshot: String
        /// Within a piece: what was begun since has all its numbers above this one. It says nothing
        /// before the piece is begun: a snapshot does not list the open transactions behind the last
        /// that has ended, and those may have drawn any number.
        var below: Int64

        var parts: [Substring] { snapshot.split(separator: ":", omittingEmptySubsequences: false) }
        var end: String { String(parts[1]) }
        /// Transactions that were open then: their events may carry any number.
        var open: [String] { parts[2].split(separator: ",").map(String.init) }

        static let start = Edge(snapshot: "1:1:", below: 0)
    }

    var from = Edge.start
    var to: Edge?
    var done: Int64 = 0

    init() {}

    /// - Throws: `StorageError.cursorMalformed`.
    init(_ cursor: LogCursor) throws {
        guard cursor != .start else { return }
        let parts = cursor.text.split(separator: "-", omittingEmptySubsequences: false)
            .map(String.init)
        guard parts.count == 2 || parts.count == 5, let first = Self.edge(parts[0], parts[1])
        else { throw Self.malformed }
        from = first
        guard parts.count == 5 else { return }
        guard let second = Self.edge(parts[2], parts[3]), let number = Int64(parts[4]) else {
            throw Self.malformed
        }
        to = second
        done = number
    }

    private static let malformed = StorageError(
        .cursorMalformed, "is no position of this log", field: "after")

    private static func edge(_ snapshot: String, _ below: String) -> Edge? {
        let parts = snapshot.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let low = number(parts[0]), let high = number(parts[1]),
            low >= 1, low <= high, let below = Int64(below)
        else { return nil }
        // As the server itself writes it: it reads nothing else.
        var last = low
        for text in parts[2].isEmpty
            ? [] : parts[2].split(separator: ",", omittingEmptySubsequences: false)
        {
            guard let open = number(text), (last..<high).contains(open) else { return nil }
            last = open
        }
        return Edge(snapshot: snapshot, below: below)
    }

    /// Digits alone.
    private static func number(_ text: Substring) -> UInt64? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? UInt64(text) : nil
    }

    var cursor: LogCursor {
        let base = "\(from.snapshot)-\(from.below)"
        guard let to else { return LogCursor(text: base) }
        return LogCursor(text: base + "-\(to.snapshot)-\(to.below)-\(done)")
    }

    /// Numbers compare only within one piece.
    var epoch: String {
        to.map { "\(from.snapshot)-\($0.snapshot)" } ?? from.snapshot
    }
}
