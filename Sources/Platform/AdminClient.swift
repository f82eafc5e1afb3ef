import AsyncHTTPClient
package import Console
import Foundation
import Kernel
import NIOCore
import NIOHTTP1
import StorageSQLite

/// Speaks to the process that holds a data folder, over its admin socket.
package struct AdminClient: ConsoleSource {
    private static let answerLimit = 64 * 1_048_576
    /// A server that died left its socket: whoever asks it is to hear so at once, not after the minutes
    /// for which the shared client tries again.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()
    private let socket: String
    private let tenant: String?

    package init(dataPath: String, tenant: String? = nil) {
        socket = DataFolder.adminSocketPath(in: dataPath)
        self.tenant = tenant
    }

    /// Whether someone answers on a folder's admin socket for longer than one command takes.
    package static func isServed(_ dataPath: String) -> Bool {
        FileManager.default.fileExists(atPath: DataFolder.servingMark(in: dataPath))
    }

    package func get(_ path: String) async throws -> ConsoleAnswer {
        do { return try await send(.GET, path, body: [], key: nil) } catch is PlatformError {
            // A pooled connection may belong to a server that was restarted; reading again is safe.
            return try await send(.GET, path, body: [], key: nil)
        }
    }

    package func post(_ path: String, body: [UInt8], key: String) async throws -> ConsoleAnswer {
        try await send(.POST, path, body: body, key: key)
    }

    package func patch(_ path: String, body: [UInt8], key: String) async throws -> ConsoleAnswer {
        try await send(.PATCH, path, body: body, key: key)
    }

    package func delete(_ path: String, key: String) async throws -> ConsoleAnswer {
        try await send(.DELETE, path, body: [], key: key)
    }

    /// - Parameter key: the idempotency key of a request that creates.
    /// - Throws: `PlatformError.serverUnreachable`.
    private func send(
        _ method: HTTPMethod, _ path: String, body: [UInt8], key: String?
    ) async throws -> ConsoleAnswer {
        let host = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? socket
        var request = HTTPClientRequest(url: "http+unix://\(host)\(path)")
        request.method = method
        request.headers.add(name: "content-type", value: "application/json")
        if let key { request.headers.add(name: "idempotency-key", value: key) }
        if let tenant { request.headers.add(name: "longshore-tenant", value: tenant) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            let response = try await Self.client.execute(request, timeout: .seconds(120))
            let bytes = try await response.body.collect(upTo: Self.answerLimit)
            return ConsoleAnswer(
                status: Int(response.status.code), body: Array(bytes.readableBytesView))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw PlatformError(.serverUnreachable, "no answer on \(socket): \(type(of: error))")
        }
    }
}
