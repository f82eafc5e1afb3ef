import Foundation
import Glibc
package import Kernel
package import Security

package enum PlatformFaultCode: String, FaultCode {
    case secretsMissing, secretsOpen, secretsMalformed, tenantUnknown, tenantAmbiguous
    case notInitialised, serverUnreachable, portTaken, backupRefused, backupBroken

    package static let service = "platform"

    package var kind: FaultKind {
        switch self {
        case .tenantUnknown: .notFound
        case .serverUnreachable, .portTaken: .unavailable
        case .backupRefused: .refused
        case .backupBroken: .defect
        default: .invalid
        }
    }
}

package typealias PlatformError = CodedFault<PlatformFaultCode>

/// The file with the installation's master key: 32 bytes in base64, readable by its owner alone.
package enum SecretsFile {
    package static func path(in folder: String) -> String { folder + "/secrets" }

    /// Makes the file where absent. - Returns: whether it was made.
    package static func create(in folder: String) throws -> Bool {
        let path = path(in: folder)
        guard !FileManager.default.fileExists(atPath: path) else { return false }
        let text = Data(Vault.newMasterKey()).base64EncodedString() + "\n"
        let made = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard made else { throw PlatformError(.secretsMissing, "cannot write \(path)") }
        return true
    }

    /// - Throws: `PlatformError.secretsMissing`, `.secretsOpen`, `.secretsMalformed`.
    package static func read(in folder: String) throws -> Vault {
        try read(at: path(in: folder))
    }

    /// - Throws: as ``read(in:)``.
    package static func read(at path: String) throws -> Vault {
        guard let data = FileManager.default.contents(atPath: path) else {
            guard access(path, F_OK) != 0, errno == ENOENT else {
                throw PlatformError(
                    .secretsMissing,
                    "\(path) cannot be read by this user; run as the one who made it")
            }
            throw PlatformError(
                .secretsMissing, "\(path) is missing; run “longshore init” first")
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        guard mode & 0o077 == 0 else {
            throw PlatformError(
                .secretsOpen, "\(path) can be read by others; run: chmod 600 \(path)")
        }
        let text = String(decoding: data, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard let key = Data(base64Encoded: text), key.count == 32 else {
            throw PlatformError(.secretsMalformed, "\(path) holds no 32-byte key in base64")
        }
        return try Vault(masterKey: Array(key))
    }
}
