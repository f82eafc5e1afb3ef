package import Kernel
package import Storage

/// Reads the log once for all subscriptions that stand at its end, instead of once for each.
///
/// Whoever reads on from the same place gets the same piece, decoded once; so they stay together.
package actor LogFeed {
    /// A piece of the log with its events as envelopes.
    package struct Piece: Sendable {
        package let begin: LogCursor
        package let next: LogCursor
        package let epoch: String
        package let events: [Envelope]
        /// There may be more behind it.
        package let isFull: Bool

        /// Reads what follows a place. - Parameter types: what is wanted of it.
        static func read(
            after cursor: LogCursor, types: Set<EventType>, in store: Store
        ) async throws -> Piece {
            let (page, events) = try await store.log(
                after: cursor, types: types, limit: pieceLimit)
            return Piece(
                begin: page.begin, next: page.next, epoch: page.epoch, events: events,
                isFull: events.count >= pieceLimit)
        }

        /// The same piece with only some of its events.
        func only(_ types: Set<EventType>) -> Piece {
            Piece(
                begin: begin, next: next, epoch: epoch,
                events: events.filter { types.contains($0.type) }, isFull: isFull)
        }
    }

    private struct Reading {
        let number: Int
        var waiting: [CheckedContinuation<Piece, any Error>] = []
    }

    /// Events read at a time.
    private static let pieceLimit = 512
    /// Events kept for those who come a little later.
    private static let keptLimit = 2048

    private let store: Store
    private let types: Set<EventType>
    private var kept: [LogCursor: Piece] = [:]
    private var age: [LogCursor] = []
    private var keptEvents = 0
    private var readings: [LogCursor: Reading] = [:]
    private var started = 0

    /// - Parameter types: all that anyone who reads here wants.
    package init(store: Store, types: Set<EventType>) {
        self.store = store
        self.types = types
    }

    /// What follows a place; `next` equals it where there was nothing when this was called, or later.
    func piece(after cursor: LogCursor) async throws -> Piece {
        if let known = kept[cursor] { return known }
        let asked = started
        while let number = readings[cursor]?.number {
            let piece = try await withCheckedThrowingContinuation {
                readings[cursor]?.waiting.append($0)
            }
            // A look that began before this question says nothing of what was committed since.
            if piece.next != cursor || number > asked { return piece }
            if let known = kept[cursor] { return known }
        }
        started += 1
        readings[cursor] = Reading(number: started)
        let result: Result<Piece, any Error>
        do {
            result = .success(try await Piece.read(after: cursor, types: types, in: store))
        } catch { result = .failure(error) }
        if case .success(let piece) = result { keep(piece, after: cursor) }
        for waiter in readings.removeValue(forKey: cursor)?.waiting ?? [] {
            waiter.resume(with: result)
        }
        return try result.get()
    }

    private func keep(_ piece: Piece, after cursor: LogCursor) {
        guard piece.next != cursor, kept[cursor] == nil else { return }
        kept[cursor] = piece
        age.append(cursor)
        keptEvents += piece.events.count + 1
        while keptEvents > Self.keptLimit, age.count > 1 {
            keptEvents -= (kept.removeValue(forKey: age.removeFirst())?.events.count ?? 0) + 1
        }
    }
}
