import AsyncHTTPClient
import Kernel
import NIOCore
import NIOHTTP1

/// One request to an outside system.
package struct OutboundRequest: Sendable {
    package var method: String
    package var url: String
    package var headers: [(String, String)]
    package var body: [UInt8]

    package init(method: String, url: String, headers: [(String, String)], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

package struct OutboundResponse: Sendable {
    package let status: Int
    package let headers: [(String, String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(String, String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.0.lowercased() == name.lowercased() }?.1
    }
}

/// The way out: replaced in tests by one that cuts, delays and repeats.
package protocol HTTPExchange: Sendable {
    /// - Throws: `ChannelError.unreachable` when no whole answer came.
    func send(_ request: OutboundRequest) async throws -> OutboundResponse
}

/// The HTTP client with limits: 5 s to connect, 20 s in all, 10 MB of answer, no redirects.
package final class OutboundClient: HTTPExchange {
    private static let answerLimit = 10_485_760
    private let client: HTTPClient

    package init() {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(20)))
        configuration.connectionPool.idleTimeout = .seconds(30)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        var outbound = HTTPClientRequest(url: request.url)
        outbound.method = .init(rawValue: request.method)
        for (name, value) in request.headers { outbound.headers.add(name: name, value: value) }
        if !request.body.isEmpty { outbound.body = .bytes(ByteBuffer(bytes: request.body)) }
        do {
            let response = try await client.execute(outbound, timeout: .seconds(20))
            let body = try await response.body.collect(upTo: Self.answerLimit)
            return OutboundResponse(
                status: Int(response.status.code),
                headers: response.headers.map { ($0.name, $0.value) },
                body: Array(body.readableBytesView))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ChannelError(
                .unreachable, "no answer from \(Self.host(request.url)): \(type(of: error))")
        }
    }

    /// Lets connections go; what is under way is cut.
    deinit { client.shutdown { _ in } }

    /// Only the host: paths and queries may carry what logs must not.
    private static func host(_ url: String) -> String {
        let parts = url.split(separator: "/", omittingEmptySubsequences: true)
        return parts.count > 1 ? String(parts[1]) : "the channel"
    }
}
