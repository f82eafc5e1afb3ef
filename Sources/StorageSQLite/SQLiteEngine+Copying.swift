import CSQLite
import Dispatch
import Glibc
import Kernel
import Storage

extension SQLiteEngine {
    /// Writes one consistent snapshot into a new file, while writes go on. The file is synced.
    ///
    /// A connection of its own reads: it never writes and never checkpoints, so the rule that only
    /// the writer does holds here too.
    /// - Throws: `StorageError.full`; `.engine` when the file is there already.
    package func copy(to path: String) async throws {
        let source = folder.databasePath
        try await withCheckedThrowingContinuation { continuation in
            copyQueue.async {
                continuation.resume(with: Result { try Self.copy(source, to: path) })
            }
        }
    }

    private static func copy(_ source: String, to path: String) throws {
        // Nobody else may read it at any moment; SQLite writes into a file that is there and empty.
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            throw StorageError(.engine, "\(path): \(String(cString: strerror(errno)))")
        }
        _ = Glibc.close(file)
        do {
            let connection = try SQLiteConnection(path: source)
            try connection.execute("PRAGMA wal_autocheckpoint = 0")
            let statement = try connection.statement("VACUUM INTO ?")
            try statement.bind(path).run()
        } catch let fault as SQLiteFault { throw fault.storageError }
        try DataFolder.sync(path)
    }

    /// What SQLite finds wrong with a database nobody has open; empty when it is sound.
    package static func findings(in path: String) throws -> [String] {
        do {
            let connection = try SQLiteConnection(path: path)
            var findings: [String] = []
            for check in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
                let statement = try connection.statement(check)
                defer { statement.reset() }
                while try statement.step() {
                    let text = statement.text(0)
                    if text != "ok" { findings.append(text) }
                }
            }
            return findings
        } catch let fault as SQLiteFault { throw fault.storageError }
    }
}
