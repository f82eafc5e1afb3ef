import Foundation
import Glibc
import Kernel
import StorageSQLite

/// Where the tortured data lies: a folder, or a small disk of its own that can be filled or cut off.
final class ScratchDisk: Sendable {
    private static let mount = "/usr/bin/mount"
    private static let unmount = "/usr/bin/umount"

    let dataPath: String
    private let mountPoint: String?
    private let isInMemory: Bool
    private let image: String
    private var ballast: String { (mountPoint ?? dataPath) + "/ballast" }

    /// - Throws: `TortureError` where this machine does not let us mount.
    init(for fault: Torture.Fault, in folder: String) async throws {
        image = folder + "/disk"
        isInMemory = fault == .fullDisk
        switch fault {
        case .fullDisk:
            let point = folder + "/mount"
            try FileManager.default.createDirectory(
                atPath: point, withIntermediateDirectories: true)
            try await Tools.run([Self.mount, "-t", "tmpfs", "-o", "size=96m", "tmpfs", point])
            (mountPoint, dataPath) = (point, point + "/data")
        case .powerCut:
            let point = folder + "/mount"
            try FileManager.default.createDirectory(
                atPath: point, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(atPath: image, contents: nil)
            guard truncate(image, 256 * 1_048_576) == 0 else {
                throw TortureError("no room for a disk of 256 MB")
            }
            try await Tools.run([Tools.makeFilesystem, "-q", "-F", image])
            try await Tools.run([Self.mount, "-o", "loop", image, point])
            (mountPoint, dataPath) = (point, point + "/data")
        default: (mountPoint, dataPath) = (nil, folder + "/data")
        }
    }

    /// Leaves no byte free.
    func fill() throws {
        let handle = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard handle >= 0 else { return }
        defer { close(handle) }
        let piece = [UInt8](repeating: 1, count: 65_536)
        var size = piece.count
        while size > 0 {
            let written = piece.withUnsafeBytes { write(handle, $0.baseAddress, size) }
            // Smaller and smaller pieces, to the last byte.
            if written < size { size /= 2 }
        }
    }

    func makeRoom() { unlink(ballast) }

    /// Room for all that is still to be done.
    func grow() async throws {
        guard let mountPoint, isInMemory else { return }
        try await Tools.run([Self.mount, "-o", "remount,size=1g", mountPoint])
    }

    /// Nothing that is not on the disk gets there any more, the journal included.
    func cutPower() throws {
        guard let mountPoint else { return }
        let handle = open(mountPoint, O_RDONLY)
        defer { close(handle) }
        // EXT4_IOC_SHUTDOWN with “no log flush”; the macro does not reach Swift (linux/fs.h).
        var flags: UInt32 = 2
        guard handle >= 0, ioctl(handle, 0x8004_587D, &flags) == 0 else {
            throw TortureError(
                "the filesystem cannot be cut off: \(String(cString: strerror(errno)))")
        }
    }

    func powerUp() async throws {
        guard let mountPoint else { return }
        try await Tools.run([Self.unmount, mountPoint])
        try await Tools.run([Self.mount, "-o", "loop", image, mountPoint])
    }

    /// What the database's own checks find wrong with it: with a copy, so that what the crash left is
    /// recovered by the next process and not by whoever looks.
    func damage(lookingIn folder: String) throws -> [String] {
        let files = FileManager.default
        let copy = folder + "/copy"
        try files.createDirectory(atPath: copy, withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: copy) }
        for name in ["longshore.db", "longshore.db-wal"]
        where files.fileExists(atPath: dataPath + "/" + name) {
            try files.copyItem(atPath: dataPath + "/" + name, toPath: copy + "/" + name)
        }
        let path = copy + "/longshore.db"
        return files.fileExists(atPath: path) ? try SQLiteEngine.findings(in: path) : []
    }

    func remove() async {
        guard let mountPoint else { return }
        // A disk that stays mounted is told by the folder that stays behind.
        do { try await Tools.run([Self.unmount, mountPoint]) } catch { return }
    }
}
