import Kernel
package import Storage
import StoragePostgres
import StorageTesting
import Synchronization

/// A database of its own on the tests' server.
package final class PostgresHarness: StorageHarness {
    /// A database that nobody else uses; it goes with its server.
    package struct Database: Sendable {
        private static let numbers = Atomic<Int>(0)

        package let address: String

        package init(on server: String) throws {
            let name = "t\(Self.numbers.add(1, ordering: .relaxed).newValue)"
            try PostgresEngine.administer(server, ["CREATE DATABASE \(name)"])
            address = server.replacing("dbname=postgres", with: "dbname=\(name)")
        }
    }

    private let current: Mutex<Store>
    package let address: String

    package var store: Store { current.withLock { $0 } }

    package init(server: String) async throws {
        address = try Database(on: server).address
        current = Mutex(try await Self.opened(address))
    }

    package func reopened() async throws -> Store {
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
    package func exhaustSpace() async throws {
        try refuse(on: Self.gadgets, when: "length(NEW.body) > 3000", state: "53100")
    }

    package func restoreSpace() async throws { try allow() }
    package func interruptNext() async throws {
        try refuse(on: Self.gadgets, when: "true", state: "57014")
    }
    package func stopInterrupting() async throws { try allow() }

    package func breakConstraint(in transaction: Transaction) throws {
        try transaction.bookkeeping {
            _ = try $0.saveSlot(
                subscription: "test", slot: 64, SlotPlace(epoch: "", position: 1))
        }
    }

    private static let gadgets = "c_gadgets"

    /// Has the database refuse a row when it comes. - Parameter condition: in SQL, of the row `NEW`.
    package func refuse(on table: String, when condition: String, state: String) throws {
        try PostgresEngine.administer(
            address,
            [
                """
                CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF \(condition) THEN
                    RAISE EXCEPTION 'provoked' USING ERRCODE = '\(state)';
                  END IF;
                  RETURN NEW;
                END $$
                """,
                """
                CREATE TRIGGER refuse BEFORE INSERT ON \(table)
                FOR EACH ROW EXECUTE FUNCTION refuse()
                """,
            ])
    }

    private func allow() throws {
        try PostgresEngine.administer(address, ["DROP TRIGGER refuse ON \(Self.gadgets)"])
    }
}
