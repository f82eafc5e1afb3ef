import Crypto
import Glibc
import Kernel

package enum FileDigest {
    private static let piece = 1 << 20

    /// SHA-256 of a file of any size, in hexadecimal digits; a megabyte is held at a time.
    /// - Throws: `SecurityError.fileUnreadable`.
    package static func sha256Hex(of path: String) throws -> String {
        guard let handle = fopen(path, "rb") else {
            throw SecurityError(.fileUnreadable, "\(path) cannot be read")
        }
        defer { fclose(handle) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: piece)
        while true {
            let count = fread(&buffer, 1, piece, handle)
            guard count > 0 else { break }
            hash.update(data: buffer[..<count])
        }
        guard ferror(handle) == 0 else {
            throw SecurityError(.fileUnreadable, "\(path) cannot be read to its end")
        }
        return Hex.encode(hash.finalize())
    }
}
