import Kernel
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// The folder one process at a time may write: database, lock and admin socket.
package final class DataFolder: Sendable {
    package let path: String
    private let lockHandle: Int32

    package var databasePath: String { path + "/longshore.db" }

    /// Where a command line speaks to the process that holds the folder.
    package static func adminSocketPath(in path: String) -> String { path + "/admin.sock" }

    /// Is there while a server, and not a command for a moment, holds the folder.
    package static func servingMark(in path: String) -> String { path + "/serving" }

    /// What the kernel takes as a socket's path, its final zero byte aside.
    private static let socketPathLimit = 107

    /// Makes the folder where absent and takes its lock.
    /// - Throws: `StorageError.locked` while another process holds it; `.engine` for a path too long
    ///   for its socket.
    package init(path: String) throws {
        self.path = path
        let length = Self.adminSocketPath(in: path).utf8.count
        guard length <= Self.socketPathLimit else {
            throw StorageError(
                .engine,
                "the data folder's path is \(length - Self.socketPathLimit) characters too long: "
                    + "the socket in it may have \(Self.socketPathLimit)")
        }
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw Self.refusal("cannot make \(path)")
        }
        let handle = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard handle >= 0 else {
            throw Self.refusal("cannot open \(path)/lock")
        }
        guard flock(handle, LOCK_EX | LOCK_NB) == 0 else {
            close(handle)
            throw StorageError(
                .locked,
                "another process holds \(path): commands speak to it, a second server cannot")
        }
        lockHandle = handle
    }

    /// What the system said last, as a fault.
    private static func refusal(_ words: String) -> StorageError {
        let code = errno
        let reason: StorageFaultCode =
            switch code {
            case EROFS, EACCES, EPERM: .readOnly
            case ENOSPC, EDQUOT: .full
            default: .engine
            }
        return StorageError(reason, "\(words): \(String(cString: strerror(code)))")
    }

    /// Makes the database's file where absent. Orders are in it: in a folder that others may enter
    /// too, it is still its owner's alone. SQLite gives the files beside it the same rights.
    func makeDatabaseFile() {
        let database = open(databasePath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if database >= 0 { close(database) }
    }

    /// Bytes of a file; none where there is no file.
    static func size(of path: String) -> Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
    }

    /// Returns once a file, or a folder's list of files, is on disk.
    package static func sync(_ path: String) throws {
        let handle = open(path, O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else {
            throw StorageError(.engine, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(handle) }
        guard fsync(handle) == 0 else {
            throw StorageError(
                .broken, "\(path) did not reach the disk: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(lockHandle) }
}
