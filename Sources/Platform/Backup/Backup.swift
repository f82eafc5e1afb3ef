import Authentication
import Connectors
import Foundation
import Glibc
package import Kernel
import Logging
import Security
import Storage
import StorageSQLite

/// Takes a copy of everything while it is in use, and restores it once to see that it can be.
package struct Backup: Sendable {
    let platform: Platform

    /// - Parameters:
    ///   - path: a folder that is not there yet, or is empty.
    ///   - withSecrets: the master key goes into it too: keep such a backup like the key itself.
    /// - Throws: `PlatformError.backupRefused`, `.backupBroken`; `StorageError.full`. What was
    ///   written is then taken away.
    func take(to path: String, withSecrets: Bool) async throws -> BackupManifest {
        try Self.makeEmpty(path)
        do { return try await write(path, withSecrets) } catch {
            // A part of a backup is no backup.
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    private func write(_ path: String, _ withSecrets: Bool) async throws -> BackupManifest {
        let takenAt = platform.timekeeper.now
        let database = path + "/" + BackupManifest.databaseName
        try await platform.store.copy(to: database)
        let secrets = SecretsFile.path(in: platform.configuration.dataPath)
        let trial = path + "/trial"
        let contents = try await RestoreTrial.run(
            of: database, SecretsFile.read(at: secrets), in: trial, platform.timekeeper)
        try FileManager.default.removeItem(atPath: trial)
        if withSecrets {
            try Self.keep(secrets, in: path)
        }
        let manifest = BackupManifest(
            takenAt: takenAt, engine: try await platform.store.facts()["engine"] ?? "unknown",
            bytes: try Self.size(of: database), sha256: try FileDigest.sha256Hex(of: database),
            hasSecrets: withSecrets, keySHA256: try FileDigest.sha256Hex(of: secrets),
            contents: contents)
        let file = path + "/" + BackupManifest.fileName
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(try BodyCoder.encode(manifest)),
                attributes: [.posixPermissions: 0o600])
        else { throw PlatformError(.backupRefused, "\(file) cannot be written") }
        try DataFolder.sync(file)
        try DataFolder.sync(path)
        return manifest
    }

    /// Makes a data folder of a backup. Nobody may have one there.
    /// - Parameter secrets: the master key's file, where the backup has none.
    /// - Throws: `PlatformError`: `.backupRefused`, `.backupBroken`, `.secretsMissing`.
    package static func restore(
        _ path: String, to dataPath: String, secrets: String?, _ timekeeper: any Timekeeper
    ) async throws -> BackupManifest {
        let manifest = try manifest(of: path)
        let database = path + "/" + BackupManifest.databaseName
        guard try FileDigest.sha256Hex(of: database) == manifest.sha256 else {
            throw PlatformError(.backupBroken, "\(database) is not what the manifest says")
        }
        let key = secrets ?? SecretsFile.path(in: path)
        guard FileManager.default.fileExists(atPath: key) else {
            throw PlatformError(
                .secretsMissing,
                secrets.map { "\($0) is not there" }
                    ?? "the backup holds no master key; name its file with --secrets")
        }
        guard try FileDigest.sha256Hex(of: key) == manifest.keySHA256 else {
            throw PlatformError(
                .backupRefused, "\(key) is not the master key the backup was sealed with")
        }
        try makeEmpty(dataPath)
        do {
            let contents = try await RestoreTrial.run(
                of: database, SecretsFile.read(at: key), in: dataPath, timekeeper)
            guard contents == manifest.contents else {
                throw PlatformError(
                    .backupBroken, "what was restored differs from what the manifest counts")
            }
            try keep(key, in: dataPath)
            try DataFolder.sync(dataPath)
        } catch {
            try? FileManager.default.removeItem(atPath: dataPath)
            throw error
        }
        return manifest
    }

    private static func manifest(of path: String) throws -> BackupManifest {
        let file = path + "/" + BackupManifest.fileName
        guard let data = FileManager.default.contents(atPath: file) else {
            throw PlatformError(.backupRefused, "\(file) is missing: this is no whole backup")
        }
        do { return try BodyCoder.decode(BackupManifest.self, from: Array(data)) } catch {
            throw PlatformError(.backupBroken, "\(file) cannot be read")
        }
    }

    /// Copies the master key into a folder; nobody else can read it at any moment.
    private static func keep(_ key: String, in folder: String) throws {
        let copy = SecretsFile.path(in: folder)
        guard let bytes = FileManager.default.contents(atPath: key),
            FileManager.default.createFile(
                atPath: copy, contents: bytes, attributes: [.posixPermissions: 0o600])
        else { throw PlatformError(.secretsMissing, "the master key cannot be copied") }
        try DataFolder.sync(copy)
    }

    private static func makeEmpty(_ path: String) throws {
        let held = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard held.isEmpty else {
            throw PlatformError(.backupRefused, "\(path) is there already and not empty")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch { throw PlatformError(.backupRefused, "cannot make the folder \(path)") }
    }

    private static func size(of path: String) throws -> Int64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.size] as? NSNumber)?.int64Value ?? 0
    }
}

/// Opens a copy as a server would, and checks and counts what is in it.
enum RestoreTrial {
    static func run(
        of database: String, _ vault: Vault, in folder: String, _ timekeeper: any Timekeeper
    ) async throws -> BackupContents {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let copy = folder + "/" + BackupManifest.databaseName
        try FileManager.default.copyItem(atPath: database, toPath: copy)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: copy)
        let faults = try SQLiteEngine.findings(in: copy)
        guard faults.isEmpty else {
            throw PlatformError(
                .backupBroken, "SQLite finds: \(faults.prefix(3).joined(separator: "; "))")
        }
        // The key is handed over in memory: it does not lie beside what it seals.
        let engine = try SQLiteEngine(folder: DataFolder(path: folder)) { _ in }
        let quiet = Logger(label: "longshore") { _ in SwiftLogNoOpLogHandler() }
        let platform = try await Platform(
            PlatformConfiguration(dataPath: folder),
            on: .init(vault: vault, engine: engine, http: NoExchange()), timekeeper: timekeeper,
            logger: quiet)
        let contents: BackupContents
        do { contents = try await count(platform) } catch {
            await platform.close()
            throw error
        }
        await platform.close()
        try DataFolder.sync(copy)
        return contents
    }

    private static func count(_ platform: Platform) async throws -> BackupContents {
        var contents = BackupContents()
        for tenant in try await platform.authentication.service.tenants() {
            let report = try await platform.verification(of: tenant.id)
            contents.tenants += 1
            contents.orders += report.orders
            contents.fulfilmentOrders += report.fulfilmentOrders
            contents.stockLevels += report.stockLevels
            contents.reservations += report.reservations
            contents.findings += report.findings.count
        }
        contents.jobs = try await platform.store.survey {
            try $0.jobCounts(tenant: nil).values.reduce(0, +)
        }
        return contents
    }
}

/// A way out that leads nowhere: a copy on trial calls nobody.
private struct NoExchange: HTTPExchange {
    func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        throw ChannelError(.unreachable, "a copy on trial calls nobody")
    }
}
