import Foundation
import Kernel
import Storage
import StorageSQLite
import StorageTesting
import Testing

@Suite struct SQLiteUpgradeTests {
    /// The queue as the first releases made it.
    private static let firstQueue = ["jobs", "job_history"].map { table in
        """
        CREATE TABLE \(table)(
          number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, kind TEXT NOT NULL,
          partition TEXT NOT NULL, unique_key TEXT, unique_until_start INTEGER NOT NULL,
          state INTEGER NOT NULL, priority INTEGER NOT NULL, due INTEGER NOT NULL,
          rank INTEGER NOT NULL, attempt INTEGER NOT NULL, crashes INTEGER NOT NULL,
          suspect INTEGER NOT NULL, ran_alone INTEGER NOT NULL, payload BLOB NOT NULL,
          correlation TEXT NOT NULL, cause TEXT, enqueued INTEGER NOT NULL, started INTEGER,
          finished INTEGER, fault_kind TEXT, fault_code TEXT, fault_detail TEXT)
        """
    }

    @Test func `a queue of an earlier release keeps its jobs, keys, history and numbers`()
        async throws
    {
        let folder = try DataFolder(path: NSTemporaryDirectory() + "longshore-\(UUID().uuidString)")
        let tenant = TenantID.sample(1)
        var engine = try SQLiteEngine(folder: folder) { _ in }
        try engine.provoke("DROP TABLE jobs; DROP TABLE job_history; PRAGMA user_version = 0")
        for statement in Self.firstQueue { try engine.provoke(statement) }
        let common = "1, 0, 7, 7, 2, 0, 0, 0, x'7B7D', 'c', 'why', 5"
        try engine.provoke(
            """
            INSERT INTO jobs VALUES(3, '\(tenant)', 'a.b', 'walmart:con:ship', 'key', 1,
              \(common), NULL, NULL, 'defect', 'x.y', 'z');
            INSERT INTO job_history VALUES(9, '\(tenant)', 'a.c', 'tenant:\(tenant)', NULL, 0,
              \(common), 6, 8, NULL, NULL, NULL);
            UPDATE sqlite_sequence SET seq = 12 WHERE name = 'jobs';
            """)
        let before = Store(engine: engine)
        await before.close()

        engine = try SQLiteEngine(folder: folder) { _ in }
        let store = Store(engine: engine)
        let (waiting, done) = try await store.bookkeeping { (try $0.job(3), try $0.job(9)) }

        #expect(waiting?.partition == "\(tenant)//default/a.b/walmart:con:ship")
        #expect(waiting?.uniqueKey == "key" && waiting?.uniqueness == .untilStarted)
        #expect(waiting?.fault?.code == "x.y" && waiting?.attempt == 2)
        #expect(done?.partition == "\(tenant)//default/a.c/" && done?.finished == 8)
        let next = try await store.writeUnrepeated(.sample()) {
            try $0.insertJob(
                JobRow(
                    tenant: tenant, kind: "k", partition: "p", state: .available, priority: 0,
                    due: 0, payload: [], correlation: "c", cause: nil, enqueued: 0),
                unlessSince: nil)
        }
        #expect(next == .added(13))
        await store.close()
    }

    @Test func `a database of a newer release is left alone, and says so`() async throws {
        let folder = try DataFolder(path: NSTemporaryDirectory() + "longshore-\(UUID().uuidString)")
        let engine = try SQLiteEngine(folder: folder) { _ in }
        try engine.provoke("PRAGMA user_version = 99")
        await Store(engine: engine).close()

        let fault = #expect(throws: StorageError.self) {
            try SQLiteEngine(folder: folder) { _ in }
        }

        #expect(fault?.reason == .newerVersion)
    }
}
