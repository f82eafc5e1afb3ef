import Glibc
import Jobs
import Kernel
import Storage
import Synchronization

/// Whether requests should come here, and why not.
struct Readiness: Encodable, Sendable {
    struct Check: Encodable, Sendable {
        let name: String
        let isGood: Bool
        let detail: String
    }

    let status: String
    let checks: [Check]

    var isReady: Bool { checks.allSatisfy(\.isGood) }

    init(_ checks: [Check]) {
        self.checks = checks
        status = checks.allSatisfy(\.isGood) ? "ready" : "notReady"
    }
}

/// Looks at what a request needs, once a second at most.
final class ReadinessProbe: Sendable {
    private struct Seen {
        var at: Instant
        var readiness: Readiness
    }

    /// Below this share of free space the next write may be the last.
    private static let leastFree = 0.05
    private static let lifetime = Duration.seconds(1)

    /// A write that is not answered for so long says that none is.
    private static let storePatience = Duration.seconds(1)

    /// A write under way, to see whether any is answered.
    private final class Attempt: Sendable {
        let began: Instant
        let done = Signal()
        private let result = Mutex<Readiness.Check?>(nil)

        var check: Readiness.Check? { result.withLock { $0 } }

        init(began: Instant) { self.began = began }

        func end(_ check: Readiness.Check) {
            result.withLock { $0 = check }
            done.raise()
        }
    }

    private let attempt = Mutex<Attempt?>(nil)
    private let seen = Mutex<Seen?>(nil)
    private let draining = Atomic<Bool>(false)

    var isDraining: Bool { draining.load(ordering: .acquiring) }

    func drain() {
        draining.store(true, ordering: .releasing)
        seen.withLock { $0 = nil }
    }

    func look(at platform: Platform) async -> Readiness {
        let now = platform.timekeeper.now
        if let known = seen.withLock({ $0 }), now < known.at + Self.lifetime, now >= known.at {
            return known.readiness
        }
        let readiness = Readiness([
            Readiness.Check(
                name: "serving", isGood: !isDraining,
                detail: isDraining ? "the process is stopping" : "takes requests"),
            await store(platform), disk(platform.configuration.dataPath), jobs(platform),
        ])
        // One that was begun before the drain says nothing about after it.
        guard !isDraining || !readiness.isReady else { return await look(at: platform) }
        seen.withLock { $0 = Seen(at: now, readiness: readiness) }
        return readiness
    }

    private func store(_ platform: Platform) async -> Readiness.Check {
        if let breakage = platform.store.breakage {
            return .init(name: "store", isGood: false, detail: breakage.detail)
        }
        let clock = platform.timekeeper
        let attempt = attempt(platform)
        await attempt.done.wait(
            after: 0, untilSteady: attempt.began + Self.storePatience, by: clock)
        if let check = attempt.check { return check }
        let waited = clock.steady.duration(since: attempt.began).components.seconds
        return .init(
            name: "store", isGood: false, detail: "a write has not been answered for \(waited) s")
    }

    /// The one under way, or a new one. Whoever asks must not hang with a disk or a database that does.
    private func attempt(_ platform: Platform) -> Attempt {
        let (attempt, isNew) = attempt.withLock { known in
            if let known, known.check == nil { return (known, false) }
            let fresh = Attempt(began: platform.timekeeper.steady)
            known = fresh
            return (fresh, true)
        }
        // It ends when the store answers; nobody waits for that any longer than is said above.
        if isNew { Task { attempt.end(await Self.write(platform)) } }
        return attempt
    }

    /// A write that changes nothing still has to be taken, run and answered.
    private static func write(_ platform: Platform) async -> Readiness.Check {
        let call = Call(
            tenant: .platform, actor: .platform, at: platform.timekeeper.now, correlation: "ready")
        do {
            try await platform.store.writeUnrepeated(call, lane: .acknowledgement) { _ in }
            return .init(name: "store", isGood: true, detail: "writes are taken")
        } catch {
            return .init(name: "store", isGood: false, detail: RecordedFault(error).description)
        }
    }

    private func disk(_ path: String) -> Readiness.Check {
        var figures = statvfs()
        guard statvfs(path, &figures) == 0, figures.f_blocks > 0 else {
            return .init(name: "disk", isGood: false, detail: "the data folder cannot be looked at")
        }
        let free = Double(figures.f_bavail) / Double(figures.f_blocks)
        let percent = Int(free * 100)
        return .init(
            name: "disk", isGood: free >= Self.leastFree, detail: "\(percent) % free")
    }

    private func jobs(_ platform: Platform) -> Readiness.Check {
        let isRunning = platform.jobs.board.isRunning
        return .init(
            name: "jobs", isGood: isRunning,
            detail: isRunning ? "jobs are run" : "the dispatcher has not begun or has ended")
    }
}
