import Foundation
import Processes
import StoragePostgres

/// Other engines, run as programs of their own on the same disk and in the same run.
struct Peers {
    /// What one run of a peer said of itself.
    struct Report: Decodable {
        let rate: Double
        let cpuMicroseconds: Double
        let memoryMiB: Double
    }

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    let folder: String
    private let python: String
    private let script: String

    /// - Throws: ``Missing`` when `Benchmarks/run` has not installed them.
    init(in folder: String) throws {
        self.folder = folder
        let home = URL(fileURLWithPath: folder).deletingLastPathComponent().path
        python = home + "/Peers/.venv/bin/python"
        script = home + "/Peers/peers.py"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Missing(description: "no peers are installed in Benchmarks/Peers/.venv")
        }
    }

    /// - Parameter place: a PostgreSQL URI; `nil` gives a folder on this disk.
    func run(_ name: String, _ count: Int, on place: String? = nil) async throws -> Report {
        let scratch = folder + "/peer-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let (ending, said) = try await ChildProcess.run(
            [python, script, name, "\(count)", place ?? scratch])
        guard ending == .exited(0), let last = said.split(separator: "\n").last else {
            throw Missing(description: "\(name) ended with \(ending): \(said.suffix(400))")
        }
        return try JSONDecoder().decode(Report.self, from: Data(last.utf8))
    }
}

/// A PostgreSQL server of the benchmarks' own, with the settings of Debian's package.
struct BenchServer {
    private let folder: String
    private let address: String
    private let script: String

    init(in results: String) async throws {
        script =
            URL(fileURLWithPath: results).deletingLastPathComponent()
            .appendingPathComponent("../Scripts/postgres").standardized.path
        // The server's own user must be able to reach it.
        folder = "/var/tmp/longshore-postgres-bench-\(getpid())"
        let child = try await ChildProcess.start([script, "start", folder])
        guard let line = await child.firstLine(), line.hasPrefix("host=") else {
            throw Peers.Missing(description: "no PostgreSQL server: \(child.said)")
        }
        address = line
    }

    /// An empty database: as a connection string, and as a URI.
    func database() throws -> (address: String, uri: String) {
        let name = "b" + UUID().uuidString.replacing("-", with: "").lowercased().prefix(12)
        try PostgresEngine.administer(address, ["CREATE DATABASE \(name)"])
        var parts: [String: String] = [:]
        for part in address.split(separator: " ") {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { parts[pair[0]] = pair[1] }
        }
        let host = (parts["host"] ?? "").replacing("/", with: "%2F")
        return (
            address.replacing("dbname=postgres", with: "dbname=\(name)"),
            "postgresql://\(parts["user"] ?? "")@\(host):\(parts["port"] ?? "")/\(name)"
        )
    }

    func stop() async throws { _ = try await ChildProcess.run([script, "stop", folder]) }
}
