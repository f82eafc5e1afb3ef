import ArgumentParser
import Foundation
import Glibc
import Kernel
import Logging
import NIOCore
import Sandbox
import ServiceLifecycle
import UnixSignals

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox", abstract: "Pretends to be a marketplace.",
        subcommands: [WalmartSandboxCommand.self])
}

struct WalmartSandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "walmart",
        abstract: "Speaks Walmart's contract on this machine, with a ledger of what was done.",
        discussion: """
            Sellers are named seller-1, seller-2 … with secrets secret-1, secret-2 …. The ledger is \
            read at /control/ledger, orders at /control/orders; trouble is asked for with \
            POST /control/faults {"fault": "cutAfter", "operation": "ship", "times": 1}, where the \
            fault may be throttled, throttledBare, error500, html503, expireToken, cutBefore, \
            cutAfter or slow; orders with POST /control/rate {"perMinute": 60, "orders": 10}.
            """)

    @Option(help: "Port to listen on; 0 takes any free one.") var port = 8090
    @Option(help: "Sellers with credentials.") var sellers = 1
    @Option(help: "Orders a minute over all sellers.") var ordersPerMinute = 0
    @Option(help: "Stop making orders after so many.") var orderLimit = Int.max
    @Option(help: "Seed of the made-up orders.") var seed: UInt64 = 1
    @Option(help: "Of a thousand calls, so many go wrong.") var faultsPerMille = 0
    @Option(help: "Of a thousand webhooks, so many come twice or late.") var webhookFaultsPerMille =
        0
    @Option(help: "Seconds an access token lives.") var tokenSeconds = 900
    @Option(help: "Calls a minute for each operation; 0 for no limit.") var limitPerMinute = 0

    @Flag(help: "End when standard input does: for a program that started it.")
    var untilInputEnds = false

    func run() async throws {
        // A group of its own: Ctrl-C for the platform must not end the marketplace first.
        setpgid(0, 0)
        var configuration = SandboxConfiguration()
        configuration.port = port
        configuration.sellers = (1...max(1, sellers)).map {
            SandboxSeller(clientID: "seller-\($0)", clientSecret: "secret-\($0)", webhook: nil)
        }
        configuration.ordersPerMinute = ordersPerMinute
        configuration.orderLimit = orderLimit
        configuration.generator.seed = seed
        configuration.faultsPerMille = faultsPerMille
        configuration.webhookFaultsPerMille = webhookFaultsPerMille
        configuration.tokenSeconds = tokenSeconds
        if limitPerMinute > 0 {
            for name in ["listReleased", "listOrders", "getOrder", "acknowledge", "ship", "cancel"]
            {
                configuration.limits[name] = limitPerMinute
            }
        }
        let server = SandboxServer(
            configuration, timekeeper: SystemTimekeeper(), logger: CommandSession.quietLogger()
        ) { port in Terminal.line("Walmart sandbox on http://127.0.0.1:\(port)") }
        if untilInputEnds {
            Thread.detachNewThread {
                while readLine() != nil {}
                Glibc.exit(0)
            }
        }
        var settings = ServiceGroupConfiguration(
            services: [.init(service: server)], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: CommandSession.quietLogger())
        // Callers that keep their connections open do not keep it from ending.
        settings.maximumGracefulShutdownDuration = .seconds(10)
        let group = ServiceGroup(configuration: settings)
        do { try await group.run() } catch let error as IOError where error.errnoCode == EADDRINUSE
        {
            Terminal.error("port \(port) is taken; choose another with --port, or 0 for any")
            throw ExitCode.failure
        }
    }
}
