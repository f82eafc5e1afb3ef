import Kernel
import Storage

/// What the queue's rows promise, whatever the engine.
extension StorageContract {
    static let jobs: [StorageContract] = [
        .init("a job goes through the queue into the history, and back when revived") { harness in
            let number = try await put(row(), harness).number
            let claimed = try await rows(harness) {
                try $0.claim([number, number + 99], now: 5, isAlone: true)
            }
            try require(
                claimed.map(\.number) == [number] && claimed[0].attempt == 1
                    && claimed[0].ranAlone && claimed[0].started == 5, "it was claimed once")
            var ended = claimed[0]
            ended.state = .discarded
            ended.finished = 9
            ended.fault = RecordedFault(kind: .invalid, code: "a.b", detail: "c")
            ended.extras = JobExtras(batch: "b", tags: ["t"])
            let final = ended
            let first = try await rows(harness) { try $0.finish([final], from: nil) }
            let again = try await rows(harness) { try $0.finish([final], from: nil) }
            try require(first == [number] && again.isEmpty, "it ended once")
            let filter = JobFilter(
                tenant: .sample(1), states: [.discarded], kind: "k", faultCode: "a.b")
            let found = try await rows(harness) {
                try $0.jobs(filter, before: nil, limit: 5)
            }
            try require(
                found.map(\.number) == [number] && found[0].fault?.detail == "c"
                    && found[0].extras?.tags == ["t"] && found[0].payload == [1, 2],
                "the history has it whole")
            let revival = try await rows(harness) {
                try $0.revive(tenant: .sample(1), number, now: 20, payload: [3])
            }
            let back = try await rows(harness) { try $0.job(number) }
            guard case .revived(let header) = revival else {
                throw ContractViolation(description: "it was not revived: \(revival)")
            }
            try require(
                header.number == number && back?.state == .available && back?.payload == [3]
                    && back?.attempt == 0, "it is back with its new payload")
        },
        .init("a unique key keeps others out as its rule says") { harness in
            var unique = row()
            (unique.uniqueKey, unique.uniqueness) = ("key", .untilFinished)
            let number = try await put(unique, harness).number
            try require(try await put(unique, harness) == .kept(number), "while it waits")
            let claimed = try await rows(harness) {
                try $0.claim([number], now: 1, isAlone: false)
            }
            try require(try await put(unique, harness) == .kept(number), "while it runs")
            var ended = claimed[0]
            ended.state = .completed
            ended.finished = 2
            let final = ended
            _ = try await rows(harness) { try $0.finish([final], from: nil) }
            let window = JobWindow(since: 0, states: [.completed])
            let copy = unique
            let within = try await rows(harness) {
                try $0.insertJob(copy, unlessSince: window)
            }
            try require(within == .kept(number), "within its window")
            let after = try await put(unique, harness)
            try require(after == .added(after.number), "and no longer")
        },
        .init("the latest payload takes the waiting one's place, and an older try gives way") {
            harness in
            var latest = row()
            (latest.uniqueKey, latest.uniqueness) = ("key", .latest)
            let number = try await put(latest, harness).number
            latest.payload = [9]
            try require(try await put(latest, harness) == .replaced(number), "replaced")
            let claimed = try await rows(harness) {
                try $0.claim([number], now: 1, isAlone: false)
            }
            try require(claimed[0].payload == [9], "the newer payload runs")
            let next = try await put(latest, harness)
            try require(next == .added(next.number), "what comes while it runs is new")
            var back = claimed[0]
            back.state = .retryable
            let failed = back
            let came = try await rows(harness) { try $0.reschedule(failed) }
            try require(came == .superseded, "the older gives way")
        },
        .init("a retried job keeps its key, and gives way to whoever has it") { harness in
            var unique = row()
            (unique.uniqueKey, unique.uniqueness) = ("key", .untilFinished)
            let first = try await put(unique, harness).number
            try await end(first, as: .discarded, harness)
            let second = try await put(unique, harness).number
            let taken = try await rows(harness) {
                try $0.revive(tenant: .sample(1), first, now: 9, payload: nil)
            }
            let kept = try await rows(harness) { try $0.job(first)?.state }
            try require(taken == .superseded && kept == .discarded, "\(taken)")
            try await end(second, as: .completed, harness)
            _ = try await rows(harness) {
                try $0.revive(tenant: .sample(1), first, now: 9, payload: nil)
            }
            try require(try await put(unique, harness) == .kept(first), "its key is taken again")
        },
        .init("an older value is not retried after a newer one was sent") { harness in
            var latest = row()
            (latest.uniqueKey, latest.uniqueness) = ("key", .latest)
            let old = try await put(latest, harness).number
            try await end(old, as: .discarded, harness)
            let new = try await put(latest, harness).number
            try await end(new, as: .completed, harness)
            let revival = try await rows(harness) {
                try $0.revive(tenant: .sample(1), old, now: 9, payload: nil)
            }
            try require(revival == .superseded, "\(revival)")
        },
        .init("an older value does not come back while or after a newer one is tried") { harness in
            var latest = row()
            (latest.uniqueKey, latest.uniqueness) = ("key", .latest)
            let old = try await put(latest, harness).number
            try await end(old, as: .discarded, harness)
            let new = try await put(latest, harness).number
            let claimed = try await rows(harness) {
                try $0.claim([new], now: 1, isAlone: false)
            }
            let running = try await rows(harness) {
                try $0.revive(tenant: .sample(1), old, now: 9, payload: nil)
            }
            try require(running == .superseded, "while the newer runs: \(running)")
            var row = claimed[0]
            (row.state, row.finished) = (.discarded, 3)
            let ended = row
            _ = try await rows(harness) { try $0.finish([ended], from: nil) }
            let (first, second) = try await rows(harness) { session in
                (
                    try session.revive(tenant: .sample(1), old, now: 9, payload: nil),
                    try session.revive(tenant: .sample(1), new, now: 9, payload: nil)
                )
            }
            guard case .revived = second, first == .superseded else {
                throw ContractViolation(description: "\(first), \(second)")
            }
        },
        .init("a newer value has all its tries and does not wait for them") { harness in
            var latest = row()
            (latest.uniqueKey, latest.uniqueness) = ("key", .latest)
            let number = try await put(latest, harness).number
            let claimed = try await rows(harness) {
                try $0.claim([number], now: 1, isAlone: false)
            }
            var failed = claimed[0]
            failed.state = .retryable
            (failed.attempt, failed.due) = (19, 5000)
            let back = failed
            _ = try await rows(harness) { try $0.reschedule(back) }
            latest.payload = [7]
            try require(try await put(latest, harness) == .replaced(number), "replaced")
            let now = try await rows(harness) { try $0.job(number) }
            let newer = latest.due
            try require(
                now?.attempt == 0 && now?.due == newer && now?.payload == [7],
                "attempt \(now?.attempt ?? -1), due \(now?.due ?? -1)")
            let due = try await rows(harness) { try $0.promoteDue(now: newer, limit: 9) }
            try require(due.map(\.number) == [number], "it is due")
        },
        .init("an attempt that is over changes nothing") { harness in
            let number = try await put(row(), harness).number
            let first = try await rows(harness) { try $0.claim([number], now: 1, isAlone: false) }
            var back = first[0]
            // Waiting costs no attempt: the next claim has the same number and another fence.
            back.state = .available
            back.attempt = 0
            let returned = back
            _ = try await rows(harness) { try $0.reschedule(returned) }
            _ = try await rows(harness) { try $0.claim([number], now: 2, isAlone: false) }
            let late = try await rows(harness) { session in
                (
                    try session.reschedule(returned),
                    try session.finish([first[0]], from: nil),
                    try session.holds(number, fence: 1), try session.holds(number, fence: 2),
                    try session.saveProgress(
                        number, fence: 1, JobProgress(done: 1, total: 2, checkpoint: [1]))
                )
            }
            try require(
                late.0 == .stale && late.1.isEmpty && !late.2 && late.3 && !late.4, "\(late)")
        },
        .init("ready jobs come by rank, partitions one by one, due ones in time") { harness in
            for (name, rank) in [("b", 30), ("a", 20), ("b", 10), ("c", 5)] as [(String, Int64)] {
                _ = try await put(row(partition: name, due: rank), harness)
            }
            _ = try await put(row(partition: "d", due: 50, state: .scheduled), harness)
            let (partitions, ready, next) = try await rows(harness) { session in
                (
                    try session.readyPartitions(),
                    try session.readyJobs(partition: "b", after: .min, limit: 5).map(\.due),
                    try session.nextDue()
                )
            }
            try require(partitions == ["a", "b", "c"], "\(partitions)")
            try require(ready == [10, 30] && next == 50, "\(ready) \(next ?? 0)")
            let (early, due, tallies) = try await rows(harness) { session in
                (
                    try session.promoteDue(now: 49, limit: 9),
                    try session.promoteDue(now: 50, limit: 9), try session.jobTallies()
                )
            }
            try require(early.isEmpty && due.map(\.partition) == ["d"], "promoted when due")
            try require(
                tallies.map(\.partition) == ["a", "b", "c", "d"] && tallies[1].count == 2
                    && tallies[1].oldestDue == 10, "\(tallies)")
        },
        .init("progress, cancellation, dismissal and pruning hold what they say") { harness in
            let number = try await put(row(), harness).number
            let idle = try await rows(harness) { try $0.requestCancellation(number) }
            let claimed = try await rows(harness) {
                try $0.claim([number], now: 1, isAlone: false)
            }
            let (asked, saved, running) = try await rows(harness) { session in
                (
                    try session.requestCancellation(number),
                    try session.saveProgress(
                        number, fence: 1, JobProgress(done: 3, total: nil, checkpoint: [7])),
                    try session.runningJobs()
                )
            }
            try require(!idle && asked && saved, "only a running one is asked to end")
            try require(
                running.first?.isCancelling == true && running.first?.progress?.done == 3
                    && running.first?.progress?.checkpoint == [7], "and keeps its progress")
            var ended = claimed[0]
            ended.state = .discarded
            ended.finished = 10
            let final = ended
            let (kept, dismissed, gone) = try await rows(harness) { session in
                _ = try session.finish([final], from: nil)
                return (
                    try session.pruneHistory(after: 0, before: 99, limit: 5).removed,
                    try session.dismiss(tenant: .sample(1), number),
                    try session.pruneHistory(after: 0, before: 99, limit: 5).removed
                )
            }
            try require(kept == 0 && dismissed && gone == 1, "kept until dealt with")
        },
    ]

    private static func row(
        partition: String = "p", due: Int64 = 1, state: JobState = .available
    ) -> JobRow {
        JobRow(
            tenant: .sample(1), kind: "k", partition: partition, state: state, priority: 0,
            due: due, payload: [1, 2], correlation: "c", cause: nil, enqueued: 1)
    }

    private static func put(
        _ row: JobRow, _ harness: any StorageHarness
    ) async throws -> JobInsertion {
        try await rows(harness) { try $0.insertJob(row, unlessSince: nil) }
    }

    /// Claims a job and ends that attempt.
    private static func end(
        _ number: Int64, as state: JobState, _ harness: any StorageHarness
    ) async throws {
        let claimed = try await rows(harness) { try $0.claim([number], now: 1, isAlone: false) }
        try require(claimed.count == 1, "job \(number) can be claimed")
        var row = claimed[0]
        (row.state, row.finished) = (state, 2)
        let ended = row
        _ = try await rows(harness) { try $0.finish([ended], from: nil) }
    }

    /// As the dispatcher does: across tenants, in a transaction of its own.
    private static func rows<T: Sendable>(
        _ harness: any StorageHarness,
        _ body: @escaping @Sendable (any EngineSession) throws -> T
    ) async throws -> T {
        try await harness.store.writeUnrepeated(.sample(tenant: .platform)) {
            try $0.bookkeeping(body)
        }
    }
}
