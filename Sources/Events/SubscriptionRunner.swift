package import Kernel
package import Logging
package import Storage

/// Carries one subscription through the log: each event once, in order per key.
///
/// A handler's writes and its slot's position commit together. A fault that will not heal parks
/// its key; every other key goes on.
package actor SubscriptionRunner {
    /// Where it stands is written at the latest when nothing has come for so long.
    private static let quiet = Duration.seconds(1)
    private static let conflictReruns = 3
    private static let defectReruns = 3
    /// So many pieces of the log may be read again after a restart; what was handled of them is
    /// known from the slots.
    private static let unsavedLimit = 32
    /// A head that may heal by itself counts as trouble after so many tries.
    static let troubleAfter = 5

    package nonisolated let subscription: Subscription
    let store: Store
    let timekeeper: any Timekeeper
    let logger: Logger
    private var floor = LogCursor.start
    private var unsaved = 0
    private var movedAt: Instant?
    /// The order of events in which the floor was written; one without a name is always the same.
    private var keptEpoch = ""
    /// Everything there was has been read once: from here on it reads with the others.
    private var isAtEnd = false
    private let feed: LogFeed?
    private let decided: ParkedDecisions
    private var slots: [Int: SlotPlace] = [:]
    var parkedKeys: Set<ParkedKey> = []
    private let isOneLane: Bool
    let leases: Leases
    /// The share of the work this subscription belongs to, and the term in which it was read.
    private let shard: Int
    private var loadedIn: Int64?
    /// The term in which it was last begun; read again within it, what it was at is its own.
    private var begunIn: Int64?
    private var term: Int64 = 0
    /// Of a projection's tables, as of the last load.
    private var generation: Int64 = 0
    private var isToLoad = false
    /// Slots of whose events the first is still to be handled alone: it may be what ended the process
    /// that had it before.
    private var cautious: Set<Int> = []
    /// Attempts alone that this one began and has not ended, by position.
    var trials: [Int64: Trial] = [:]

    struct Trial {
        let count: Int
        /// The mark is known to be on disk.
        var isWritten = false
    }
    let observers: [any ParkingObserver]

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
        self.init(
            subscription, store: store, timekeeper: timekeeper, logger: logger,
            observers: observers, leases: leases, feed: feed, isOneLane: isOneLane,
            decided: ParkedDecisions())
    }

    /// - Parameter decided: what people decided about its events before.
    init(
        _ subscription: Subscription, store: Store, timekeeper: any Timekeeper, logger: Logger,
        observers: [any ParkingObserver], leases: Leases?, feed: LogFeed? = nil,
        isOneLane: Bool = false, decided: ParkedDecisions
    ) {
        self.decided = decided
        self.observers = observers
        self.feed = feed
        self.leases = leases ?? Leases(member: nil, timekeeper: timekeeper)
        shard = Shard.of(subscription: subscription.projection ?? subscription.name)
        self.isOneLane = isOneLane
        self.subscription = subscription
        self.store = store
        self.timekeeper = timekeeper
        var logger = logger
        logger[metadataKey: "subscription"] = .string(subscription.name)
        self.logger = logger
    }

    /// What a turn came to.
    package enum Turn: Sendable {
        case moved, still
        /// Another process has it to do.
        case notOurs
    }

    /// The database says something else than what was loaded: the projection's tables are others, or
    /// an event is done whose commit was not heard of.
    struct Outdated: Error {}

    /// Keys whose first event is set aside.
    package var parkedCount: Int { parkedKeys.count }

    /// Begins anew, before its next event, from what the database says.
    package func reload() { isToLoad = true }

    /// Runs until the task is cancelled; what is in hand is finished first.
    package func run() async throws {
        while !Task.isCancelled {
            let generation = store.signals.log.generation
            do {
                if try await stepIfOurs() != .moved { await rest(after: generation) }
            } catch let fault as any Fault where fault.kind == .unavailable {
                guard store.breakage == nil else { throw fault }
                logger.warning("paused", metadata: ["error": "\(fault)"])
                do { try await timekeeper.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    /// Handles what there is, where no other process has it to do.
    package func stepIfOurs() async throws -> Turn {
        guard let term = leases.enter(shard) else { return .notOurs }
        defer { leases.leave(shard, term) }
        self.term = term
        if loadedIn != term {
            // Another had it meanwhile: where that one stood is in the database.
            try await read(isAnew: begunIn != term)
            (loadedIn, begunIn) = (term, term)
        }
        do { return try await step() ? .moved : .still } catch {
            // Where this one stands may be ahead of what was written.
            loadedIn = nil
            throw error
        }
    }

    /// Handles what there is; for tests and for draining.
    /// - Returns: whether anything moved.
    package func step() async throws -> Bool {
        if isToLoad { try await read(isAnew: false) }
        do { return try await advance() } catch is Outdated {
            FailurePoint.reach("events.doneUnheard")
            isToLoad = true
            return true
        }
    }

    private func advance() async throws -> Bool {
        let retried = try await drainParked()
        let piece = try await read()
        guard piece.next != floor else {
            isAtEnd = true
            cautious = []
            if unsaved > 0, timekeeper.steady >= (movedAt ?? timekeeper.steady) + Self.quiet {
                try await save(floor)
            }
            return retried
        }
        // The extent is kept before anything of it is: read again, it is the same, and so are the
        // places within it.
        if piece.epoch != keptEpoch, !piece.events.isEmpty {
            try await save(piece.begin)
            keptEpoch = piece.epoch
        }
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
        return try await .read(after: floor, types: subscription.types, in: store)
    }

    private func shared(_ feed: LogFeed) async throws -> LogFeed.Piece? {
        do {
            let piece = try await feed.piece(after: floor)
            isAtEnd = !piece.isFull
            return piece.only(subscription.types)
        } catch let fault as any Fault where fault.kind == .unavailable {
            throw fault
        } catch {
            // What cannot be read may be another subscription's: look at one's own.
            return nil
        }
    }

    package func load() async throws { try await read(isAnew: true) }

    /// - Parameter isAnew: another may have had it before, and may have died of it.
    private func read(isAnew: Bool) async throws {
        isToLoad = false
        let (name, projection) = (subscription.name, subscription.projection)
        let (floor, slots, keys, generation) = try await store.bookkeeping { session in
            (
                try session.floor(subscription: name),
                try session.slotPlaces(subscription: name),
                try session.parkedKeys(subscription: name),
                try projection.flatMap { try session.projection($0)?.generation } ?? 0
            )
        }
        self.generation = generation
        self.floor = floor ?? .start
        isAtEnd = false
        unsaved = 0
        keptEpoch = ""
        self.slots = slots
        parkedKeys = keys
        guard isAnew else { return }
        cautious = Set(0..<Subscription.slotCount)
        trials = [:]
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
    func write(
        _ call: Call, _ body: @escaping @Sendable (Transaction) throws -> Void
    ) async throws {
        let (leases, terms, generation) = (leases, [shard: term], generation)
        let projection = subscription.projection
        let lane: WriteLane = subscription.isAside ? .bulk : .settling
        try await store.writeUnrepeated(call, lane: lane) { transaction in
            try transaction.bookkeeping { session in
                try leases.confirm(terms, in: session)
                guard let projection else { return }
                let row = try session.holdProjection(projection, exclusively: false)
                guard row.generation == generation else { throw Outdated() }
            }
            try body(transaction)
        }
    }

    private func save(_ cursor: LogCursor) async throws {
        let name = subscription.name
        // What was handled is written down by key: who dies here meets it again, and passes it by.
        FailurePoint.pass("events.beforeFloor")
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
            var event = event
            switch decided.byPosition[event.position.number] {
            case nil: break
            case .replaced(let data): event = event.replacing(data: data)
            case .skipped:
                try await pass(slot, place)
                continue
            }
            if parkedKeys.contains(key) {
                try await setAside(
                    event, key, slot, place, state: .waiting, fault: nil, attempts: 0)
            } else if cautious.contains(slot) {
                try await attemptAlone(event, key, slot, place)
                cautious.remove(slot)
            } else {
                try await attempt(event, key, slot, place)
            }
            slots[slot] = place
        }
    }

    /// Steps over an event.
    private func pass(_ slot: Int, _ place: SlotPlace) async throws {
        let name = subscription.name
        try await write(call(tenant: .platform, cause: nil)) {
            try Self.advance(name, slot, to: place, in: $0)
        }
        slots[slot] = place
    }

    /// Only one event of a slot is in hand at a time: of what a dead process had, it is the first.
    private func attemptAlone(
        _ event: Envelope, _ key: ParkedKey, _ slot: Int, _ place: SlotPlace
    ) async throws {
        await leases.loneTurn.enter(.brief)
        defer { leases.loneTurn.leave() }
        if let fault = try await beginTrial(at: place.position) {
            try await setAside(
                event, key, slot, place, state: .parked, fault: RecordedFault(fault),
                attempts: 0)
            parkedKeys.insert(key)
        } else {
            try await attempt(event, key, slot, place)
        }
        trials[place.position] = nil
    }

    private func attempt(
        _ event: Envelope, _ key: ParkedKey, _ slot: Int, _ place: SlotPlace
    ) async throws {
        let isTrial = trials[place.position] != nil
        var reruns = 0
        while true {
            do {
                let name = subscription.name
                try await apply(event) { transaction in
                    try Self.advance(name, slot, to: place, isTrial: isTrial, in: transaction)
                }
                return
            } catch let outdated as Outdated {
                throw outdated
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

    /// Part of every transaction that ends with an event handled or set aside, so that it happens once.
    static func advance(
        _ name: String, _ slot: Int, to place: SlotPlace, isTrial: Bool = false,
        in transaction: Transaction
    ) throws {
        let isNew = try transaction.bookkeeping {
            if isTrial { try $0.saveTrials(subscription: name, position: place.position, 0) }
            return try $0.saveSlot(subscription: name, slot: slot, place)
        }
        guard isNew else { throw Outdated() }
    }

    func apply(
        _ event: Envelope, then settle: @escaping @Sendable (Transaction) throws -> Void
    ) async throws {
        let subscription = subscription
        let call = call(tenant: event.tenant, cause: event)
        try await write(call) { transaction in
            try subscription.run(event, in: transaction)
            try settle(transaction)
        }
    }

    func call(tenant: TenantID, cause: Envelope?) -> Call {
        Call(
            tenant: tenant, actor: Actor(.subscription, subscription.name), at: timekeeper.now,
            correlation: cause?.correlation ?? subscription.name,
            cause: cause.map { "event:\($0.position)" })
    }
}
