import Foundation
import Glibc
import Kernel
import Processes

/// What of this machine a fault needs.
enum Tools {
    static let strace = "/usr/bin/strace"
    static let makeFilesystem = "/usr/sbin/mkfs.ext4"

    /// Why a fault cannot be run here; `nil` where it can.
    static func missing(for fault: Torture.Fault) -> String? {
        switch fault {
        case .slowDisk, .failingSync: has(strace) ? nil : "needs strace"
        case .fullDisk:
            getuid() == 0 ? nil : "needs root, to mount a small disk"
        case .powerCut:
            getuid() != 0
                ? "needs root, to mount a disk and cut it off"
                : has(makeFilesystem) ? nil : "needs mkfs.ext4 (e2fsprogs)"
        default: nil
        }
    }

    /// The command before the worker's own, where its calls are tampered with.
    static func tracing(_ fault: Torture.Fault, _ random: inout SplitMix64) -> [String] {
        let base = [strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e"]
        switch fault {
        case .slowDisk: return base + ["inject=fdatasync,fsync:delay_exit=50000"]
        case .failingSync:
            let visit = Int.random(in: 30...200, using: &random)
            return base + ["inject=fdatasync,fsync:error=EIO:when=\(visit)"]
        default: return []
        }
    }

    private static func has(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: path)
    }

    /// - Throws: `TortureError` with what the tool said.
    static func run(_ command: [String]) async throws {
        let (ending, said) = try await ChildProcess.run(command)
        guard ending == .exited(0) else {
            throw TortureError("\(command[0]) failed: \(said.prefix(200))")
        }
    }
}
