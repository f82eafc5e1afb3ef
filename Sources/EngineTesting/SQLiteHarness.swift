import Foundation
import Kernel
package import Storage
import StorageSQLite
import StorageTesting
import Synchronization

/// SQLite in a folder of its own on disk.
package final class SQLiteHarness: StorageHarness {
    private struct Opened: Sendable {
        let engine: SQLiteEngine
        let store: Store
    }

    private let path: String
    private let folder: DataFolder
    private let opened: Mutex<Opened>

    package var store: Store { opened.withLock { $0.store } }
    private var engine: SQLiteEngine { opened.withLock { $0.engine } }

    package init() async throws {
        path = NSTemporaryDirectory() + "longshore-store-\(UUID().uuidString)"
        folder = try DataFolder(path: path)
        opened = Mutex(try await Self.open(folder))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private static func open(_ folder: DataFolder) async throws -> Opened {
        let engine = try SQLiteEngine(folder: folder) { _ in }
        let store = Store(engine: engine)
        _ = try await store.open([Gadget.self, Counter.self])
        return Opened(engine: engine, store: store)
    }

    package func reopened() async throws -> Store {
        await store.close()
        let fresh = try await Self.open(folder)
        opened.withLock { $0 = fresh }
        return fresh.store
    }

    package func exhaustSpace() async throws {
        let pages = Int(try await store.facts()["page_count"] ?? "0") ?? 0
        try engine.provoke("PRAGMA max_page_count = \(pages + 60)")
    }

    package func restoreSpace() async throws {
        try engine.provoke("PRAGMA max_page_count = 1073741823")
    }
    package func interruptNext() async throws { try engine.interruptNextStatement() }
    package func stopInterrupting() async throws { try engine.stopInterrupting() }

    package func breakConstraint(in transaction: Transaction) throws {
        try transaction.bookkeeping {
            _ = try $0.saveSlot(
                subscription: "test", slot: 64, SlotPlace(epoch: "", position: 1))
        }
    }
}
