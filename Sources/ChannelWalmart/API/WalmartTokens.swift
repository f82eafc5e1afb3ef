import Connectors
import Contracts
import Foundation
import Kernel
import Storage
import Synchronization

/// Access tokens by connection: fetched once for all who wait, renewed before they run out.
actor WalmartTokens {
    private struct Token {
        let text: String
        let expiresAt: Instant
        let credentials: Credentials
    }

    /// What a token was given for: with other ones it is worth nothing, however long it would last.
    private struct Credentials: Equatable {
        let address: String
        let client: String
        let secret: String

        init(_ access: ConnectionAccess) {
            (address, client) = (access.baseURL, access.clientID)
            secret = access.clientSecret
        }
    }

    /// A fetch under way, and those who wait for it.
    private final class Fetch: Sendable {
        let done = Signal()
        let failure = Mutex<(any Error)?>(nil)
    }

    private struct Answer: Decodable {
        let access_token: String
        let expires_in: LooseInteger?
    }

    /// A token is not used in its last minute.
    private static let margin = Duration.seconds(60)

    private let http: any HTTPExchange
    private let timekeeper: any Timekeeper
    private var tokens: [ConnectionID: Token] = [:]
    private var fetches: [ConnectionID: Fetch] = [:]

    init(http: any HTTPExchange, timekeeper: any Timekeeper) {
        self.http = http
        self.timekeeper = timekeeper
    }

    func token(for access: ConnectionAccess) async throws -> String {
        while true {
            if let known = tokens[access.id], timekeeper.now < known.expiresAt,
                known.credentials == Credentials(access)
            {
                return known.text
            }
            guard let running = fetches[access.id] else { return try await fetch(access) }
            await running.done.wait(after: 0)
            try Task.checkCancellation()
            // Whoever fetched may have been cancelled: then one of those who wait does it.
            if let failure = running.failure.withLock({ $0 }), !(failure is CancellationError) {
                throw failure
            }
        }
    }

    private func fetch(_ access: ConnectionAccess) async throws -> String {
        let fetch = Fetch()
        fetches[access.id] = fetch
        defer {
            fetches[access.id] = nil
            fetch.done.raise()
        }
        do {
            let token = try await Self.fetch(access, http, timekeeper.now)
            tokens[access.id] = token
            return token.text
        } catch {
            fetch.failure.withLock { $0 = error }
            throw error
        }
    }

    /// Forgets a token the channel refused.
    func drop(_ text: String, of connection: ConnectionID) {
        if tokens[connection]?.text == text { tokens[connection] = nil }
    }

    private static func fetch(
        _ access: ConnectionAccess, _ http: any HTTPExchange, _ now: Instant
    ) async throws -> Token {
        let pair = Data("\(access.clientID):\(access.clientSecret)".utf8).base64EncodedString()
        let response = try await http.send(
            OutboundRequest(
                method: "POST", url: access.baseURL + "/v3/token",
                headers: [
                    ("Authorization", "Basic " + pair), ("Accept", "application/json"),
                    ("Content-Type", "application/x-www-form-urlencoded"),
                    ("WM_SVC.NAME", "Walmart Marketplace"),
                    ("WM_QOS.CORRELATION_ID", UUID().uuidString),
                ], body: Array("grant_type=client_credentials".utf8)))
        guard response.status == 200 else { throw WalmartErrors.fault(response, now: now) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)) else {
            throw ChannelError(.answerMalformed, "the token answer is not readable")
        }
        let life = Duration.seconds(min(max(answer.expires_in?.value ?? 900, 1), 86_400))
        // A life shorter than the margin, as in tests, is used to its half.
        return Token(
            text: answer.access_token, expiresAt: now + max(life - margin, life / 2),
            credentials: Credentials(access))
    }
}
