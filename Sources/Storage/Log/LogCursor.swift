/// Where reading of the log stopped: opaque text that only its engine can read.
package struct LogCursor: Hashable, Sendable, LosslessStringConvertible {
    /// Before the first event.
    package static let start = LogCursor(text: "")
    private static let lengthLimit = 100_000

    package let text: String

    package init(text: String) { self.text = text }

    /// - Returns: `nil` for what no engine would have written.
    package init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte)
                || [UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "-")]
                    .contains(byte)
        }
        guard isPlain, text.utf8.count <= Self.lengthLimit else { return nil }
        self.text = text
    }

    package var description: String { text }
}

/// A piece of the log, as an engine read it.
package struct LogPage: Sendable {
    package let events: [LogRow]
    /// Where this piece begins: what was asked for, with the extent it was read to. Who keeps
    /// places within it saves this first; asked for again it yields the same events in order.
    package let begin: LogCursor
    /// Where the next piece begins; equal to what was asked for when there is nothing new.
    package let next: LogCursor
    /// Names the order in which this piece and its neighbours stand: event numbers compare only
    /// within one.
    package let epoch: String

    package init(events: [LogRow], begin: LogCursor, next: LogCursor, epoch: String) {
        self.events = events
        self.begin = begin
        self.next = next
        self.epoch = epoch
    }
}

/// How far a subscription's slot is: an event number that counts within an epoch only.
package struct SlotPlace: Hashable, Sendable {
    package let epoch: String
    package let position: Int64

    package init(epoch: String, position: Int64) {
        self.epoch = epoch
        self.position = position
    }
}
