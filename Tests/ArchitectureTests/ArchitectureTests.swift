import Foundation
import Testing

/// Reads the sources themselves: who imports whom, how long things are, which words are banned.
@Suite struct ArchitectureTests {
    /// What each target of ours may import of ours.
    private static let allowed: [String: Set<String>] = {
        let base: Set = ["Kernel", "Contracts", "Storage", "Events", "Jobs", "Security", "Web"]
        var table: [String: Set<String>] = [
            "Kernel": [], "Contracts": ["Kernel"], "Storage": ["Kernel"],
            "StorageSQL": ["Kernel", "Storage"],
            "StorageSQLite": ["Kernel", "Storage", "StorageSQL", "CSQLite"],
            "StoragePostgres": ["Kernel", "Storage", "StorageSQL", "CPostgres"],
            "StorageTesting": ["Kernel", "Storage"],
            "EngineTesting": [
                "Kernel", "Storage", "StorageSQLite", "StoragePostgres", "StorageTesting",
                "Processes",
            ],
            "Events": ["Kernel", "Storage"], "Jobs": ["Kernel", "Storage"], "Security": ["Kernel"],
            "Web": ["Kernel", "Storage", "Security"],
            "Connectors": ["Kernel", "Contracts", "Storage", "Events", "Jobs", "Security", "Web"],
            "ChannelWalmart": base.union(["Connectors"]), "Sandbox": ["Kernel", "Web"],
            "Console": ["Kernel", "Contracts", "Storage", "Web"],
            "Issues": ["Kernel", "Storage", "Events", "Jobs"], "Telemetry": ["Kernel"],
            "Processes": ["Kernel"], "Expressions": ["Kernel", "CRE2"],
        ]
        for service in services { table[service] = base }
        table["Platform"] = Set(table.keys)
        table["Torture"] = ["Kernel", "Storage", "StorageSQLite", "Jobs", "Processes"]
        table["Simulation"] = [
            "Kernel", "Contracts", "Storage", "StorageSQLite", "Security", "Events", "Jobs",
            "Orders", "Connectors", "ChannelWalmart", "Sandbox", "Platform",
        ]
        table["longshore"] = [
            "Simulation", "Torture", "Processes", "Platform", "Sandbox", "Console", "Kernel",
            "Storage", "StorageSQLite",
            "ChannelWalmart", "Telemetry", "Expressions",
        ]
        return table
    }()

    private static let services = [
        "Authentication", "Settings", "Catalogue", "Inventory", "Orders", "Warehouse",
    ]

    /// Packages of others, and the only targets that may see them.
    private static let drivers: [String: Set<String>] = [
        "CSQLite": ["StorageSQLite"], "CPostgres": ["StoragePostgres"], "CRE2": ["Expressions"],
        "Crypto": ["Security", "Sandbox"],
        "AsyncHTTPClient": ["Connectors", "Sandbox", "Platform", "longshore"],
        "ArgumentParser": ["longshore"], "Mustache": ["Console"], "Subprocess": ["Processes"],
    ]

    private struct Source: Sendable {
        let target: String
        let path: String
        let lines: [String]

        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let place = words.firstIndex(of: "import"), place <= 1,
                    place + 1 < words.count
                else { return nil }
                return String(words[place + 1].split(separator: ".")[0])
            }
        }
    }

    private static let sources: [Source] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appendingPathComponent("Sources").path
        let names =
            FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".swift") }.compactMap { name in
            guard let text = try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)
            else {
                return nil
            }
            return Source(
                target: String(name.split(separator: "/")[0]), path: name,
                lines: text.components(separatedBy: "\n"))
        }
    }()

    @Test func `there is something to read`() {
        #expect(Self.sources.count > 100)
    }

    @Test func `no target imports another that the design does not allow`() {
        let ours = Set(Self.allowed.keys).union(["CSQLite", "CPostgres", "CRE2"])
        for source in Self.sources {
            let mayImport = Self.allowed[source.target]
            #expect(mayImport != nil, "\(source.target) is in no table")
            for name in source.imports where ours.contains(name) && name != source.target {
                #expect(mayImport?.contains(name) == true, "\(source.path) imports \(name)")
            }
            for name in source.imports {
                guard let targets = Self.drivers[name] else { continue }
                #expect(targets.contains(source.target), "\(source.path) imports \(name)")
            }
        }
    }

    @Test func `the sandbox shares no type with a connector`() {
        for source in Self.sources where source.target == "Sandbox" {
            let shared: Set = ["Connectors", "ChannelWalmart", "Contracts", "Jobs", "Storage"]
            #expect(shared.isDisjoint(with: source.imports), "\(source.path)")
        }
    }

    @Test func `files and lines stay within their budget`() {
        for source in Self.sources {
            #expect(source.lines.count <= 500, "\(source.path): \(source.lines.count) lines")
            for (number, line) in source.lines.enumerated() where !source.path.contains("Templates")
            {
                #expect(line.count <= 120, "\(source.path):\(number + 1) has \(line.count) columns")
            }
        }
    }

    @Test func `folders hold at most fifteen files`() {
        let folders = Dictionary(grouping: Self.sources) {
            URL(fileURLWithPath: "/" + $0.path).deletingLastPathComponent().path
        }
        for (folder, files) in folders {
            #expect(files.count <= 15, "\(folder) holds \(files.count) files")
        }
    }

    @Test func `functions stay within sixty lines`() {
        for source in Self.sources {
            var start: (line: Int, indent: Int)?
            for (number, line) in source.lines.enumerated() {
                let indent = line.prefix { $0 == " " }.count
                if start == nil, line.contains("func "),
                    !line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
                {
                    start = (number, indent)
                } else if let open = start, indent == open.indent,
                    line.trimmingCharacters(in: .whitespaces) == "}"
                {
                    #expect(number - open.line <= 60, "\(source.path):\(open.line + 1) is too long")
                    start = nil
                } else if let open = start, indent <= open.indent, line.contains("func ") {
                    start = (number, indent)
                }
            }
        }
    }

    @Test(arguments: [
        "try!", "as! ", "fatalError(", "@unchecked Sendable", "nonisolated(unsafe)",
        "Task.detached",
        // A bare closure in a generic container is wrapped once more at each access.
        "Mutex<(@Sendable", "Mutex<@Sendable",
        "@testable", " Process()", "[String: Any]", "Thread.sleep", "Date()", "TODO", "FIXME",
    ])
    func `refused words stay out`(_ word: String) {
        for source in Self.sources {
            for (number, line) in source.lines.enumerated() where line.contains(word) {
                Issue.record("\(source.path):\(number + 1) has \(word)")
            }
        }
    }

    @Test func `SQL lives in the engines`() {
        // What provokes an engine's own faults speaks its language.
        let engines: Set = ["StorageSQL", "StorageSQLite", "StoragePostgres", "EngineTesting"]
        for source in Self.sources where !engines.contains(source.target) {
            for line in source.lines {
                let isSQL = ["SELECT ", "INSERT INTO", "UPDATE c_", "DELETE FROM", "PRAGMA "]
                    .contains { line.contains($0) }
                #expect(!isSQL, "\(source.path): \(line)")
            }
        }
    }

    @Test func `only promised targets are public`() {
        let promised: Set = ["Kernel", "Expressions"]
        for source in Self.sources where !promised.contains(source.target) {
            for line in source.lines {
                let text = line.trimmingCharacters(in: .whitespaces)
                #expect(!text.hasPrefix("public "), "\(source.path): \(text)")
            }
        }
    }
}
