package import Kernel
import Synchronization

/// What of the work is this process' own at present.
///
/// A share is held until half a lease after the last beat that reached the database, by time that
/// only goes forward: the others take it over after a whole one, so there is never a moment at which
/// two believe they have it. What is written for a share is confirmed in the same transaction.
package final class Leases: Sendable {
    private struct Share {
        let term: Int64
        /// Nothing new is begun; once nothing of it is in use, it goes to another process.
        var isLeaving = false
        var users = 0
    }

    private struct State {
        var shares: [Int: Share] = [:]
        var validUntil: Instant?
        var isStopping = false
    }

    package let member: String
    /// Whether the database belongs to this process alone: then everything is its own.
    package let isExclusive: Bool
    /// Of what may have ended a process before, jobs and events alike.
    package let loneTurn = LoneTurn()
    private let timekeeper: any Timekeeper
    private let state = Mutex(State())

    /// - Parameter member: this process' name among those that share the database; `nil` when it has
    ///   it for itself.
    package init(member: String?, timekeeper: any Timekeeper) {
        self.member = member ?? ""
        isExclusive = member == nil
        self.timekeeper = timekeeper
    }

    /// Shares whose work may be begun, with their terms.
    package var active: [Int: Int64] { shares { !$0.isLeaving } }

    /// Those and the ones whose last work is being finished.
    package var held: [Int: Int64] { shares { _ in true } }

    private func shares(_ isWanted: (Share) -> Bool) -> [Int: Int64] {
        let now = timekeeper.steady
        return state.withLock { state in
            guard let end = state.validUntil, now < end else { return [:] }
            return state.shares.filter { isWanted($0.value) }.mapValues(\.term)
        }
    }

    /// Says that work of a share begins.
    /// - Returns: the term, with which ``leave(_:_:)`` must follow; `nil` when it may not begin.
    package func enter(_ shard: Int) -> Int64? {
        if isExclusive { return 0 }
        let now = timekeeper.steady
        return state.withLock { state in
            guard let end = state.validUntil, now < end, let share = state.shares[shard],
                !share.isLeaving
            else { return nil }
            state.shares[shard]?.users += 1
            return share.term
        }
    }

    /// Says that a piece of work has ended.
    package func leave(_ shard: Int, _ term: Int64) {
        if isExclusive { return }
        state.withLock { state in
            if state.shares[shard]?.term == term { state.shares[shard]?.users -= 1 }
        }
    }

    /// Part of every transaction that is written for shares, with the terms in which it was begun.
    /// - Throws: `StorageError.leaseLost` when another process may have taken over.
    package func confirm(_ terms: [Int: Int64], in session: any EngineSession) throws {
        if isExclusive { return }
        let held = held
        guard terms.allSatisfy({ held[$0.key] == $0.value }),
            let rows = session as? any LeaseRows, try rows.confirm(terms, of: member)
        else { throw StorageError(.leaseLost, "another process has taken this work over") }
    }

    /// What the database says, as of a beat that was begun at `time`.
    func renew(_ rows: [LeaseRow], beganAt time: Instant, lease: Duration) {
        let mine = rows.filter { $0.holder == member }
        state.withLock { state in
            // An older answer must not shorten what a newer one gave.
            state.validUntil = max(state.validUntil ?? time, time + lease / 2)
            let terms = Dictionary(mine.map { ($0.shard, $0.term) }) { first, _ in first }
            for (shard, share) in state.shares where terms[shard] != share.term {
                state.shares[shard] = nil
            }
            for (shard, term) in terms where state.shares[shard] == nil {
                state.shares[shard] = Share(term: term, isLeaving: state.isStopping)
            }
        }
    }

    /// Begins nothing more at all: what is idle goes to the others with the next beat, the rest as it
    /// ends.
    package func stop() {
        if isExclusive { return }
        state.withLock { state in
            state.isStopping = true
            for shard in state.shares.keys { state.shares[shard]?.isLeaving = true }
        }
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Begins nothing more of some shares.
    func retire(_ shards: Set<Int>) {
        state.withLock { state in
            for shard in shards { state.shares[shard]?.isLeaving = true }
        }
    }

    /// Lets go of what is to leave and nobody uses any more.
    func takeIdle() -> Set<Int> {
        state.withLock { state in
            let idle = state.shares.filter { $0.value.isLeaving && $0.value.users == 0 }.keys
            for shard in idle { state.shares[shard] = nil }
            return Set(idle)
        }
    }

    var leaving: Set<Int> {
        state.withLock { Set($0.shares.filter { $0.value.isLeaving }.keys) }
    }
}
