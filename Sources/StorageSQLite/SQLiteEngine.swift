import CSQLite
import Dispatch
package import Kernel
package import Storage
import Synchronization

/// SQLite behind the engine seam: one process, one writer with group commit, snapshot readers.
///
/// Every acknowledged write is on disk: the journal is WAL with `synchronous=FULL`, read back at
/// every start. Only the writer checkpoints, every 2,000 pages.
package final class SQLiteEngine: StorageEngine {
    private struct Reader: Sendable {
        let queue: DispatchQueue
        let session: ExclusiveSession
    }

    /// A read connection, opened at first use and shut at close.
    private final class ExclusiveSession: Sendable {
        let session: Mutex<SQLiteSession?>

        init(path: String) throws { session = Mutex(try SQLiteEngine.openReader(path)) }
    }

    private static let readerCount = 3

    let folder: DataFolder
    private let line: WriteLine<SQLiteWriter>
    let copyQueue = DispatchQueue(label: "longshore.storage.copy")
    private let readers: [Reader]
    private let nextReader = Atomic<Int>(0)
    /// - Parameter onBreakage: called once when nothing can be acknowledged any more; the process
    ///   should end, since only a fresh start can tell what is on disk.
    /// - Throws: `StorageError.settingRefused` when SQLite does not run as asked.
    package init(
        folder: DataFolder, onBreakage: @escaping @Sendable (StorageError) -> Void
    ) throws {
        self.folder = folder
        folder.makeDatabaseFile()
        line = WriteLine(
            "writer", try Self.openWriter(folder.databasePath), onBreakage: onBreakage)
        readers = try (0..<Self.readerCount).map { number in
            Reader(
                queue: DispatchQueue(label: "longshore.storage.reader.\(number)"),
                session: try ExclusiveSession(path: folder.databasePath))
        }
    }

    package var isExclusive: Bool { true }

    package var breakage: StorageError? { line.breakage }

    package func submit(_ work: EngineWork) { line.submit(work) }

    /// The first is for work; those who look take turns at the others.
    private func reader(for lane: ReadLane) -> Reader {
        guard lane == .looking else { return readers[0] }
        let turn = nextReader.add(1, ordering: .relaxed).oldValue
        return readers[1 + turn % (readers.count - 1)]
    }

    package func read<T: Sendable>(
        _ tenant: TenantID?, lane: ReadLane,
        _ body: @escaping @Sendable (any EngineSession) throws -> T
    ) async throws -> T {
        let reader = reader(for: lane)
        return try await withCheckedThrowingContinuation { continuation in
            reader.queue.async {
                let result = reader.session.session.withLock { session in
                    Result { try Self.snapshot(session, body) }
                }
                continuation.resume(with: result)
            }
        }
    }

    package func migrate(_ shapes: [CollectionShape]) async throws -> [String] {
        try line.withWriter { writer in
            do { return try SQLiteMigration(writer.connection).run(shapes) } catch {
                throw SQLiteWriter.translate(error)
            }
        }
    }

    package func facts() async throws -> [String: String] {
        try line.withWriter { writer in
            var facts = ["engine": "SQLite \(String(cString: sqlite3_libversion()))"]
            for name in ["journal_mode", "synchronous", "page_count", "page_size"] {
                facts[name] = try writer.connection.text("PRAGMA \(name)")
            }
            facts["wal_bytes"] = String(DataFolder.size(of: folder.databasePath + "-wal"))
            facts["commits"] = String(writer.batches)
            facts["closures"] = String(writer.closures)
            return facts
        }
    }

    package func close() async {
        await line.close()
        for reader in readers { reader.session.session.withLock { $0 = nil } }
    }

    /// Runs one statement on the writer's own connection; for tests that provoke real faults.
    package func provoke(_ sql: String) throws {
        try line.withWriter { try $0.connection.execute(sql) }
    }

    /// Acknowledges without the disk from now on: only for a control that must lose.
    package func stopSyncing() throws { try provoke("PRAGMA synchronous = OFF") }

    /// Waits for the disk only when the log is copied back: only for a control that must lose.
    package func syncRarely() throws { try provoke("PRAGMA synchronous = NORMAL") }

    /// Makes the n-th virtual-machine step from now interrupt its statement; for tests.
    package func interruptNextStatement() throws {
        try line.withWriter {
            sqlite3_progress_handler($0.connection.handle, 1, { _ in 1 }, nil)
        }
    }

    package func stopInterrupting() throws {
        try line.withWriter { sqlite3_progress_handler($0.connection.handle, 0, nil, nil) }
    }

    private static func snapshot<T>(
        _ session: SQLiteSession?, _ body: (any EngineSession) throws -> T
    ) throws -> T {
        guard let session else { throw StorageError(.closed, "the store is closed") }
        do {
            try session.connection.statement("BEGIN").run()
            defer {
                // A snapshot that cannot end is closed with its connection.
                _ = try? session.connection.statement("COMMIT").run()
            }
            return try body(session)
        } catch let fault as SQLiteFault { throw fault.storageError }
    }

    private static func openWriter(_ path: String) throws -> SQLiteWriter {
        do {
            let writer = try SQLiteWriter(path: path)
            let connection = writer.connection
            try connection.execute("PRAGMA journal_mode = WAL")
            try connection.execute("PRAGMA synchronous = FULL")
            try connection.execute("PRAGMA wal_autocheckpoint = 2000")
            try connection.execute("PRAGMA cache_size = -32768")
            try connection.execute("PRAGMA temp_store = MEMORY")
            for (name, wanted) in [("journal_mode", "wal"), ("synchronous", "2")] {
                let found = try connection.text("PRAGMA \(name)")
                guard found == wanted else {
                    throw StorageError(
                        .settingRefused, "SQLite says \(name) is \(found ?? "unset"), not \(wanted)"
                    )
                }
            }
            try SQLiteUpgrade(connection: connection).run()
            return writer
        } catch let fault as SQLiteFault { throw fault.storageError }
    }

    private static func openReader(_ path: String) throws -> SQLiteSession {
        do {
            let connection = try SQLiteConnection(path: path)
            // Checkpoints are the writer's alone: two connections doing it at once is how SQLite
            // before 3.51.3 can corrupt its log.
            try connection.execute("PRAGMA wal_autocheckpoint = 0")
            try connection.execute("PRAGMA query_only = 1")
            return SQLiteSession(connection)
        } catch let fault as SQLiteFault { throw fault.storageError }
    }
}
