import FoundationEssentials
package import Hummingbird
import Kernel
import NIOCore

extension Request {
    /// The whole body, within the size limit and thirty seconds.
    /// - Throws: `WebError.bodyTooLarge`, `.bodyTimedOut`.
    package func wholeBody(upTo limit: Int, within duration: Duration = .seconds(30)) async throws
        -> [UInt8]
    {
        if let length = headers[.contentLength].flatMap(Int.init), length > limit {
            throw WebError(.bodyTooLarge, "a body may have \(limit) bytes at most")
        }
        let body = body
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await Self.collect(body, upTo: limit) }
            group.addTask {
                try await Task.sleep(for: duration)
                throw WebError(.bodyTimedOut, "the body did not come within \(duration)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    private static func collect(_ body: RequestBody, upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in body {
            guard bytes.count + buffer.readableBytes <= limit else {
                throw WebError(.bodyTooLarge, "a body may have \(limit) bytes at most")
            }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }
}

/// A value sent as JSON.
package struct JSONReply<Value: Encodable>: ResponseGenerator {
    private let value: Value
    private let status: HTTPResponse.Status

    package init(_ value: Value, status: HTTPResponse.Status = .ok) {
        self.value = value
        self.status = status
    }

    package func response(from request: Request, context: some RequestContext) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = try encoder.encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}

/// A list with where its next page begins.
package struct ListReply<Item: Encodable & Sendable>: Encodable, Sendable {
    package let items: [Item]
    package let next: String?

    package init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}
