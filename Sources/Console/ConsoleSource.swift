/// An answer of the public API.
package struct ConsoleAnswer: Sendable {
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Where the console gets what it shows: the public API, and nothing else.
package protocol ConsoleSource: Sendable {
    func get(_ path: String) async throws -> ConsoleAnswer
    func post(_ path: String, body: [UInt8], key: String) async throws -> ConsoleAnswer
}
