import Kernel
import Logging
import Storage

/// What could not be handled: set aside, tried again, and what stands behind it in order.
extension SubscriptionRunner {
    func setAside(
        _ event: Envelope, _ key: ParkedKey, _ slot: Int, _ place: SlotPlace,
        state: ParkedRow.State, fault: RecordedFault?, attempts: Int
    ) async throws {
        let name = subscription.name
        let now = timekeeper.now
        FailurePoint.reach(state == .waiting ? "events.waitedBehind" : "events.setAside")
        let isTrial = trials[place.position] != nil
        let row = ParkedRow(
            subscription: name, slot: slot, key: key, position: place.position, state: state,
            attempts: attempts, fault: fault, since: now.microseconds,
            retryAt: state == .backingOff
                ? (now + Backoff.ceiling(attempt: attempts)).microseconds : nil)
        try await writeHeard(call(tenant: key.tenant, cause: event)) { transaction, observers in
            try Self.advance(name, slot, to: place, isTrial: isTrial, in: transaction)
            let head = try transaction.bookkeeping { session in
                var row = row
                let head = try session.parked(subscription: name, key: key, limit: 1).first
                if state == .waiting, head == nil {
                    // What it stood behind was settled meanwhile: it is the head now, and due.
                    row.state = .backingOff
                    row.retryAt = now.microseconds
                }
                try session.park(row)
                return try session.parked(subscription: name, key: key, limit: 1).first
            }
            guard let fault, let head, head.position == place.position,
                state == .parked
            else { return }
            for observer in observers { try observer.parked(head, event, fault, in: transaction) }
        }
    }

    /// Writes with those who listen; where one of them cannot, what happened is written without.
    private func writeHeard(
        _ call: Call,
        _ body: @escaping @Sendable (Transaction, [any ParkingObserver]) throws -> Void
    ) async throws {
        let observers = observers
        do {
            try await write(call) { try body($0, observers) }
        } catch {
            let isPassing = [.unavailable, .conflict].contains(RecordedFault(error).kind)
            let isOurs = error is Changed || error is Outdated
            guard store.breakage == nil, !isPassing, !isOurs, !observers.isEmpty else {
                throw error
            }
            logger.error(
                "nobody was told of an event set aside", metadata: ["error": "\(error)"])
            try await write(call) { try body($0, []) }
        }
    }

    /// Tries the heads that are due, and behind each that succeeds the rest of its key, in order.
    func drainParked() async throws -> Bool {
        guard !parkedKeys.isEmpty else { return false }
        let name = subscription.name
        let (now, horizon) = (timekeeper.now.microseconds, horizon)
        let due = try await store.bookkeeping {
            try $0.parkedDue(subscription: name, now: now, horizon: horizon, limit: 256)
        }
        // So many a turn: behind one key's head may stand thousands, and the others are not to wait
        // for them.
        var rest = Self.parkedPerTurn
        for head in due where rest > 0 {
            // Whoever is on trial may be long about it: what is due stays so, and the others go on.
            guard leases.loneTurn.tryEnter() else { break }
            defer { leases.loneTurn.leave() }
            try await drain(head.key, &rest)
        }
        if due.isEmpty { try await refreshParkedKeys() }
        return rest < Self.parkedPerTurn
    }

    private static let parkedPerTurn = 64

    /// Nothing is put off beyond this: what seems to be was, before the clock was set back.
    private var horizon: Int64 { (timekeeper.now + Backoff.limit + .seconds(60)).microseconds }

    private func refreshParkedKeys() async throws {
        let name = subscription.name
        parkedKeys = try await store.bookkeeping { try $0.parkedKeys(subscription: name) }
    }

    private func drain(_ key: ParkedKey, _ rest: inout Int) async throws {
        let name = subscription.name
        while let row = try await store.bookkeeping({
            try $0.parked(subscription: name, key: key, limit: 1).first
        }) {
            let now = timekeeper.now.microseconds
            guard row.retryAt.map({ $0 <= now || $0 > horizon }) ?? false else { return }
            guard rest > 0 else { return }
            rest -= 1
            guard try await retry(row) else { return }
        }
        parkedKeys.remove(key)
    }

    private func retry(_ row: ParkedRow) async throws -> Bool {
        guard let stored = try await store.event(at: row.position) else {
            throw StorageError(.engine, "the log no longer has event \(row.position)")
        }
        let event = row.replacement.map(stored.replacing(data:)) ?? stored
        let now = timekeeper.now.microseconds
        if let fault = try await beginTrial(at: row.position) {
            return try await putOff(row, event, fault, now)
        }
        do {
            try await handle(row, event, now, tells: true)
            FailurePoint.reach("events.handledAfterAll")
            trials[row.position] = nil
            return true
        } catch is Changed {
            // A person had a word in between: look again.
            trials[row.position] = nil
            return true
        } catch let outdated as Outdated {
            throw outdated
        } catch {
            if let breakage = store.breakage { throw breakage }
            return try await putOff(row, event, error, now)
        }
    }

    /// A person dealt with the row while its event was being handled.
    private struct Changed: Error {}
    private struct Unheard: Error { let cause: any Error }

    private func handle(
        _ row: ParkedRow, _ event: Envelope, _ now: Int64, tells: Bool
    ) async throws {
        let observers = tells ? observers : []
        do {
            try await apply(event) { transaction in
                guard try Self.isUnchanged(row, in: transaction) else { throw Changed() }
                try transaction.bookkeeping { try $0.removeHead(row, now: now) }
                do {
                    for observer in observers {
                        try observer.released(row, isHandled: true, in: transaction)
                    }
                } catch { throw Unheard(cause: error) }
            }
        } catch let unheard as Unheard {
            logger.error(
                "nobody was told of an event handled after all",
                metadata: ["error": "\(unheard.cause)"])
            try await handle(row, event, now, tells: false)
        }
    }

    private static func isUnchanged(_ row: ParkedRow, in transaction: Transaction) throws -> Bool {
        let now = try transaction.bookkeeping {
            try $0.parkedRow(tenant: row.key.tenant, number: row.number)
        }
        return now?.replacement == row.replacement && now?.attempts == row.attempts
    }

    /// - Returns: whether the row is gone or changed, so that the key is to be looked at again.
    private func putOff(
        _ row: ParkedRow, _ event: Envelope, _ error: any Error, _ now: Int64
    ) async throws -> Bool {
        var failed = row
        let fault = RecordedFault(error)
        failed.fault = fault
        failed.attempts += 1
        failed.state = fault.kind.parksEvent ? .parked : .backingOff
        failed.retryAt =
            fault.kind.parksEvent
            ? nil : now + Backoff.ceiling(attempt: failed.attempts).microseconds
        let update = failed
        let isTrouble = update.state == .parked || update.attempts >= Self.troubleAfter
        do {
            try await writeHeard(call(tenant: row.key.tenant, cause: event)) {
                transaction, observers in
                guard try Self.isUnchanged(row, in: transaction) else { throw Changed() }
                try transaction.bookkeeping {
                    try $0.updateParked(update)
                    try $0.endTrials(of: row)
                }
                for observer in isTrouble ? observers : [] {
                    try observer.parked(update, event, fault, in: transaction)
                }
            }
        } catch is Changed {
            trials[row.position] = nil
            return true
        }
        trials[row.position] = nil
        return false
    }
}

extension SubscriptionRows {
    /// Its next attempt is its first: it was handled, failed in an orderly way, or a person decides.
    func endTrials(of row: ParkedRow) throws {
        try saveTrials(subscription: row.subscription, position: row.position, 0)
    }

    /// Takes a head away and makes the next of its key due.
    func removeHead(_ row: ParkedRow, now: Int64) throws {
        try deleteParked(number: row.number)
        try endTrials(of: row)
        guard var next = try parked(subscription: row.subscription, key: row.key, limit: 1).first
        else { return }
        next.retryAt = now
        try updateParked(next)
    }
}
