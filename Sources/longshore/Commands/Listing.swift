import ArgumentParser
import Foundation
import Storage

/// Shared by the commands that list.
enum Listing {
    /// A column of a table: which member it shows, and where identifiers get their names.
    struct Column: Sendable {
        let title: String
        let member: String
        var namesAt: String?

        init(_ title: String, _ member: String, namesAt: String? = nil) {
            self.title = title
            self.member = member
            self.namesAt = namesAt
        }
    }

    /// Text as it stands in a path or query.
    static func escaped(_ text: String) -> String {
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "._-"))
        return text.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
    }

    static func show(
        _ path: String, _ columns: [Column], _ options: DataOptions, _ output: OutputOptions
    ) async throws {
        let json = output.json
        try await CommandSession.run(options) { session in
            let page = try await session.get(path)
            if json {
                Terminal.line(page.pretty)
                return
            }
            var names: [String: String] = [:]
            for place in Set(columns.compactMap(\.namesAt)) {
                for item in try await session.get(place).items {
                    names[item.plain("id")] = item.plain("name")
                }
            }
            Terminal.table(
                columns.map(\.title),
                page.items.map { item in
                    columns.map { column in
                        let text = item[column.member].map(words) ?? "–"
                        return names[text] ?? text
                    }
                })
            if page["next"] != nil, page["next"] != .null {
                Terminal.line("There are more; --json tells where the next page begins.")
            }
        }
    }

    /// A fault as one line, anything else as it is.
    private static func words(_ value: JSONValue) -> String {
        guard let code = value["code"], let detail = value["detail"] else { return value.plain }
        return "\(code.plain): \(detail.plain)"
    }

    /// Makes something and tells what came of it, as JSON where that is asked for.
    static func make(
        _ path: String, _ body: JSONValue, _ options: DataOptions, _ output: OutputOptions,
        _ words: @escaping @Sendable (JSONValue) -> String
    ) async throws {
        let json = output.json
        try await CommandSession.run(options) { session in
            try await make(path, body, session, json: json, words)
        }
    }

    static func make(
        _ path: String, _ body: JSONValue, _ session: CommandSession, json: Bool,
        _ words: (JSONValue) -> String
    ) async throws {
        let made = try await session.post(path, body)
        Terminal.line(json ? made.pretty : words(made))
    }

    /// What is known by this name or identifier. - Throws: `ExitCode` after saying what there is.
    static func identifier(
        of wanted: String, among known: [JSONValue], _ kind: String
    ) throws -> String {
        let found = known.first { [$0.plain("name"), $0.plain("id")].contains(wanted) }
        guard let found else {
            let names = known.map { $0.plain("name") }.joined(separator: ", ")
            Terminal.error(
                "there is no \(kind) “\(wanted)”; there is "
                    + (names.isEmpty ? "none yet" : names))
            throw ExitCode.failure
        }
        return found.plain("id")
    }

    static func facility(_ wanted: String, _ session: CommandSession) async throws -> String {
        let known = try await session.get("/v1/facilities").items
        return try identifier(of: wanted, among: known, "facility")
    }

    static func connection(_ wanted: String, _ session: CommandSession) async throws -> String {
        let known = try await session.get("/v1/connections").items
        return try identifier(of: wanted, among: known, "connection")
    }
}
