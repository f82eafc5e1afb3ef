import AsyncHTTPClient
import Kernel
import NIOCore
import NIOHTTP1

/// The HTTP client with limits: 5 s to connect, 20 s in all, 10 MB of answer, no redirects.
package final class OutboundClient: HTTPExchange {
    private static let answerLimit = 10_485_760
    /// What is under way is bounded by the connections' own limits: a request that may be made must
    /// not wait for another to end.
    private static let connectionsPerHost = 256
    private let client: HTTPClient
    private let gate: DepartureGate

    package init() {
        let gate = DepartureGate()
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: .seconds(20)))
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            Self.connectionsPerHost
        // The gate stands on the way of HTTP/1.1.
        configuration.httpVersion = .http1Only
        configuration.http1_1ConnectionDebugInitializer = { gate.install(on: $0) }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.gate = gate
    }

    package func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        let pass = gate.announce(request.mayLeave)
        defer { gate.forget(pass) }
        var outbound = HTTPClientRequest(url: request.url)
        outbound.method = .init(rawValue: request.method)
        for (name, value) in request.headers { outbound.headers.add(name: name, value: value) }
        outbound.headers.add(name: DepartureGate.header, value: String(pass))
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
            if let refusal = gate.refusal(of: pass) { throw refusal }
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
