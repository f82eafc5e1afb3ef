import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import Storage

/// The pretended marketplace as a process of its own, and the way to its control routes.
final class SandboxProcess: Sendable {
    let port: Int
    private let processID: pid_t
    /// Its end closes when this process ends, however it ends; then the sandbox ends too.
    private let input: FileHandle
    private let process: Process

    /// Starts it and waits until it listens.
    init(arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            ["sandbox", "walmart", "--port", "0", "--until-input-ends"] + arguments
        let output = Pipe()
        let input = Pipe()
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw DemoError(detail: "the sandbox did not start")
            }
            line.append(more)
        }
        let text = String(decoding: line, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard let port = text.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw DemoError(detail: "the sandbox said “\(text)”")
        }
        self.port = port
        self.process = process
        self.input = input.fileHandleForWriting
        processID = process.processIdentifier
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
    func stop() {
        kill(processID, SIGTERM)
        process.waitUntilExit()
    }
}

struct DemoError: Error, CustomStringConvertible {
    let detail: String
    var description: String { detail }
}
