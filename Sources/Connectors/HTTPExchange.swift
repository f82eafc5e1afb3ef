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
    /// Asked when its first byte is about to leave; what it throws keeps the request here.
    package var mayLeave: @Sendable () throws -> Void

    package init(
        method: String, url: String, headers: [(String, String)], body: [UInt8] = [],
        mayLeave: @escaping @Sendable () throws -> Void = {}
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.mayLeave = mayLeave
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
    /// - Throws: `ChannelError.unreachable` when no whole answer came; what `mayLeave` threw, when
    ///   nothing was sent for its sake.
    func send(_ request: OutboundRequest) async throws -> OutboundResponse
}
