import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import Processes
import Storage

/// The pretended marketplace as a process of its own, and the way to its control routes.
final class SandboxProcess: Sendable {
    let port: Int
    private let process: ChildProcess

    /// Starts it and waits until it listens. Its input ends when this process does, however it ends;
    /// then the sandbox ends too.
    init(arguments: [String]) async throws {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        let process = try await ChildProcess.start(
            [program, "sandbox", "walmart", "--port", "0", "--until-input-ends"] + arguments,
            errors: .asOurs)
        guard let text = await process.firstLine() else {
            throw DemoError(detail: "the sandbox did not start")
        }
        guard let port = text.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw DemoError(detail: "the sandbox said “\(text)”")
        }
        self.port = port
        self.process = process
    }

    var baseURL: String { "http://127.0.0.1:\(port)" }

    func post(_ path: String, _ body: JSONValue = .object([:])) async throws {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = .POST
        request.body = .bytes(ByteBuffer(bytes: try BodyCoder.encode(body)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        guard response.status.code < 300 else {
            throw DemoError(detail: "the sandbox answered \(response.status.code) to \(path)")
        }
    }

    func get(_ path: String) async throws -> JSONValue {
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: baseURL + path), timeout: .seconds(20))
        let body = try await response.body.collect(upTo: 256 * 1_048_576)
        return try BodyCoder.decode(JSONValue.self, from: Array(body.readableBytesView))
    }

    /// Ends it; called last.
    func stop() async throws {
        process.signal(SIGTERM)
        try await process.ended()
    }
}

struct DemoError: Error, CustomStringConvertible {
    let detail: String
    var description: String { detail }
}
