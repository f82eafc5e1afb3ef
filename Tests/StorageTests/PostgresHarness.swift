import Foundation
import Glibc
import Kernel
import Storage
import StoragePostgres
import StorageTesting
import Synchronization

/// One PostgreSQL server for all tests of this process, on a folder of its own on disk.
enum PostgresServer {
    private static let state = Mutex<Result<String, any Error>?>(nil)
    private static let folder = "/var/tmp/longshore-postgres-\(getpid())"
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Scripts/postgres").standardized

    struct Missing: Error {}

    /// The server's address; it is started at the first call. Without a server installed: `nil`.
    static func address() throws -> String? {
        let result = state.withLock { state in
            if let known = state { return known }
            let made = Result { try start() }
            state = made
            return made
        }
        do { return try result.get() } catch is Missing { return nil }
    }

    private static func start() throws -> String {
        guard let output = popen("'\(script.path)' start '\(folder)'", "r") else {
            throw Missing()
        }
        // One line, not to the end: the server itself may hold the pipe for as long as it runs.
        var line = [CChar](repeating: 0, count: 1000)
        let hasLine = fgets(&line, Int32(line.count), output) != nil
        guard pclose(output) == 0, hasLine else { throw Missing() }
        atexit {
            _ = popen("'\(PostgresServer.script.path)' stop '\(PostgresServer.folder)'", "r").map(
                pclose)
        }
        return String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self
        )
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// A database of its own on the tests' server.
final class PostgresHarness: StorageHarness {
    private static let numbers = Atomic<Int>(0)

    private let server: String
    private let name: String
    private let current: Mutex<Store>

    var store: Store { current.withLock { $0 } }
    var address: String { server.replacing("dbname=postgres", with: "dbname=\(name)") }

    init(server: String) async throws {
        self.server = server
        name = "t\(Self.numbers.add(1, ordering: .relaxed).newValue)"
        try PostgresEngine.administer(server, ["CREATE DATABASE \(name)"])
        let address = server.replacing("dbname=postgres", with: "dbname=\(name)")
        current = Mutex(try await Self.opened(address))
    }

    func reopened() async throws -> Store {
        await store.close()
        let fresh = try await Self.opened(address)
        current.withLock { $0 = fresh }
        return fresh
    }

    private static func opened(_ address: String) async throws -> Store {
        let store = Store(engine: try PostgresEngine(address: address))
        _ = try await store.open([Gadget.self, Counter.self])
        return store
    }

    /// The server says “disk full” to whatever is large, as it does when a file cannot grow.
    func exhaustSpace() async throws {
        try refuse(large: true, state: "53100")
    }

    func restoreSpace() async throws { try allow() }
    func interruptNext() async throws { try refuse(large: false, state: "57014") }
    func stopInterrupting() async throws { try allow() }

    func breakConstraint(in transaction: Transaction) throws {
        try transaction.bookkeeping {
            try $0.saveSlot(
                subscription: "test", slot: 64, SlotPlace(epoch: "", position: 1))
        }
    }

    private func refuse(large: Bool, state: String) throws {
        try PostgresEngine.administer(
            address,
            [
                """
                CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF \(large ? "length(NEW.body) > 3000" : "true") THEN
                    RAISE EXCEPTION 'provoked' USING ERRCODE = '\(state)';
                  END IF;
                  RETURN NEW;
                END $$
                """,
                """
                CREATE TRIGGER refuse BEFORE INSERT ON c_gadgets
                FOR EACH ROW EXECUTE FUNCTION refuse()
                """,
            ])
    }

    private func allow() throws {
        try PostgresEngine.administer(address, ["DROP TRIGGER refuse ON c_gadgets"])
    }
}
