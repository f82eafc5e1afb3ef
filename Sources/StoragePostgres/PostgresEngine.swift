import Dispatch
package import Kernel
package import Storage
import Synchronization

/// PostgreSQL behind the engine seam: two writing connections with group commit, snapshot readers.
///
/// What the dispatcher writes of its own, claims and ends, goes over a connection of its own: while
/// one waits for the disk, the other works.
///
/// Durability is the server's: `synchronous_commit` is read back at every start and must be on.
package final class PostgresEngine: StorageEngine {
    /// A read connection, opened at first use and shut at close.
    private final class Reader: Sendable {
        let queue: DispatchQueue
        let session = Mutex<PostgresSession?>(nil)

        init(number: Int) {
            queue = DispatchQueue(label: "longshore.storage.postgres.reader.\(number)")
        }
    }

    private static let readerCount = 3
    private static let oldestServer = 150_000

    private let address: String
    private let isClosed = Atomic<Bool>(false)
    private let ordinary: WriteLine<PostgresWriter>
    private let dispatching: WriteLine<PostgresWriter>
    private let readers = (0..<PostgresEngine.readerCount).map(Reader.init(number:))
    private let nextReader = Atomic<Int>(0)
    private let news: PostgresNews

    /// - Parameter address: a libpq connection string or URI; the role in it owns the tables.
    /// - Throws: `StorageError.unreachable`; `.settingRefused` for a server that is too old or does
    ///   not sync its commits.
    package init(address: String) throws {
        self.address = address
        news = PostgresNews(address: address)
        do {
            let connection = try PostgresConnection(address)
            try Self.check(connection)
            try Self.upgrade(connection)
            ordinary = WriteLine("postgres.ordinary", try PostgresWriter(address))
            dispatching = WriteLine("postgres.dispatching", try PostgresWriter(address))
        } catch { throw PostgresWriter.translate(error) }
    }

    private static func upgrade(_ connection: PostgresConnection) throws {
        try connection.execute("BEGIN")
        // Processes that start together take turns.
        try connection.execute("SELECT pg_advisory_xact_lock(5014031)")
        try connection.execute(
            "CREATE TABLE IF NOT EXISTS longshore_schema(version bigint PRIMARY KEY)")
        let found =
            try connection.run("SELECT coalesce(max(version), 0) FROM longshore_schema")
            .first { $0.integer(0) } ?? 0
        guard found <= PostgresSchema.version else {
            throw StorageError(
                .newerVersion,
                "the database has version \(found), this release knows \(PostgresSchema.version)")
        }
        for (index, statements) in PostgresSchema.steps.enumerated() where index >= Int(found) {
            for statement in statements { try connection.execute(statement) }
            try connection.execute("INSERT INTO longshore_schema(version) VALUES(\(index + 1))")
        }
        try connection.execute("COMMIT")
    }

    private static func check(_ connection: PostgresConnection) throws {
        guard connection.serverVersion >= oldestServer else {
            throw StorageError(
                .settingRefused,
                "PostgreSQL 15 or newer is needed, this is \(connection.serverVersion / 10_000)")
        }
        for name in ["synchronous_commit", "fsync", "full_page_writes"] {
            let value =
                try connection.run("SELECT current_setting(?)", PostgresValues().with(name))
                .first { $0.text(0) } ?? "unset"
            guard value != "off", value != "local", value != "unset" else {
                throw StorageError(
                    .settingRefused, "PostgreSQL says \(name) is \(value): commits could be lost")
            }
        }
    }

    /// Runs statements on a connection of their own, as the address' own role: for setting databases
    /// up, and for tests that provoke real faults.
    package static func administer(_ address: String, _ statements: [String]) throws {
        do {
            let connection = try PostgresConnection(address)
            for statement in statements { try connection.execute(statement) }
        } catch { throw PostgresWriter.translate(error) }
    }

    /// Ends every connection to a database; for tests.
    package static func cutOff(_ address: String) throws {
        try administer(
            address,
            [
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """
            ])
    }

    /// How often tables were read from end to end in this database's life, by sessions that have
    /// ended; for tests.
    package static func scans(_ address: String, of tables: [String]) throws -> [String: Int64] {
        try counts(
            address,
            "SELECT relname::text, seq_scan FROM pg_stat_user_tables WHERE relname = ANY(?)",
            tables)
    }

    /// How often indexes were used in this database's life, by sessions that have ended; for tests.
    package static func lookups(_ address: String, by indexes: [String]) throws -> [String: Int64] {
        try counts(
            address,
            "SELECT indexrelname::text, idx_scan FROM pg_stat_user_indexes "
                + "WHERE indexrelname = ANY(?)", indexes)
    }

    /// How many sessions of the server wait for a lock at this moment; for tests.
    package static func waiters(_ address: String) throws -> Int {
        try count(address, "SELECT count(*) FROM pg_locks WHERE NOT granted")
    }

    /// How many commits stand on the server's disk at this moment and wait for a standby before they
    /// are answered; for tests.
    package static func unheard(_ address: String) throws -> Int {
        try count(
            address, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    }

    private static func count(_ address: String, _ question: String) throws -> Int {
        do {
            return try PostgresConnection(address).run(question, PostgresValues())
                .first { Int($0.integer(0)) } ?? 0
        } catch { throw PostgresWriter.translate(error) }
    }

    /// Tables that hold tenants' rows and do not keep them apart; for tests.
    package static func unguarded(_ address: String) throws -> [String] {
        do {
            return try PostgresConnection(address).run(
                """
                SELECT c.relname::text FROM pg_class c
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
                WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
                AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1
                """, PostgresValues()
            ).map { $0.text(0) }
        } catch { throw PostgresWriter.translate(error) }
    }

    private static func counts(
        _ address: String, _ question: String, _ names: [String]
    ) throws -> [String: Int64] {
        do {
            let rows = try PostgresConnection(address)
                .run(question, PostgresValues().with(texts: names))
                .map { ($0.text(0), $0.integer(1)) }
            return Dictionary(rows) { first, _ in first }
        } catch { throw PostgresWriter.translate(error) }
    }

    package var isExclusive: Bool { false }
    package var breakage: StorageError? { nil }

    package func submit(_ work: EngineWork) {
        (work.lane == .dispatching ? dispatching : ordinary).submit(work)
    }

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
                let result = reader.session.withLock { session in
                    Result { try self.snapshot(&session, tenant, body) }
                }
                continuation.resume(with: result)
            }
        }
    }

    private func snapshot<T>(
        _ session: inout PostgresSession?, _ tenant: TenantID?,
        _ body: (any EngineSession) throws -> T
    ) throws -> T {
        if isClosed.load(ordering: .acquiring) {
            throw StorageError(.closed, "the store is closed")
        }
        do {
            let open = try opened(&session, tenant)
            defer {
                // A snapshot that cannot end is closed with its connection.
                do { try open.connection.execute("COMMIT") } catch { session = nil }
            }
            return try body(open)
        } catch let fault as PostgresFault { throw fault.storageError }
    }

    /// A connection in a snapshot of its own, anew where the last one has ended.
    private func opened(
        _ session: inout PostgresSession?, _ tenant: TenantID?
    ) throws -> PostgresSession {
        let role = tenant == nil ? PostgresSchema.engineRole : PostgresSchema.recordsRole
        let opening =
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ROLE \(role); "
            + "SET LOCAL longshore.tenant = '\((tenant ?? .platform).rawValue)'"
        if let known = session {
            do {
                try known.connection.execute(opening)
                return known
            } catch {
                // Half an opening may be left on it: the next has another connection.
                session = nil
                guard (error as? PostgresFault)?.isConnectionLost == true else { throw error }
            }
        }
        let fresh = PostgresSession(try PostgresConnection(address))
        try fresh.connection.execute(opening)
        session = fresh
        return fresh
    }

    package func migrate(_ shapes: [CollectionShape]) async throws -> [String] {
        do { return try PostgresMigration(PostgresConnection(address)).run(shapes) } catch {
            throw PostgresWriter.translate(error)
        }
    }

    package func facts() async throws -> [String: String] {
        do {
            let connection = try PostgresConnection(address)
            var facts: [String: String] = [:]
            for name in ["server_version", "synchronous_commit", "fsync", "full_page_writes"] {
                facts[name] = try connection.run(
                    "SELECT current_setting(?)", PostgresValues().with(name)
                ).first { $0.text(0) }
            }
            facts["bytes"] = try connection.run("SELECT pg_database_size(current_database())")
                .first { String($0.integer(0)) }
            let counts = try [ordinary, dispatching].map { line in
                try line.withWriter { (batches: $0.batches, closures: $0.closures) }
            }
            facts["commits"] = String(counts.map(\.batches).reduce(0, +))
            facts["closures"] = String(counts.map(\.closures).reduce(0, +))
            facts["engine"] = "PostgreSQL \(facts["server_version"] ?? "")"
            return facts
        } catch { throw PostgresWriter.translate(error) }
    }

    package func listen(_ heard: @escaping @Sendable (EngineNews) -> Void) { news.listen(heard) }
    package func announce(_ words: EngineNews) { news.announce(words) }

    package func copy(to path: String) async throws {
        throw StorageError(
            .copyUnsupported, "PostgreSQL is copied by its own tools, such as pgBackRest or pg_dump"
        )
    }

    package func close() async {
        await dispatching.close()
        await ordinary.close()
        isClosed.store(true, ordering: .releasing)
        news.close()
        for reader in readers { reader.session.withLock { $0 = nil } }
    }
}
