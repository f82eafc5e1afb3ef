package import Kernel
package import Logging
package import Storage

/// Carries one subscription through the log: each event once, in order per key.
///
/// A handler's writes and its slot's position commit together. A fault that will not heal parks
/// its key; every other key goes on.
package actor SubscriptionRunner {
    /// Events read at a time.
    private static let batchLimit = 512
    /// Where it stands is written at the latest when nothing has come for so long.
    private static let quiet = Duration.seconds(1)
    private static let conflictReruns = 3
    private static let defectReruns = 3
    /// So many pieces of the log may be read again after a restart; what was handled of them is
    /// known from the slots.
    private static let unsavedLimit = 32
    /// A head that may heal by itself counts as trouble after so many tries.
    private static let troubleAfter = 5

    private let subscription: Subscription
    private let store: Store
    private let timekeeper: any Timekeeper
    private let logger: Logger
    private var floor = LogCursor.start
    private var unsaved = 0
    private var movedAt: Instant?
    /// Everything there was has been read once: from here on it reads with the others.
    private var isAtEnd = false
    private let feed: LogFeed?
    private var slots: [Int: SlotPlace] = [:]
    private var parkedKeys: Set<ParkedKey> = []
    private let isOneLane: Bool
    private let leases: Leases
    /// The share of the work this subscription belongs to, and the term in which it was read.
    private let shard: Int
    private var loadedIn: Int64?
    private var term: Int64 = 0
    private let observers: [any ParkingObserver]

    /// - Parameters:
    ///   - leases: what is this process' own; all of it unless said otherwise.
    ///   - feed: reads the log for it and others, once it has caught up.
    ///   - isOneLane: handles one event after the other in the order of the log, so that a
    ///     simulation replays; else slots go side by side.
    package init(
        _ subscription: Subscription, store: Store, timekeeper: any Timekeeper, logger: Logger,
        observers: [any ParkingObserver] = [], leases: Leases? = nil, feed: LogFeed? = nil,
        isOneLane: Bool = false
    ) {
        self.observers = observers
        self.feed = feed
        self.leases = leases ?? Leases(member: nil, timekeeper: timekeeper)
        shard = Shard.of(subscription: subscription.name)
        self.isOneLane = isOneLane
        self.subscription = subscription
        self.store = store
        self.timekeeper = timekeeper
        var logger = logger
        logger[metadataKey: "subscription"] = .string(subscription.name)
        self.logger = logger
    }

    /// Runs until the task is cancelled; what is in hand is finished first.
    package func run() async throws {
        while !Task.isCancelled {
            let generation = store.signals.log.generation
            do {
                let moved = try await stepIfOurs()
                if !moved { await rest(after: generation) }
            } catch let fault as any Fault where fault.kind == .unavailable {
                guard store.breakage == nil else { throw fault }
                logger.warning("paused", metadata: ["error": "\(fault)"])
                do { try await timekeeper.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    /// Handles what there is, where no other process has it to do.
    private func stepIfOurs() async throws -> Bool {
        guard let term = leases.enter(shard) else { return false }
        defer { leases.leave(shard, term) }
        self.term = term
        if loadedIn != term {
            // Another had it meanwhile: where that one stood is in the database.
            try await load()
            loadedIn = term
        }
        do { return try await step() } catch {
            // Where this one stands may be ahead of what was written.
            loadedIn = nil
            throw error
        }
    }

    /// Handles what there is; for tests and for draining.
    /// - Returns: whether anything moved.
    package func step() async throws -> Bool {
        let retried = try await drainParked()
        let piece = try await read()
        guard piece.next != floor else {
            isAtEnd = true
            if unsaved > 0, timekeeper.steady >= (movedAt ?? timekeeper.steady) + Self.quiet {
                try await save(floor)
            }
            return retried
        }
        // The piece's extent is kept before anything of it is: read again, it is the same.
        if piece.begin != floor, !piece.events.isEmpty { try await save(piece.begin) }
        try await handle(piece.events, epoch: piece.epoch)
        floor = piece.next
        unsaved += 1
        movedAt = timekeeper.steady
        if unsaved >= Self.unsavedLimit { try await save(floor) }
        return true
    }

    /// Writes where it stands, so that nothing is read again.
    package func settle() async throws {
        guard unsaved > 0 else { return }
        try await save(floor)
    }

    /// Who is behind asks for its own types only; who has caught up reads with the others.
    private func read() async throws -> LogFeed.Piece {
        if isAtEnd, let feed, let piece = try await shared(feed) { return piece }
        let (page, events) = try await store.log(
            after: floor, types: subscription.types, limit: Self.batchLimit)
        return LogFeed.Piece(
            begin: page.begin, next: page.next, epoch: page.epoch, events: events,
            isFull: events.count >= Self.batchLimit)
    }

    private func shared(_ feed: LogFeed) async throws -> LogFeed.Piece? {
        do {
            let piece = try await feed.piece(after: floor)
            isAtEnd = !piece.isFull
            return LogFeed.Piece(
                begin: piece.begin, next: piece.next, epoch: piece.epoch,
                events: piece.events.filter { subscription.types.contains($0.type) },
                isFull: piece.isFull)
        } catch let fault as any Fault where fault.kind == .unavailable {
            throw fault
        } catch {
            // What cannot be read may be another subscription's: look at one's own.
            return nil
        }
    }

    package func load() async throws {
        let name = subscription.name
        let (floor, slots, keys) = try await store.bookkeeping { session in
            (
                try session.floor(subscription: name),
                try session.slotPlaces(subscription: name),
                try session.parkedKeys(subscription: name)
            )
        }
        self.floor = floor ?? .start
        isAtEnd = false
        unsaved = 0
        self.slots = slots
        parkedKeys = keys
    }

    private func rest(after generation: UInt64) async {
        // Word of what others commit may get lost: look now and then.
        let isToLook = !leases.isExclusive || unsaved > 0
        let limit: Duration? =
            parkedKeys.isEmpty ? (isToLook ? Self.quiet : nil) : .milliseconds(500)
        guard let limit else { return await store.signals.log.wait(after: generation) }
        await store.signals.log.wait(
            after: generation, untilSteady: timekeeper.steady + limit, by: timekeeper)
    }

    /// Writes what only who has this subscription to do may write.
    private func write(
        _ call: Call, _ body: @escaping @Sendable (Transaction) throws -> Void
    ) async throws {
        let (leases, terms) = (leases, [shard: term])
        try await store.writeUnrepeated(call) { transaction in
            try transaction.bookkeeping { try leases.confirm(terms, in: $0) }
            try body(transaction)
        }
    }

    private func save(_ cursor: LogCursor) async throws {
        let name = subscription.name
        try await write(call(tenant: .platform, cause: nil)) {
            try $0.bookkeeping { try $0.saveFloor(subscription: name, cursor) }
        }
        unsaved = 0
    }

    private func handle(_ events: [Envelope], epoch: String) async throws {
        var bySlot: [Int: [(ParkedKey, Envelope)]] = [:]
        for event in events {
            let key = ParkedKey(tenant: event.tenant, key: keyText(of: event))
            let slot = Subscription.slot(of: key)
            if isOneLane {
                try await handle([(key, event)], in: slot, epoch)
            } else {
                bySlot[slot, default: []].append((key, event))
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (slot, events) in bySlot {
                group.addTask { try await self.handle(events, in: slot, epoch) }
            }
            try await group.waitForAll()
        }
    }

    /// A key that cannot be read falls back to the stream, so that the handler's fault parks it.
    private func keyText(of event: Envelope) -> String {
        do { return try subscription.key(event) } catch { return event.stream }
    }

    private func handle(
        _ events: [(ParkedKey, Envelope)], in slot: Int, _ epoch: String
    ) async throws {
        let known = slots[slot]
        // A place of another epoch says nothing of this one: its events are all still to come.
        let done = known?.epoch == epoch ? known?.position ?? 0 : 0
        for (key, event) in events where event.position.number > done {
            let place = SlotPlace(epoch: epoch, position: event.position.number)
            if parkedKeys.contains(key) {
                try await setAside(
                    event, key, slot, place, state: .waiting, fault: nil, attempts: 0)
            } else {
                try await attempt(event, key, slot, place)
            }
            slots[slot] = place
        }
    }

    private func attempt(
        _ event: Envelope, _ key: ParkedKey, _ slot: Int, _ place: SlotPlace
    ) async throws {
        var reruns = 0
        while true {
            do {
                try await apply(event) { transaction in
                    try transaction.bookkeeping {
                        try $0.saveSlot(
                            subscription: self.subscription.name, slot: slot, place)
                    }
                }
                return
            } catch {
                let fault = RecordedFault(error)
                if let breakage = store.breakage { throw breakage }
                reruns += 1
                if fault.kind == .conflict, reruns <= Self.conflictReruns { continue }
                if fault.kind == .defect, reruns < Self.defectReruns { continue }
                logger.error(
                    "set aside",
                    metadata: ["error": "\(error)", "type": "\(event.type)", "key": "\(key.key)"])
                try await setAside(
                    event, key, slot, place, state: fault.kind.parksEvent ? .parked : .backingOff,
                    fault: fault, attempts: reruns)
                parkedKeys.insert(key)
                return
            }
        }
    }

    private func apply(
        _ event: Envelope, then settle: @escaping @Sendable (Transaction) throws -> Void
    ) async throws {
        let handler = subscription.handle
        let call = call(tenant: event.tenant, cause: event)
        try await write(call) { transaction in
            try handler(event, transaction)
            try settle(transaction)
        }
    }

    private func setAside(
        _ event: Envelope, _ key: ParkedKey, _ slot: Int, _ place: SlotPlace,
        state: ParkedRow.State, fault: RecordedFault?, attempts: Int
    ) async throws {
        let name = subscription.name
        let now = timekeeper.now
        let row = ParkedRow(
            subscription: name, slot: slot, key: key, position: place.position, state: state,
            attempts: attempts, fault: fault, since: now.microseconds,
            retryAt: state == .backingOff
                ? (now + Backoff.ceiling(attempt: attempts)).microseconds : nil)
        try await writeHeard(call(tenant: key.tenant, cause: event)) { transaction, observers in
            let head = try transaction.bookkeeping { session in
                var row = row
                let head = try session.parked(subscription: name, key: key, limit: 1).first
                if state == .waiting, head == nil {
                    // What it stood behind was settled meanwhile: it is the head now, and due.
                    row.state = .backingOff
                    row.retryAt = now.microseconds
                }
                try session.park(row)
                try session.saveSlot(subscription: name, slot: slot, place)
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
            guard store.breakage == nil, !isPassing, !(error is Changed), !observers.isEmpty else {
                throw error
            }
            logger.error(
                "nobody was told of an event set aside", metadata: ["error": "\(error)"])
            try await write(call) { try body($0, []) }
        }
    }

    /// Tries the heads that are due, and behind each that succeeds the rest of its key, in order.
    private func drainParked() async throws -> Bool {
        guard !parkedKeys.isEmpty else { return false }
        let name = subscription.name
        let (now, horizon) = (timekeeper.now.microseconds, horizon)
        let due = try await store.bookkeeping {
            try $0.parkedDue(subscription: name, now: now, horizon: horizon, limit: 256)
        }
        for head in due { try await drain(head.key) }
        if due.isEmpty { try await refreshParkedKeys() }
        return !due.isEmpty
    }

    /// Nothing is put off beyond this: what seems to be was, before the clock was set back.
    private var horizon: Int64 { (timekeeper.now + Backoff.limit + .seconds(60)).microseconds }

    private func refreshParkedKeys() async throws {
        let name = subscription.name
        parkedKeys = try await store.bookkeeping { try $0.parkedKeys(subscription: name) }
    }

    private func drain(_ key: ParkedKey) async throws {
        let name = subscription.name
        while let row = try await store.bookkeeping({
            try $0.parked(subscription: name, key: key, limit: 1).first
        }) {
            let now = timekeeper.now.microseconds
            guard row.retryAt.map({ $0 <= now || $0 > horizon }) ?? false else { return }
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
        do {
            try await handle(row, event, now, tells: true)
            return true
        } catch is Changed {
            // A person had a word in between: look again.
            return true
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
                    for observer in observers { try observer.released(row, in: transaction) }
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
                try transaction.bookkeeping { try $0.updateParked(update) }
                for observer in isTrouble ? observers : [] {
                    try observer.parked(update, event, fault, in: transaction)
                }
            }
        } catch is Changed { return true }
        return false
    }

    private func call(tenant: TenantID, cause: Envelope?) -> Call {
        Call(
            tenant: tenant, actor: Actor(.subscription, subscription.name), at: timekeeper.now,
            correlation: cause?.correlation ?? subscription.name,
            cause: cause.map { "event:\($0.position)" })
    }
}

extension SubscriptionRows {
    /// Takes a head away and makes the next of its key due.
    func removeHead(_ row: ParkedRow, now: Int64) throws {
        try deleteParked(number: row.number)
        guard var next = try parked(subscription: row.subscription, key: row.key, limit: 1).first
        else { return }
        next.retryAt = now
        try updateParked(next)
    }
}
