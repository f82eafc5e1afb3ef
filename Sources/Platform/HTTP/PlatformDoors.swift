import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Synchronization
import Web

/// The installation's doors without a socket: what comes in is answered as the server would.
package struct PlatformDoors: Sendable {
    package enum Door: Sendable { case everyone, owner }

    private let everyone: any HTTPResponder<APIContext>
    private let owner: any HTTPResponder<APIContext>
    private let platform: Platform

    package init(_ platform: Platform) {
        self.platform = platform
        everyone = platform.publicRouter().buildResponder()
        owner = platform.adminRouter().buildResponder()
    }

    /// - Parameters:
    ///   - target: path and query.
    ///   - correlation: what ties together all that this request causes.
    package func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = [],
        at door: Door = .owner, correlation: String
    ) async throws -> (status: Int, body: [UInt8]) {
        var fields = HTTPFields()
        for (name, value) in headers {
            if let name = HTTPField.Name(name) {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        let request = Request(
            head: HTTPRequest(
                method: .init(rawValue: method) ?? .get, scheme: "http", authority: "localhost",
                path: target, headerFields: fields), body: .init(buffer: ByteBuffer(bytes: body)))
        let context = APIContext(logger: platform.logger, correlation: correlation)
        let responder = door == .owner ? owner : everyone
        let response = try await responder.respond(to: request, context: context)
        let collected = Collected()
        try await response.body.write(collected)
        return (response.status.code, collected.bytes)
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
