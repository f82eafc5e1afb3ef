import AsyncHTTPClient
import Crypto
import Foundation
import Kernel
import NIOCore
import NIOHTTP1

/// Sends the marketplace's events to sellers, signed as each asked, and again when they fail.
struct WebhookSender: Sendable {
    /// The marketplace waits 5, 15 and 45 minutes; here seconds stand for minutes.
    private static let waits: [Duration] = [.zero, .seconds(1), .seconds(3), .seconds(9)]

    typealias Delivery = @Sendable (_ url: String, SandboxMessage) async throws -> Int

    let timekeeper: any Timekeeper
    /// Takes a message to its address and answers with the status.
    let deliver: Delivery

    /// Body of one event.
    static func body(
        _ type: String, id: String, order: SandboxOrder, lines: [(String, Int)], at now: Int64
    ) -> String {
        let stamp = Instant(microseconds: now * 1000).description
        let rows = lines.map { number, quantity in
            SandboxJSON.object([
                ("lineNumber", .text(number)),
                ("sku", .text(order.lines.first { $0.number == number }?.sku ?? "")),
                (
                    "quantity",
                    .object([
                        ("unitOfMeasure", .text("EACH")),
                        ("measurementValue", .text(String(quantity))),
                    ])
                ),
            ])
        }
        return SandboxJSON.object([
            (
                "source",
                .object([
                    ("eventType", .text(type)), ("eventTime", .text(stamp)), ("eventId", .text(id)),
                ])
            ),
            (
                "payload",
                .object([
                    ("partnerId", .text(order.seller)), ("purchaseOrderId", .text(order.number)),
                    ("customerOrderId", .text(order.customerOrder)), ("orderLines", .list(rows)),
                ])
            ),
        ]).rendered
    }

    /// Tries until it is taken or the tries are used up.
    func send(_ body: String, to webhook: SandboxSeller.Webhook) async {
        for wait in Self.waits {
            do {
                if wait > .zero { try await timekeeper.sleep(for: wait) }
                if try await post(body, to: webhook) { return }
            } catch is CancellationError {
                return
            } catch {
                // Not reached: the next try, if there is one, comes after its wait.
                continue
            }
        }
    }

    private func post(_ body: String, to webhook: SandboxSeller.Webhook) async throws -> Bool {
        let headers =
            [("content-type", "application/json")] + (try await proof(of: body, for: webhook))
        let status = try await deliver(
            webhook.url,
            SandboxMessage(
                method: "POST", target: Self.target(of: webhook.url), headers: headers,
                body: Array(body.utf8)))
        return (200..<300).contains(status)
    }

    /// Path and query of an address.
    private static func target(of url: String) -> String {
        URL(string: url).map { $0.path + ($0.query.map { "?" + $0 } ?? "") } ?? "/"
    }

    @Sendable static func overHTTP(_ url: String, _ message: SandboxMessage) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: message.method)
        for (name, value) in message.headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: message.body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        _ = try await response.body.collect(upTo: 65_536)
        return Int(response.status.code)
    }

    private func proof(
        of body: String, for webhook: SandboxSeller.Webhook
    ) async throws -> [(String, String)] {
        let key = SymmetricKey(data: Data(webhook.secret.utf8))
        switch webhook.method {
        case "basic":
            let pair = Data("\(webhook.user):\(webhook.secret)".utf8).base64EncodedString()
            return [(webhook.headerName, "Basic " + pair)]
        case "hmac":
            let code = HMAC<SHA256>.authenticationCode(for: Data(body.utf8), using: key)
            return [(webhook.headerName, Data(code).base64EncodedString())]
        case "oauth":
            return [(webhook.headerName, "Bearer " + (try await fetchToken(webhook)))]
        default:
            let stamp = String(timekeeper.now.microseconds / 1_000_000)
            let path = Self.target(of: webhook.url)
            let digest = SHA256.hash(data: Data(body.utf8)).map { byte in
                let digits = String(byte, radix: 16)
                return digits.count < 2 ? "0" + digits : digits
            }.joined()
            let text = ["POST", path, stamp, digest].joined(separator: "\n")
            let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
            return [
                ("WM_SEC.TIMESTAMP", stamp), ("WM_SEC.SIGNATURE", Data(code).base64EncodedString()),
            ]
        }
    }

    private struct TokenAnswer: Decodable {
        let access_token: String
    }

    private func fetchToken(_ webhook: SandboxSeller.Webhook) async throws -> String {
        var request = HTTPClientRequest(url: webhook.url + "/token")
        request.method = .POST
        let pair = Data("\(webhook.user):\(webhook.secret)".utf8).base64EncodedString()
        request.headers.add(name: "authorization", value: "Basic " + pair)
        request.body = .bytes(ByteBuffer(string: "grant_type=client_credentials"))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        let body = try await response.body.collect(upTo: 65_536)
        return try JSONDecoder().decode(TokenAnswer.self, from: Data(body.readableBytesView))
            .access_token
    }
}
