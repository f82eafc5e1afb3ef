import Crypto
import FoundationEssentials
package import Kernel

package enum SecurityFaultCode: String, FaultCode {
    case sealBroken, keyMalformed, signatureWrong, timestampOutside, credentialsMissing,
        fileUnreadable

    package static let service = "security"

    package var kind: FaultKind {
        switch self {
        case .sealBroken, .keyMalformed: .defect
        case .fileUnreadable: .unavailable
        case .signatureWrong, .timestampOutside, .credentialsMissing: .unauthenticated
        }
    }
}

package typealias SecurityError = CodedFault<SecurityFaultCode>

/// Bytes nobody can read or move elsewhere without the vault.
package struct Sealed: Codable, Hashable, Sendable {
    /// Version of the key, then nonce, ciphertext and tag, base64.
    package let text: String
}

/// Where a sealed value lives; it opens nowhere else.
package struct SealContext: Sendable {
    let tenant: TenantID
    let place: String

    /// - Parameter place: collection, record and field, such as `contacts/con_…/details`.
    package init(tenant: TenantID, place: String) {
        self.tenant = tenant
        self.place = place
    }

    var bytes: Data { Data("lsh1\u{1F}\(tenant)\u{1F}\(place)".utf8) }
}

/// Seals secrets and personal data under a key per tenant, derived from the installation's own.
///
/// AES-256-GCM with a random 96-bit nonce; tenant and place are authenticated with it. Keys are
/// HKDF-SHA256 of the master key, salted by tenant and use.
package struct Vault: Sendable {
    private let master: SymmetricKey

    /// - Throws: `SecurityError.keyMalformed` unless the key is 32 bytes.
    package init(masterKey: [UInt8]) throws {
        guard masterKey.count == 32 else {
            throw SecurityError(.keyMalformed, "the master key is not 32 bytes")
        }
        master = SymmetricKey(data: masterKey)
    }

    package static func newMasterKey() -> [UInt8] {
        SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    }

    package func seal(_ plain: [UInt8], for context: SealContext) throws -> Sealed {
        let box = try AES.GCM.seal(
            plain, using: key(context.tenant, "seal"), authenticating: context.bytes)
        guard let combined = box.combined else {
            throw SecurityError(.sealBroken, "the sealed box has no combined form")
        }
        return Sealed(text: "lsh1:" + combined.base64EncodedString())
    }

    /// - Throws: `SecurityError.sealBroken` for another tenant's, another place's or changed bytes.
    package func open(_ sealed: Sealed, for context: SealContext) throws -> [UInt8] {
        guard sealed.text.hasPrefix("lsh1:"),
            let combined = Data(base64Encoded: String(sealed.text.dropFirst(5)))
        else { throw SecurityError(.sealBroken, "not a sealed value") }
        do {
            let box = try AES.GCM.SealedBox(combined: combined)
            return Array(
                try AES.GCM.open(
                    box, using: key(context.tenant, "seal"), authenticating: context.bytes))
        } catch {
            throw SecurityError(.sealBroken, "\(context.place) does not open under this key")
        }
    }

    /// A token to search personal data by without storing it: equal inputs give equal tokens,
    /// within one tenant only.
    package func searchToken(_ text: String, tenant: TenantID) -> String {
        let normal = text.lowercased().filter { !$0.isWhitespace }
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(normal.utf8), using: key(tenant, "search"))
        return Hex.encode(code.prefix(16))
    }

    private func key(_ tenant: TenantID, _ use: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: master, salt: Data(tenant.rawValue.utf8), info: Data(use.utf8),
            outputByteCount: 32)
    }
}
