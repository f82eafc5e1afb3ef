import Foundation
import Kernel
import Platform
import Storage
import StorageTesting
import Testing

/// R27 on SQLite: what was copied while in use comes back whole, or not at all.
@Suite struct BackupTests {
    private func place() -> String { "/var/tmp/longshore-test-\(UUID().uuidString.prefix(8))" }

    private func withBackup(
        _ body: (Stage, _ backup: String, _ target: String) async throws -> Void
    ) async throws {
        let (backup, target) = (place(), place())
        try await Stage.with(.init(isPolling: false)) { stage in
            try await stage.receive("A", 50)
            for number in 0..<4 { try await stage.order("96\(number)", [("A", 1)]) }
            try await stage.awaits("960", "confirmed")
            // The others are still on their way.
            try await stage.post(
                "/admin/backups", .object(["path": .string(backup), "withSecrets": .bool(true)]))
            try await body(stage, backup, target)
        }
        for path in [backup, target] { try? FileManager.default.removeItem(atPath: path) }
    }

    private func restore(
        _ backup: String, _ target: String, secrets: String? = nil
    ) async throws -> BackupManifest {
        try await Backup.restore(backup, to: target, secrets: secrets, SystemTimekeeper())
    }

    @Test func `a copy taken in use is restored whole, and every invariant holds`() async throws {
        try await withBackup { _, backup, target in
            let manifest = try await restore(backup, target)

            #expect(manifest.contents.orders >= 1 && manifest.contents.findings == 0)
            #expect(FileManager.default.fileExists(atPath: target + "/longshore.db"))
            let again = await #expect(throws: PlatformError.self) {
                _ = try await restore(backup, target)
            }
            #expect(again?.reason == .backupRefused)
        }
    }

    @Test(arguments: Seeds.of(3))
    func `a single flipped bit is found, and nothing is left behind`(_ seed: UInt64) async throws {
        try await withBackup { _, backup, target in
            var random = SplitMix64(seed: seed)
            let file = backup + "/longshore.db"
            let whole = try Data(contentsOf: URL(fileURLWithPath: file))
            for _ in 0..<10 {
                var data = whole
                let place = Int.random(in: 0..<data.count, using: &random)
                data[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try data.write(to: URL(fileURLWithPath: file))

                let error = await #expect(throws: PlatformError.self) {
                    _ = try await restore(backup, target)
                }
                #expect(error?.reason == .backupBroken)
                #expect(!FileManager.default.fileExists(atPath: target))
            }
        }
    }

    @Test func `a part of a backup, and another installation's key, are refused`() async throws {
        try await withBackup { stage, backup, target in
            let other = place()
            try FileManager.default.createDirectory(
                atPath: other, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: other) }
            _ = try SecretsFile.create(in: other)

            let key = await #expect(throws: PlatformError.self) {
                _ = try await restore(backup, target, secrets: other + "/secrets")
            }
            try FileManager.default.removeItem(atPath: backup + "/manifest.json")
            let part = await #expect(throws: PlatformError.self) {
                _ = try await restore(backup, target)
            }

            #expect(key?.reason == .backupRefused && part?.reason == .backupRefused)
            #expect(!FileManager.default.fileExists(atPath: target))
        }
    }
}
