import ChannelWalmart
import Foundation
import Kernel
import Platform
import ServiceLifecycle
import Storage
import UnixSignals

/// The demonstration: sandbox and platform on a folder of their own, and one line that lives.
struct Demo: Sendable {
    /// A minute, unless a test is in a hurry.
    private static let drainLimit = Duration.seconds(
        ProcessInfo.processInfo.environment["DEMO_DRAIN_SECONDS"].flatMap { Int($0) } ?? 60)

    private let folder: String
    private let port: Int
    private let rate: Int
    private let seconds: Int?
    private let platform: Platform
    private let sandbox: SandboxProcess
    private let session: CommandSession

    init(
        folder: String, port: Int, rate: Int, seed: UInt64, faultsPerMille: Int, seconds: Int?
    ) async throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        _ = try SecretsFile.create(in: folder)
        self.folder = folder
        self.port = port
        self.rate = rate
        self.seconds = seconds
        var configuration = PlatformConfiguration(dataPath: folder)
        configuration.port = port
        configuration.isWarehouseAutomatic = true
        configuration.warehousePace = .milliseconds(400)
        configuration.polling = WalmartPacing(
            interval: .seconds(5), overlap: .seconds(60), firstReach: .seconds(86_400))
        platform = try await Platform(
            configuration, timekeeper: SystemTimekeeper(), logger: CommandSession.quietLogger())
        sandbox = try await SandboxProcess(
            arguments: [
                "--sellers", "\(DemoShop.sellers)", "--seed", "\(seed)", "--faults-per-mille",
                "\(faultsPerMille)", "--webhook-faults-per-mille", "30", "--token-seconds", "60",
            ])
        session = CommandSession(client: AdminClient(dataPath: folder))
    }

    /// - Returns: whether every order the sandbox showed is accounted for.
    func run() async throws -> Bool {
        let ready = Signal()
        let generation = ready.generation
        let services = try await platform.services { _ in ready.raise() }
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) },
                logger: CommandSession.quietLogger()))
        let isExact = try await withThrowingTaskGroup(of: Bool?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            await ready.wait(after: generation)
            let isExact = try await drive()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return isExact
        }
        await platform.close()
        try await sandbox.stop()
        return isExact
    }

    private func drive() async throws -> Bool {
        Terminal.line(
            "Setting up \(DemoShop.sellers) sellers, 20 products, stock in two facilities …")
        try await DemoShop(session: session, sandbox: sandbox, platformPort: port).open()
        try await sandbox.post("/control/rate", .object(["perMinute": .integer(Int64(rate * 60))]))
        Terminal.line("Data in \(folder)")
        Terminal.line("Watch it at http://127.0.0.1:\(port)/ — Ctrl-C drains and ends.")
        try await watchUntilStopped()
        try await sandbox.post("/control/stop")
        return try await drain()
    }

    /// Shows the live line until a signal or the time is up.
    private func watchUntilStopped() async throws {
        let seconds = seconds
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
            }
            if let seconds { group.addTask { try await Task.sleep(for: .seconds(seconds)) } }
            group.addTask { try await watch() }
            try await group.next()
            group.cancelAll()
        }
    }

    private func watch() async throws {
        while true {
            try await Task.sleep(for: .seconds(Terminal.isInteractive ? 1 : 5))
            let counts = try await session.get("/v1/orders/counts")
            let shown = try await sandbox.get("/control/summary")["orders"]?.plain ?? "0"
            show(counts, shown: Int(shown) ?? 0)
        }
    }

    private func show(_ counts: JSONValue, shown: Int) {
        let parts = DemoCount.stages.map { "\($0) \(counts[$0]?.plain ?? "unknown")" }
        let here = DemoCount.stages.compactMap { counts[$0].flatMap { Int($0.plain) } }.reduce(0, +)
        let line = parts.joined(separator: " · ") + " · lag \(max(0, shown - here))"
        if Terminal.isInteractive {
            Terminal.write("\r\u{1B}[K\(line)", to: .standardOutput)
        } else {
            Terminal.line(line)
        }
    }

    /// Waits until nothing moves by itself any more, at most a minute, then counts.
    private func drain() async throws -> Bool {
        if Terminal.isInteractive { Terminal.line("") }
        Terminal.line("No new orders; draining …")
        let end = ContinuousClock.now + Self.drainLimit
        var count = try await DemoCount.take(session, sandbox)
        while count.moving > 0, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(500))
            count = try await DemoCount.take(session, sandbox)
        }
        Terminal.line(
            "The sandbox showed \(count.shown) orders; confirmed includes \(count.cancelled) "
                + "that were cancelled, as both sides agree."
        )
        for number in count.missing { Terminal.line("missing here: \(number)") }
        for number in count.unknown { Terminal.line("unknown to the sandbox: \(number)") }
        Terminal.line("The data stays in \(folder); remove it when you have looked.")
        Terminal.line(count.line)
        return count.isExact
    }
}
