import Hummingbird
import Kernel
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
        let request = SocketlessRequest(
            method: method, target: target, authority: "localhost", headers: headers, body: body)
        let context = APIContext(logger: platform.logger, correlation: correlation)
        let answer = try await request.answer(by: door == .owner ? owner : everyone, context)
        return (answer.status, answer.body)
    }
}
