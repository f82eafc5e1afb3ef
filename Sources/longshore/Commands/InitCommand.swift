import ArgumentParser
import Foundation
import Kernel
import Platform
import Storage

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a data folder with its secrets, a tenant and a first API key.",
        discussion: "The key is shown this once. Running it again on the same folder adds a key.")

    @OptionGroup var options: DataOptions
    @Option(help: "Name of the tenant.") var name = "default"
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard options.tenant == nil else {
            throw ValidationError("init makes a tenant: say its name with --name")
        }
    }

    func run() async throws {
        if FileManager.default.fileExists(atPath: options.data + "/longshore.db"),
            !FileManager.default.fileExists(atPath: SecretsFile.path(in: options.data))
        {
            Terminal.error(
                "\(options.data) holds data, but its secrets file is gone: put the copy back, since a "
                    + "new key opens nothing of it")
            throw ExitCode.failure
        }
        var isFolder = ObjCBool(false)
        if FileManager.default.fileExists(atPath: options.data, isDirectory: &isFolder),
            !isFolder.boolValue
        {
            Terminal.error("\(options.data) is a file: name a folder with --data")
            throw ExitCode.failure
        }
        try FileManager.default.createDirectory(
            atPath: options.data, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let isNew = try SecretsFile.create(in: options.data)
        let (name, path, json) = (name, options.data, output.json)
        try await CommandSession.run(options) { session in
            let made = try await session.post(
                "/admin/tenants",
                .object(["name": .string(name), "keyName": .string("first key")]))
            if json {
                Terminal.line(made.pretty)
                return
            }
            Terminal.line(
                isNew
                    ? "Made \(path) with a new master key in \(SecretsFile.path(in: path)) (0600): "
                        + "keep a copy, nothing opens without it."
                    : "\(path) was there already; its secrets stay.")
            Terminal.line("Tenant \(name): \(made["id"]?.plain ?? "")")
            Terminal.line("API key, shown this once: \(made["key"]?.plain ?? "")")
            var which = ""
            if case .array(let all) = made["tenants"], all.count > 1 {
                which = " --tenant \(name)"
                let names = all.map(\.plain).joined(separator: ", ")
                Terminal.line(
                    "There are \(all.count) tenants now (\(names)): every other command, and serve "
                        + "for its console, needs --tenant NAME from here on.")
            }
            Terminal.line("Next: longshore serve --data \(path)\(which)")
        }
    }
}
