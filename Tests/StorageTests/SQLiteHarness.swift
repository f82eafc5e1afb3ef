import Foundation
import Kernel
import Storage
import StorageSQLite
import StorageTesting

/// SQLite in a folder of its own on disk.
final class SQLiteHarness: StorageHarness, @unchecked Sendable {
    private let path: String
    private var engine: SQLiteEngine
    private let folder: DataFolder
    private(set) var store: Store

    init() async throws {
        path = NSTemporaryDirectory() + "longshore-store-\(UUID().uuidString)"
        folder = try DataFolder(path: path)
        engine = try SQLiteEngine(folder: folder) { _ in }
        store = Store(engine: engine)
        _ = try await store.open([Gadget.self, Counter.self])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func reopened() async throws -> Store {
        await store.close()
        engine = try SQLiteEngine(folder: folder) { _ in }
        store = Store(engine: engine)
        _ = try await store.open([Gadget.self, Counter.self])
        return store
    }

    func exhaustSpace() async throws {
        let pages = Int(try await store.facts()["page_count"] ?? "0") ?? 0
        try engine.provoke("PRAGMA max_page_count = \(pages + 60)")
    }

    func restoreSpace() async throws { try engine.provoke("PRAGMA max_page_count = 1073741823") }
    func interruptNext() async throws { engine.interruptNextStatement() }
    func stopInterrupting() async throws { engine.stopInterrupting() }

    func breakConstraint(in transaction: Transaction) throws {
        try transaction.bookkeeping {
            try $0.saveSlot(
                subscription: "test", slot: 64, SlotPlace(epoch: "", position: 1))
        }
    }
}
