import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import Synchronization

/// A request that came by no socket.
package struct SocketlessRequest: Sendable {
    package let method: String
    /// Path and query.
    package let target: String
    package let authority: String
    package let headers: [(String, String)]
    package let body: [UInt8]

    package init(
        method: String, target: String, authority: String, headers: [(String, String)],
        body: [UInt8]
    ) {
        (self.method, self.target, self.authority) = (method, target, authority)
        (self.headers, self.body) = (headers, body)
    }

    /// Has `responder` answer as it would a request from a socket, and gathers the whole answer.
    /// - Throws: when the answer is cut off.
    package func answer<Context>(
        by responder: any HTTPResponder<Context>, _ context: Context
    ) async throws -> (status: Int, headers: [(String, String)], body: [UInt8]) {
        var fields = HTTPFields()
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        let head = HTTPRequest(
            method: .init(rawValue: method) ?? .get, scheme: "http", authority: authority,
            path: target, headerFields: fields)
        let request = Request(head: head, body: .init(buffer: ByteBuffer(bytes: body)))
        let response = try await responder.respond(to: request, context: context)
        let collected = Collected()
        try await response.body.write(collected)
        return (
            response.status.code, response.headers.map { ($0.name.canonicalName, $0.value) },
            collected.bytes
        )
    }

    private final class Collected: ResponseBodyWriter, Sendable {
        private let held = Mutex<[UInt8]>([])
        var bytes: [UInt8] { held.withLock { $0 } }

        func write(_ buffer: ByteBuffer) async throws {
            held.withLock { $0 += buffer.readableBytesView }
        }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}

/// What a request context is made from when there is no socket.
package struct SocketlessSource: RequestContextSource {
    package let logger: Logger

    package init(logger: Logger) { self.logger = logger }
}
