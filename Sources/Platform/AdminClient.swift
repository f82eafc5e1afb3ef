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
        // Nobody there is known at once; somebody who is busy may take a while.
        configuration.timeout.connect = .seconds(60)
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
        try await send(.GET, path, body: [], key: nil)
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

    /// - Parameter key: the idempotency key of a request that changes something.
    /// - Throws: `PlatformError.serverUnreachable`.
    private func send(
        _ method: HTTPMethod, _ path: String, body: [UInt8], key: String?
    ) async throws -> ConsoleAnswer {
        do {
            return try await sendAgain(method, path, body: body, key: key)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let reason =
                (error as? HTTPClientError).map { "\($0)" } ?? (error as? IOError).map { "\($0)" }
                ?? "\(type(of: error))"
            throw PlatformError(.serverUnreachable, "no answer on \(socket): \(reason)")
        }
    }

    /// A pooled connection may have been closed, or belong to a server that was restarted. Reading again
    /// is safe, and so is a change with the same key.
    private func sendAgain(
        _ method: HTTPMethod, _ path: String, body: [UInt8], key: String?
    ) async throws -> ConsoleAnswer {
        do {
            return try await sendOnce(method, path, body: body, key: key)
        } catch  where method == .GET || Self.isLostConnection(error) {
            return try await sendOnce(method, path, body: body, key: key)
        }
    }

    private static func isLostConnection(_ error: any Error) -> Bool {
        error is IOError || (error as? HTTPClientError) == .remoteConnectionClosed
    }

    private func sendOnce(
        _ method: HTTPMethod, _ path: String, body: [UInt8], key: String?
    ) async throws -> ConsoleAnswer {
        let host = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? socket
        var request = HTTPClientRequest(url: "http+unix://\(host)\(path)")
        request.method = method
        request.headers.add(name: "content-type", value: "application/json")
        if let key { request.headers.add(name: "idempotency-key", value: key) }
        if let tenant { request.headers.add(name: "longshore-tenant", value: tenant) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await Self.client.execute(request, timeout: .seconds(120))
        let bytes = try await response.body.collect(upTo: Self.answerLimit)
        return ConsoleAnswer(
            status: Int(response.status.code), body: Array(bytes.readableBytesView))
    }
}
