package import Contracts
import Foundation
package import Kernel
import Security

/// Tells Walmart's webhooks from forgeries, on the bytes as they came.
package struct WebhookVerifier: Sendable {
    /// A signed time may be this old …
    static let window = Duration.seconds(300)
    /// … or this far ahead.
    static let skew = Duration.seconds(120)
    private static let tokenLife = Duration.seconds(3600)

    private let access: WebhookAccess

    package init(_ access: WebhookAccess) { self.access = access }

    /// What arrived, as it came.
    package struct Delivery: Sendable {
        package let method: String
        package let pathAndQuery: String
        package let header: @Sendable (String) -> String?
        package let body: [UInt8]

        package init(
            method: String, pathAndQuery: String,
            header: @escaping @Sendable (String) -> String?, body: [UInt8]
        ) {
            self.method = method
            self.pathAndQuery = pathAndQuery
            self.header = header
            self.body = body
        }
    }

    /// - Throws: `SecurityError.credentialsMissing`, `.signatureWrong`, `.timestampOutside`.
    package func verify(_ delivery: Delivery, at now: Instant) throws {
        switch access.method {
        case .basic: try verifyBasic(delivery)
        case .hmac: try verifyHMAC(delivery)
        case .oauth: try verifyToken(delivery, now)
        case .signature: try verifySignature(delivery, now)
        }
    }

    private func header(_ name: String, of delivery: Delivery) throws -> String {
        guard let value = delivery.header(name), !value.isEmpty else {
            throw SecurityError(.credentialsMissing, "the header \(name) is missing")
        }
        return value
    }

    private func verifyBasic(_ delivery: Delivery) throws {
        let sent = try header(access.headerName, of: delivery)
        try require(
            access.secrets.contains { secret in
                let pair = Data("\(access.user):\(secret)".utf8).base64EncodedString()
                return Digest.areEqual(Array("Basic \(pair)".utf8), Array(sent.utf8))
            })
    }

    private func verifyHMAC(_ delivery: Delivery) throws {
        let sent = try header(access.headerName, of: delivery)
        // The documents do not say which: base64 or hexadecimal.
        let forms = [Data(base64Encoded: sent).map(Array.init), Hex.decode(sent)].compactMap { $0 }
        try require(
            access.secrets.contains { secret in
                let code = Digest.hmacSHA256(delivery.body, key: Array(secret.utf8))
                return forms.contains { Digest.areEqual($0, code) }
            })
    }

    private func verifySignature(_ delivery: Delivery, _ now: Instant) throws {
        let stamp = try header("WM_SEC.TIMESTAMP", of: delivery)
        let signature = try header("WM_SEC.SIGNATURE", of: delivery)
        guard let number = Int64(stamp), let sentAt = Self.moment(number) else {
            throw SecurityError(.timestampOutside, "the time stamp is no number")
        }
        let age = now.duration(since: sentAt)
        guard age <= Self.window, age >= .zero - Self.skew else {
            throw SecurityError(.timestampOutside, "the time stamp is outside the window")
        }
        let text = [
            delivery.method, delivery.pathAndQuery, stamp, Digest.sha256Hex(delivery.body),
        ].joined(separator: "\n")
        let sent = Data(base64Encoded: signature).map(Array.init) ?? []
        try require(
            access.secrets.contains {
                Digest.areEqual(
                    Digest.hmacSHA256(Array(text.utf8), key: Array($0.utf8)), sent)
            })
    }

    /// Seconds or milliseconds since 1970.
    private static func moment(_ number: Int64) -> Instant? {
        guard number > 0 else { return nil }
        return Instant(milliseconds: number > 100_000_000_000 ? number : number * 1000)
    }

    private func require(_ isRight: Bool) throws {
        guard isRight else { throw SecurityError(.signatureWrong, "the signature is wrong") }
    }
}

extension WebhookVerifier {
    /// A token Walmart fetches from us and sends back; it holds its own end and needs no storage.
    package func issueToken(at now: Instant) -> (text: String, seconds: Int64) {
        let end = String((now + Self.tokenLife).microseconds)
        let code = Digest.hmacSHA256(
            Array(("token:" + end).utf8), key: Array((access.secrets.first ?? "").utf8))
        return (end + "." + Hex.encode(code), Self.tokenLife.components.seconds)
    }

    /// Whether user and secret of a token request are right.
    package func mayFetchToken(user: String, secret: String) -> Bool {
        user == access.user
            && access.secrets.contains { Digest.areEqual(Array($0.utf8), Array(secret.utf8)) }
    }

    private func verifyToken(_ delivery: Delivery, _ now: Instant) throws {
        let sent = try header(access.headerName, of: delivery)
        let parts = sent.replacing("Bearer ", with: "").split(separator: ".")
        guard parts.count == 2, let end = Int64(parts[0]), let code = Hex.decode(String(parts[1]))
        else { throw SecurityError(.signatureWrong, "the token is not one of ours") }
        guard now < Instant(microseconds: end) else {
            throw SecurityError(.timestampOutside, "the token has run out")
        }
        try require(
            access.secrets.contains {
                Digest.areEqual(
                    Digest.hmacSHA256(Array("token:\(end)".utf8), key: Array($0.utf8)), code)
            })
    }
}
