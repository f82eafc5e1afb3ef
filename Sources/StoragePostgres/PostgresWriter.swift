import Kernel
import Storage

/// One connection that writes: runs waiting closures, a savepoint each, one commit for all.
final class PostgresWriter {
    /// A batch ends at so many closures …
    static let batchLimit = 128
    /// … or after so long, whichever is first: what is locked stays so until the commit.
    static let batchTime = Duration.milliseconds(5)
    /// A closure that others got in the way of runs again so often.
    static let collisionReruns = 30

    private let address: String
    private var session: PostgresSession
    private var transaction = ""
    private let numbers = PostgresBatch.JobNumbers()
    /// A statement for several closures failed: in the next batch each has its own.
    private var isCareful = false
    /// What is open on the connection cannot be told any more: the next batch has another.
    private var isSpoilt = false
    private(set) var batches = 0
    private(set) var closures = 0

    init(_ address: String) throws {
        self.address = address
        session = PostgresSession(try PostgresConnection(address))
    }

    /// What came of one batch.
    struct Outcome {
        var answers: [(work: EngineWork, result: Result<Void, any Error>)] = []
        /// Closures that had no part in what undid their batch: they run again, first.
        var again: [EngineWork] = []
    }

    /// Takes closures from `next` until it has none, the batch is full or its time is up.
    func runBatch(_ next: () -> EngineWork?) -> Outcome {
        var outcome = Outcome()
        var done: [EngineWork] = []
        do { try begin() } catch {
            let fault = Self.translate(error)
            while let work = next() { outcome.answers.append((work, .failure(fault))) }
            return outcome
        }
        let end = ContinuousClock.now + Self.batchTime
        var taken = 0
        while taken < Self.batchLimit, ContinuousClock.now < end, let work = next() {
            taken += 1
            switch run(work) {
            case .stands: done.append(work)
            case .failed(let error): outcome.answers.append((work, .failure(error)))
            case .undidAll(let error):
                // The connection ended, or the server took the whole transaction back: nobody in
                // it is answered, and the innocent closures run again.
                isSpoilt = true
                for undone in done + [work] { undone.undo() }
                outcome.answers.append((work, .failure(error)))
                outcome.again = done
                return outcome
            case .failedTogether:
                return runAgain(done + [work], outcome)
            }
        }
        batches += 1
        closures += taken
        return commit(done, outcome)
    }

    /// Whose statement it was that failed shows when each has its own.
    private func runAgain(_ done: [EngineWork], _ outcome: Outcome) -> Outcome {
        var outcome = outcome
        (isCareful, isSpoilt) = (true, true)
        for undone in done { undone.undo() }
        outcome.again = done
        return outcome
    }

    private func begin() throws {
        if isSpoilt || !session.connection.isAlive {
            session = PostgresSession(try PostgresConnection(address))
        }
        isSpoilt = false
        do { try start() } catch let fault as PostgresFault where fault.isConnectionLost {
            // The server may have been restarted since the last batch.
            session = PostgresSession(try PostgresConnection(address))
            try start()
        }
    }

    private func start() throws {
        transaction = try session.connection.ask("BEGIN; SELECT pg_current_xact_id()::text") ?? ""
        session.batch = PostgresBatch(
            session.connection, numbers: numbers, isCareful: isCareful)
        isCareful = false
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
            try batch.begin(work.tenant)
            do {
                try work.run(session)
                guard batch.sharedFault == nil else { return .failedTogether }
                batch.keep()
                return .stands
            } catch {
                if !session.connection.isAlive { return .undidAll(Self.translate(error)) }
                guard batch.sharedFault == nil else { return .failedTogether }
                try batch.undo()
                return .failed(Self.ours(error))
            }
        } catch { return .undidAll(Self.translate(error)) }
    }

    private func commit(_ done: [EngineWork], _ outcome: Outcome) -> Outcome {
        var outcome = outcome
        do {
            try session.batch?.end()
        } catch  where session.connection.isAlive {
            return runAgain(done, outcome)
        } catch {
            // The server itself takes back what was never committed.
            isSpoilt = true
            for work in done { work.undo() }
            outcome.again = done
            return outcome
        }
        do {
            try session.connection.execute("RESET ROLE; COMMIT")
            for work in done { outcome.answers.append((work, .success(()))) }
        } catch {
            settle(done, Self.translate(error), &outcome)
        }
        return outcome
    }

    /// The reply to a commit was lost: the server knows what became of it.
    private func settle(_ done: [EngineWork], _ fault: StorageError, _ outcome: inout Outcome) {
        let status: String
        do {
            session = PostgresSession(try PostgresConnection(address))
            status =
                try session.connection.run(
                    "SELECT coalesce(pg_xact_status(?::text::xid8), '')",
                    PostgresValues().with(transaction)
                ).first { $0.text(0) } ?? ""
        } catch { status = "" }
        if status == "committed" {
            for work in done { outcome.answers.append((work, .success(()))) }
        } else if status == "aborted" {
            for work in done { work.undo() }
            outcome.again = done
        } else {
            // Unknown for now. A caller's operation id tells when it asks again.
            for work in done {
                work.undo()
                outcome.answers.append((work, .failure(fault)))
            }
        }
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
