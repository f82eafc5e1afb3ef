package import Kernel
package import Logging

/// Keeps this process' part of the work: beats, takes over what the dead had, and shares with who
/// comes.
package actor LeaseKeeper {
    private struct Sighting {
        let beat: Int64
        let at: Instant
    }

    private let store: Store
    private let leases: Leases
    private let timekeeper: any Timekeeper
    private let logger: Logger
    private let beat: Duration
    private let refresh: @Sendable () async throws -> Void
    private var seen: [String: Sighting] = [:]

    /// A lease is so many beats long.
    private static let beatsPerLease = 4

    private var lease: Duration { beat * Self.beatsPerLease }

    /// - Parameter refresh: learns what another process may have set since; done before any work is
    ///   taken over, and with every beat while there are others.
    package init(
        store: Store, leases: Leases, timekeeper: any Timekeeper, logger: Logger,
        beat: Duration = .seconds(1), refresh: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.refresh = refresh
        self.store = store
        self.leases = leases
        self.timekeeper = timekeeper
        self.logger = logger
        self.beat = beat
    }

    /// Runs until the task is cancelled; what is still held then is left to its lease.
    package func run() async throws {
        while !Task.isCancelled {
            do {
                try await step()
                if store.signals.isShared { try await refresh() }
            } catch {
                // Whatever it is: who beats no more loses its part, and no more than that.
                logger.warning("no beat", metadata: ["error": "\(error)"])
            }
            do { try await timekeeper.sleep(for: beat) } catch { return }
        }
    }

    /// One beat: says that this process lives, sees who else does, and takes or gives what is due.
    package func step() async throws {
        let began = timekeeper.steady
        let member = leases.member
        let idle = leases.takeIdle()
        let (members, rows) = try await write { rows in
            try rows.beat(member)
            if !idle.isEmpty { try rows.release(idle, by: member) }
            return (try rows.members(), try rows.leases())
        }
        // Seen now, not when it was asked for: a slow answer must not make others look still.
        let dead = notice(members, asked: began, seen: timekeeper.steady)
        let living = Set(members.keys).subtracting(dead)
        store.share(living.count > 1)
        let before = leases.held
        leases.renew(rows, beganAt: began, lease: lease)
        let wanted = leases.isStopping ? 0 : share(of: living)
        let held = Set(leases.held.keys)
        if held.count < wanted {
            let free = rows.filter { $0.holder.map { !living.contains($0) } ?? true }
            let taken = Array(free.prefix(wanted - held.count))
            if !taken.isEmpty {
                try await refresh()
                let got = try await write { try $0.take(taken, for: member) }
                leases.renew(
                    rows.filter { $0.holder == member } + got, beganAt: began, lease: lease)
            }
        } else if held.count > wanted {
            let kept = held.subtracting(leases.leaving).sorted()
            leases.retire(Set(kept.dropFirst(wanted)))
        }
        if !dead.isEmpty {
            try await write { rows in for member in dead { try rows.forget(member) } }
        }
        guard leases.held != before || !leases.leaving.isEmpty else { return }
        store.signals.jobs.raise()
        store.signals.log.raise()
    }

    /// Gives back everything at once; for a stop after which nothing of it runs any more.
    package func leave() async throws {
        let member = leases.member
        leases.retire(Set(leases.held.keys))
        try await write { try $0.forget(member) }
    }

    /// A process is dead once its beat has stood still for a lease of our own time.
    private func notice(
        _ members: [String: Int64], asked: Instant, seen now: Instant
    ) -> Set<String> {
        var dead: Set<String> = []
        for (member, beat) in members where member != leases.member {
            guard let known = seen[member], known.beat == beat else {
                seen[member] = Sighting(beat: beat, at: now)
                continue
            }
            if known.at + lease < asked { dead.insert(member) }
        }
        seen = seen.filter { members[$0.key] != nil && !dead.contains($0.key) }
        if !dead.isEmpty {
            logger.warning("processes died", metadata: ["members": "\(dead.sorted())"])
        }
        return dead
    }

    /// An equal part for each, the odd ones to the first by name.
    private func share(of living: Set<String>) -> Int {
        let order = living.sorted()
        let place = order.firstIndex(of: leases.member) ?? 0
        let (part, rest) = Shard.count.quotientAndRemainder(dividingBy: max(order.count, 1))
        return part + (place < rest ? 1 : 0)
    }

    private func write<T: Sendable>(
        _ body: @escaping @Sendable (any LeaseRows) throws -> T
    ) async throws -> T {
        let call = Call(
            tenant: .platform, actor: .platform, at: timekeeper.now, correlation: "leases")
        // Before all else: who beats late loses what it has.
        return try await store.writeUnrepeated(call, lane: .acknowledgement) { transaction in
            try transaction.bookkeeping { session in
                guard let rows = session as? any LeaseRows else {
                    throw StorageError(.engine, "this database belongs to one process")
                }
                return try body(rows)
            }
        }
    }
}
