import FoundationEssentials
import Glibc
import Kernel
package import Logging
import Synchronization

/// One line of JSON for each log line, in the Elastic Common Schema.
///
/// `correlation` becomes `trace.id`, `error` becomes `error.message`, all else stands under `labels`.
/// What is ``Redacted``, and what is called like a secret, is not written. A line holds 16 KiB at most.
///
/// - Source: Elastic Common Schema 8.11, fields base, log, error and tracing, read 2026-11.
package struct ECSLogHandler: LogHandler {
    private static let version = "8.11.0"
    private static let valueLimit = 2048
    private static let labelsLimit = 6
    private static let secretNames = [
        "password", "secret", "token", "authorization", "cookie", "apikey", "api_key", "signature",
    ]

    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes one whole line, its end included.
    package init(label: String, write: @escaping @Sendable (String) -> Void = Self.toStandardError)
    {
        self.label = label
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        for (name, value) in metadataProvider?.get() ?? [:] { all[name] = value }
        for (name, value) in event.metadata ?? [:] { all[name] = value }
        write(line(event.level, event.message.description, all))
    }

    private func line(_ level: Logger.Level, _ message: String, _ all: Logger.Metadata) -> String {
        var fields: [(String, String)] = [
            ("@timestamp", Self.timestamp()), ("log.level", level.rawValue),
            ("message", Self.cut(message)), ("ecs.version", Self.version), ("log.logger", label),
            ("service.name", "longshore"),
        ]
        for (name, value) in all.sorted(by: { $0.key < $1.key }).prefix(Self.labelsLimit) {
            let text = Self.cut(Self.text(value, named: name))
            switch name {
            case "correlation": fields.append(("trace.id", text))
            case "error": fields.append(("error.message", text))
            default: fields.append(("labels." + name, text))
            }
        }
        let members = fields.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }
        return "{" + members.joined(separator: ",") + "}\n"
    }

    private static func text(_ value: Logger.MetadataValue, named name: String) -> String {
        let plain = name.lowercased()
        guard !secretNames.contains(where: plain.contains) else { return "[redacted]" }
        switch value {
        case .string(let text): return text
        case .stringConvertible(let value):
            return value is any Redacted ? "[redacted]" : value.description
        case .array(let values):
            return values.map { text($0, named: name) }.joined(separator: ", ")
        case .dictionary(let members):
            return members.sorted { $0.key < $1.key }
                .map { "\($0.key)=\(text($0.value, named: $0.key))" }.joined(separator: ", ")
        }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > valueLimit else { return text }
        return String(text.unicodeScalars.prefix(valueLimit / 4)) + "…"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            // Control characters, and two line ends that some readers split at.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let milliseconds = String(1000 + now.tv_nsec / 1_000_000).dropFirst()
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(milliseconds)Z"
    }

    /// One `write` a line, so that lines of several threads do not mix.
    package static func toStandardError(_ line: String) {
        var line = line
        line.withUTF8 { bytes in
            // Nobody can be told that the log cannot be written.
            _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
