package import Kernel

/// What a backup holds; the last file written, so that one without it is none.
package struct BackupManifest: Codable, Sendable {
    package static let fileName = "manifest.json"
    package static let databaseName = "longshore.db"

    package let takenAt: Instant
    package let engine: String
    /// Of the database file.
    package let bytes: Int64
    /// Of the database file, in hexadecimal digits.
    package let sha256: String
    /// Whether the master key stands beside it; without the key what is sealed cannot be read.
    package let hasSecrets: Bool
    /// Tells the right master key from another; of 256 bits of chance, it gives nothing away.
    package let keySHA256: String
    package let contents: BackupContents
}

/// What was counted in the copy after it was opened as a restore would.
package struct BackupContents: Codable, Sendable, Hashable {
    package var tenants = 0
    package var orders = 0
    package var fulfilmentOrders = 0
    package var stockLevels = 0
    package var reservations = 0
    package var jobs = 0
    /// Invariants that do not hold, over all tenants.
    package var findings = 0
}
