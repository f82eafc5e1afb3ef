import ArgumentParser
import Console
import Foundation
import Glibc
import Kernel
import Logging
import Platform
import Storage

/// What every command takes.
struct DataOptions: ParsableArguments {
    @Option(help: "Folder with the database and its secrets.")
    var data = "longshore-data"

    @Option(
        help: """
            Tenant, by name; needed only where there are several. “platform” is the installation \
            itself, with the jobs of its schedules.
            """)
    var tenant: String?

    /// The installation that the folder and the environment name.
    var configuration: PlatformConfiguration {
        var configuration = PlatformConfiguration(dataPath: data)
        let database = ProcessInfo.processInfo.environment["LONGSHORE_POSTGRES"]
        configuration.database = database?.isEmpty == false ? database : nil
        return configuration
    }
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, as the API answered.")
    var json = false
}

/// One command's way to the API: the server that holds the folder, or this process for a moment.
struct CommandSession: Sendable {
    let client: AdminClient
    /// Whether a server sees jobs through, rather than this process answering for a moment.
    var isServed = false

    /// Runs a command's requests. A folder nobody holds is opened here and let go afterwards.
    static func run(
        _ options: DataOptions, _ body: @escaping @Sendable (CommandSession) async throws -> Void
    ) async throws {
        let session = CommandSession(
            client: AdminClient(dataPath: options.data, tenant: options.tenant))
        let end = ContinuousClock.now + patience
        while true {
            do {
                let platform = try await Platform(
                    options.configuration, timekeeper: SystemTimekeeper(),
                    logger: quietLogger())
                return try await platform.serveAdminOnly { try await body(session) }
            } catch let fault as StorageError where fault.reason == .locked {
                if AdminClient.isServed(options.data) {
                    return try await body(CommandSession(client: session.client, isServed: true))
                }
                // Another command has the folder for a moment: take turns.
                guard ContinuousClock.now < end else {
                    Terminal.error("another longshore command holds \(options.data)")
                    throw ExitCode.failure
                }
                try await Task.sleep(for: .milliseconds(100))
            } catch let fault as any Fault {
                Terminal.error(fault.description)
                throw ExitCode.failure
            }
        }
    }

    /// How long a command waits for another to let the folder go.
    private static let patience = Duration.seconds(15)

    /// - Throws: `ExitCode` after telling what the API said.
    func get(_ path: String) async throws -> JSONValue { try read(try await client.get(path)) }

    func patch(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        try read(
            try await client.patch(path, body: BodyCoder.encode(body), key: UUID().uuidString))
    }

    func post(_ path: String, _ body: JSONValue) async throws -> JSONValue {
        try await post(path, bytes: BodyCoder.encode(body))
    }

    func post(_ path: String, bytes: [UInt8]) async throws -> JSONValue {
        try read(try await client.post(path, body: bytes, key: UUID().uuidString))
    }

    func delete(_ path: String) async throws -> JSONValue {
        try read(try await client.delete(path, key: UUID().uuidString))
    }

    private func read(_ answer: ConsoleAnswer) throws -> JSONValue {
        let value = (try? BodyCoder.decode(JSONValue.self, from: answer.body)) ?? .null
        guard (200..<300).contains(answer.status) else {
            let field = value["field"].map { " (\($0.plain))" } ?? ""
            let detail = value["detail"]?.plain ?? "status \(answer.status)"
            Terminal.error("\(value["code"]?.plain ?? "error")\(field): \(detail)")
            throw ExitCode.failure
        }
        return value
    }

    static func quietLogger() -> Logger {
        var logger = Logger(label: "longshore") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }
}

extension JSONValue {
    /// As text for a person; what is absent is a dash.
    var plain: String {
        switch self {
        case .null: "–"
        case .bool(let value): value ? "yes" : "no"
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .string(let value): value
        case .array(let values): values.map(\.plain).joined(separator: ", ")
        case .object: pretty
        }
    }

    /// A member as text for a person.
    func plain(_ name: String) -> String { self[name]?.plain ?? "unknown" }

    var pretty: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    var items: [JSONValue] { list("items") }

    /// A member that is a list; an absent one is empty.
    func list(_ name: String) -> [JSONValue] {
        guard case .array(let values) = self[name] ?? .null else { return [] }
        return values
    }
}

/// Lines for people on one stream, for programs on the other.
enum Terminal {
    static func error(_ text: String) {
        write("longshore: \(text)\n", to: .standardError)
    }

    /// How far something is, for who waits; not part of what a command answers.
    static func note(_ text: String) {
        write(text + "\n", to: .standardError)
    }

    static func line(_ text: String) {
        write(text + "\n", to: .standardOutput)
    }

    /// Whoever reads may have had enough, as `head` does: then the command ends in silence.
    static func write(_ text: String, to handle: FileHandle) {
        do { try handle.write(contentsOf: Data(text.utf8)) } catch { exit(0) }
    }

    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// A secret from standard input, so that it stays out of the shell's history; typed, it is not shown.
    static func secret(_ name: String) -> String {
        guard isatty(STDIN_FILENO) == 1 else { return readLine(strippingNewline: true) ?? "" }
        error("type the \(name), then Enter")
        var shown = termios()
        tcgetattr(STDIN_FILENO, &shown)
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer { tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown) }
        return readLine(strippingNewline: true) ?? ""
    }

    /// Members of one thing, a line each; those that are absent are left out.
    static func facts(_ thing: JSONValue, _ members: [(title: String, member: String)]) {
        for (title, member) in members {
            guard let value = thing[member], value != .null else { continue }
            let label = title.padding(toLength: 11, withPad: " ", startingAt: 0)
            line("\(label) \(value.plain)")
        }
    }

    /// A table with its columns in line.
    static func table(_ head: [String], _ rows: [[String]]) {
        let widths = head.indices.map { column in
            ([head] + rows).map { $0[column].count }.max() ?? 0
        }
        for row in [head] + rows {
            let cells = row.enumerated().map { column, text in
                column == row.count - 1
                    ? text : text.padding(toLength: widths[column], withPad: " ", startingAt: 0)
            }
            line(cells.joined(separator: "  "))
        }
    }
}
