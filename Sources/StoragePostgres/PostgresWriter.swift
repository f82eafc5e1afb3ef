import Kernel
import Storage

/// One connection that writes: runs waiting closures, a savepoint each, one commit for all.
final class PostgresWriter: BatchWriter {
    /// A batch ends at so many closures …
    static let batchLimit = 128
    /// … or after so long, whichever is first: what is locked stays so until the commit.
    static let batchTime = Duration.milliseconds(5)
    /// A closure that others got in the way of runs again so often.
    static let collisionReruns = 30

    private let address: String
    private var session: PostgresSession
    private var transaction = ""
    private var numbers = PostgresBatch.JobNumbers()
    /// A statement for several closures failed: for so many that run again, each has its own.
    private var carefully = 0
    /// What is open on the connection cannot be told any more: the next batch has another.
    private var isSpoilt = false
    private(set) var batches = 0
    private(set) var closures = 0

    init(_ address: String) throws {
        self.address = address
        session = PostgresSession(try PostgresConnection(address))
    }

    /// The closures of a batch, in order. Also who failed is answered only once the commit is known:
    /// it may have failed for what another did before it, and that may yet be undone.
    private struct Taken {
        var all: [EngineWork] = []
        var standing: [EngineWork] = []
        var failures: [(work: EngineWork, result: Result<Void, any Error>)] = []
    }

    /// Takes closures from `next` until it has none, the batch is full or its time is up.
    func runBatch(_ next: () -> EngineWork?) -> BatchOutcome {
        var outcome = BatchOutcome()
        do { try begin() } catch {
            let fault = Self.translate(error)
            while let work = next() { outcome.answers.append((work, .failure(fault))) }
            return outcome
        }
        let end = ContinuousClock.now + Self.batchTime
        var taken = Taken()
        while taken.all.count < Self.batchLimit, ContinuousClock.now < end, let work = next() {
            switch run(work) {
            case .stands: taken.standing.append(work)
            case .failed(let error): taken.failures.append((work, .failure(error)))
            case .undidAll(let error):
                // The connection ended, or the server took the whole transaction back: nobody in
                // it is answered, and the innocent closures run again.
                isSpoilt = true
                work.undo()
                outcome.answers.append((work, .failure(error)))
                return runAgain(taken.all, outcome)
            case .failedTogether:
                return runCarefully(taken.all + [work], outcome)
            }
            taken.all.append(work)
        }
        batches += 1
        closures += taken.all.count
        carefully = max(0, carefully - taken.all.count)
        return commit(taken, outcome)
    }

    private func runAgain(_ works: [EngineWork], _ outcome: BatchOutcome) -> BatchOutcome {
        var outcome = outcome
        for work in works { work.undo() }
        outcome.again = works
        return outcome
    }

    /// Whose statement it was that failed shows when each has its own.
    private func runCarefully(_ works: [EngineWork], _ outcome: BatchOutcome) -> BatchOutcome {
        carefully = works.count
        do { try session.connection.execute("ROLLBACK") } catch { isSpoilt = true }
        return runAgain(works, outcome)
    }

    private func begin() throws {
        if isSpoilt || !session.connection.isAlive { try reconnect() }
        // Whatever stops it from beginning may have left half a beginning on the connection.
        isSpoilt = true
        do { try start() } catch let fault as PostgresFault where fault.isConnectionLost {
            // The server may have been restarted since the last batch.
            try reconnect()
            try start()
        }
        isSpoilt = false
    }

    private func reconnect() throws {
        numbers = PostgresBatch.JobNumbers()
        session = PostgresSession(try PostgresConnection(address))
    }

    private func start() throws {
        transaction = try session.connection.ask("BEGIN; SELECT pg_current_xact_id()::text") ?? ""
        session.batch = PostgresBatch(
            session.connection, numbers: numbers, isCareful: carefully > 0)
    }

    private enum Ending {
        case stands
        case failed(any Error)
        case undidAll(any Error)
        /// A statement for several closures did.
        case failedTogether
    }

    private func run(_ work: EngineWork) -> Ending {
        for attempt in 0... {
            let ending = runOnce(work)
            guard case .failed(let error) = ending, attempt < Self.reruns(after: error)
            else { return ending }
            work.undo()
        }
        return .failed(StorageError(.stale, "others were in the way"))
    }

    private func runOnce(_ work: EngineWork) -> Ending {
        guard let batch = session.batch else { return .failedTogether }
        do {
            // In a careful batch, its savepoint too.
            try batch.begin(work.tenant)
            do {
                try work.run(session)
                if let fault = batch.sharedFault { return together(fault) }
                batch.keep()
                return .stands
            } catch {
                if !session.connection.isAlive { return .undidAll(Self.translate(error)) }
                if let fault = batch.sharedFault { return together(fault) }
                try batch.undo()
                return .failed(Self.ours(error))
            }
        } catch { return .undidAll(Self.translate(error)) }
    }

    /// Once each has its own statements, whoever runs is to blame.
    private func together(_ fault: any Error) -> Ending {
        carefully > 0 ? .undidAll(Self.translate(fault)) : .failedTogether
    }

    private func commit(_ taken: Taken, _ outcome: BatchOutcome) -> BatchOutcome {
        do { try session.batch?.end() } catch {
            // Never committed, so the server itself takes it back where the connection ended.
            return runCarefully(taken.all, outcome)
        }
        do {
            try session.connection.execute("RESET ROLE; COMMIT")
            return answered(taken, outcome)
        } catch {
            return settle(taken, Self.translate(error), outcome)
        }
    }

    private func answered(_ taken: Taken, _ outcome: BatchOutcome) -> BatchOutcome {
        var outcome = outcome
        outcome.answers += taken.standing.map { ($0, .success(())) } + taken.failures
        return outcome
    }

    /// The reply to a commit was lost: the server knows what became of it.
    private func settle(
        _ taken: Taken, _ fault: StorageError, _ outcome: BatchOutcome
    ) -> BatchOutcome {
        let status: String
        do {
            try reconnect()
            status =
                try session.connection.run(
                    "SELECT coalesce(pg_xact_status(?::text::xid8), '')",
                    PostgresValues().with(transaction)
                ).first { $0.text(0) } ?? ""
        } catch { status = "" }
        if status == "committed" { return answered(taken, outcome) }
        if status == "aborted" { return runAgain(taken.all, outcome) }
        // Unknown for now. A caller's operation id tells when it asks again.
        var outcome = outcome
        for work in taken.standing {
            work.undo()
            outcome.answers.append((work, .failure(fault)))
        }
        outcome.answers += taken.failures
        return outcome
    }

    /// How often the same closure may be run again since another transaction may have been in its
    /// way: with a stale version, in a deadlock, or by taking a unique value first. Run again, it sees
    /// what the other one made; where it still insists, that is an answer.
    private static func reruns(after error: any Error) -> Int {
        guard let fault = error as? StorageError else { return 0 }
        return switch fault.reason {
        case .stale: collisionReruns
        case .duplicate: 2
        default: 0
        }
    }

    /// The driver's faults become ours; a closure's own errors pass as they are.
    private static func ours(_ error: any Error) -> any Error {
        (error as? PostgresFault)?.storageError ?? error
    }

    static func translate(_ error: any Error) -> StorageError {
        if let fault = error as? PostgresFault { return fault.storageError }
        if let fault = error as? StorageError { return fault }
        return StorageError(.engine, String(describing: error))
    }
}
