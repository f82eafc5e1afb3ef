import Connectors
import Contracts
import Foundation
import Kernel

/// Access tokens by connection: fetched once for all who wait, renewed before they run out.
actor WalmartTokens {
    private struct Token {
        let text: String
        let expiresAt: Instant
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
    private var fetches: [ConnectionID: Task<Token, any Error>] = [:]

    init(http: any HTTPExchange, timekeeper: any Timekeeper) {
        self.http = http
        self.timekeeper = timekeeper
    }

    func token(for access: ConnectionAccess) async throws -> String {
        if let known = tokens[access.id], timekeeper.now < known.expiresAt { return known.text }
        if let running = fetches[access.id] { return try await running.value.text }
        let http = http
        let timekeeper = timekeeper
        // Shared by all who wait: it must not end with the first of them.
        let fetch = Task { try await Self.fetch(access, http, timekeeper.now) }
        fetches[access.id] = fetch
        defer { fetches[access.id] = nil }
        let token = try await fetch.value
        tokens[access.id] = token
        return token.text
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
        return Token(text: answer.access_token, expiresAt: now + max(life - margin, life / 2))
    }
}
