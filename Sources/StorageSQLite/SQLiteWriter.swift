import CSQLite
import Kernel
import Storage

/// The one connection that writes: runs waiting closures, a savepoint each, one commit for all.
final class SQLiteWriter: BatchWriter {
    /// A batch ends at so many closures …
    static let batchLimit = 256
    /// … or after so long, whichever is first. Where the disk takes longer than that for a commit, a
    /// batch may take as long: what waits for one sync would otherwise wait for several.
    static let batchTime = Duration.milliseconds(5)...Duration.milliseconds(250)

    let connection: SQLiteConnection
    let session: SQLiteSession
    private(set) var batches = 0
    private(set) var closures = 0
    private var lastCommit = Duration.zero

    /// Whether a batch also ends by time; a simulation has no time of its own to end it by.
    private let isTimed: Bool

    init(path: String, isTimed: Bool = true) throws {
        self.isTimed = isTimed
        connection = try SQLiteConnection(path: path)
        session = SQLiteSession(connection)
    }

    /// Takes closures from `next` until it has none, the batch is full or its time is up.
    func runBatch(_ next: () -> EngineWork?) -> BatchOutcome {
        var outcome = BatchOutcome()
        var done: [EngineWork] = []
        do { try connection.execute("BEGIN IMMEDIATE") } catch {
            let fault = Self.translate(error)
            while let work = next() { outcome.answers.append((work, .failure(fault))) }
            return outcome
        }
        let end =
            ContinuousClock.now
            + min(max(lastCommit, Self.batchTime.lowerBound), Self.batchTime.upperBound)
        var taken = 0
        while taken < Self.batchLimit, !isTimed || ContinuousClock.now < end, let work = next() {
            taken += 1
            FailurePoint.pass("store.insideBatch")
            let failure = run(work)
            if connection.isOutsideTransaction {
                return rolledBack(offender: work, failure, innocent: done, outcome)
            }
            if let failure {
                outcome.answers.append((work, .failure(failure)))
            } else {
                done.append(work)
            }
        }
        batches += 1
        closures += taken
        let began = ContinuousClock.now
        commit(done, &outcome)
        lastCommit = ContinuousClock.now - began
        return outcome
    }

    /// - Returns: why the closure's changes were taken back; `nil` when they stand.
    private func run(_ work: EngineWork) -> (any Error)? {
        do {
            try connection.run(.open)
            do {
                try work.run(session)
                try connection.run(.close)
                return nil
            } catch {
                if error is SQLiteFault { work.undo() }
                if !connection.isOutsideTransaction { takeBack() }
                return Self.ours(error)
            }
        } catch { return Self.ours(error) }
    }

    /// FULL and INTERRUPT roll back everything: nobody was answered, and the innocent run again.
    private func rolledBack(
        offender: EngineWork, _ failure: (any Error)?, innocent: [EngineWork],
        _ outcome: BatchOutcome
    ) -> BatchOutcome {
        var outcome = outcome
        let fault =
            failure ?? StorageError(.interrupted, "the database rolled the batch back")
        for work in innocent + [offender] { work.undo() }
        outcome.answers.append((offender, .failure(fault)))
        outcome.again = innocent
        if let fault = fault as? StorageError, fault.reason == .broken { outcome.breakage = fault }
        return outcome
    }

    private func commit(_ done: [EngineWork], _ outcome: inout BatchOutcome) {
        do {
            FailurePoint.pass("store.beforeCommit")
            try connection.statement("COMMIT").run()
            FailurePoint.pass("store.afterCommit")
            for work in done { outcome.answers.append((work, .success(()))) }
        } catch {
            let fault = Self.translate(error)
            if !connection.isOutsideTransaction { rollback() }
            for work in done {
                if error is SQLiteFault { work.undo() }
                outcome.answers.append((work, .failure(fault)))
            }
            // A failed fsync leaves pages in doubt: never try again, stop acknowledging.
            if fault.reason != .full, fault.reason != .interrupted {
                outcome.breakage = StorageError(.broken, "a commit failed: \(fault.detail)")
            }
        }
    }

    private func rollback() {
        do { try connection.execute("ROLLBACK") } catch {
            // The next BEGIN fails loudly if the transaction is still open.
        }
    }

    /// Undoes one closure; where even that fails, the whole batch is rolled back.
    private func takeBack() {
        do {
            try connection.statement("ROLLBACK TO closure").run()
            try connection.statement("RELEASE closure").run()
        } catch { rollback() }
    }

    /// The driver's faults become ours; a closure's own errors pass as they are.
    private static func ours(_ error: any Error) -> any Error {
        (error as? SQLiteFault)?.storageError ?? error
    }

    static func translate(_ error: any Error) -> StorageError {
        if let fault = error as? SQLiteFault { return fault.storageError }
        if let fault = error as? StorageError { return fault }
        return StorageError(.engine, String(describing: error))
    }
}
