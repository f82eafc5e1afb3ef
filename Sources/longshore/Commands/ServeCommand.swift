import ArgumentParser
import ChannelWalmart
import Glibc
import Kernel
import Logging
import Platform
import Telemetry

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the whole platform: API, webhooks, jobs and the console.",
        discussion: """
            On SIGTERM or Ctrl-C it says that it is not ready, waits (--drain-seconds), closes its \
            doors, finishes what runs for up to 20 seconds and hands back the rest.

            Everything is kept in the data folder, unless LONGSHORE_POSTGRES names a PostgreSQL \
            database (15 or newer), such as "host=db dbname=longshore user=longshore". Then several \
            processes may serve it, each with a data folder of its own that holds the same secrets; \
            they share the work, and what one leaves another takes over within seconds.
            """)

    @OptionGroup var options: DataOptions
    @Option(help: "Address to listen on. Beyond this machine the console is off.")
    var host = "127.0.0.1"
    @Option(help: "Port to listen on; 0 takes any free one.") var port = 8080
    @Option(
        help: """
            Port for /metrics, /livez and /readyz without a key, on the same address. Without it \
            /metrics is answered only where the API is on this machine.
            """)
    var metricsPort: Int?
    @Flag(help: "Let the warehouse pick, pack and dispatch by itself.") var autoWarehouse = false
    @Option(help: "Seconds between two readings of a channel's lists; 0 reads none.")
    var pollSeconds = 60.0
    @Option(help: "Seconds by which two readings overlap.") var pollOverlapSeconds = 600.0
    @Option(help: "Days for which what arrived from channels is kept as it came.")
    var keepRawDays = 90
    @Option(help: "Days for which names and addresses are kept after an order's last change.")
    var keepContactsDays = 730
    @Option(help: "Lowest level of log lines: debug, info, warning, error.")
    var logLevel = "info"
    @Option(
        help: """
            Jobs in hand at once, from when one is claimed until its end is on disk; more carry more \
            where jobs are short.
            """)
    var concurrency = 64
    @Option(
        help: """
            Form of log lines on the error output: json (Elastic Common Schema), text, or auto, which \
            is text on a terminal.
            """)
    var logFormat = LogFormat.auto
    @Option(
        help: """
            Seconds for which requests are still taken after SIGTERM, while /readyz says no; 5 by \
            default, 0 where only this machine can send any.
            """)
    var drainSeconds: Double?

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("unknown log level “\(logLevel)”")
        }
        for port in [port, metricsPort ?? 1] where !(0...65_535).contains(port) {
            throw ValidationError("no such port: \(port)")
        }
        guard metricsPort != 0, metricsPort != port else {
            throw ValidationError("--metrics-port must be a port of its own")
        }
        guard pollSeconds >= 0, pollOverlapSeconds >= 0 else {
            throw ValidationError("seconds cannot be negative")
        }
        guard (1...10_000).contains(concurrency) else {
            throw ValidationError("--concurrency must be 1 to 10000")
        }
        guard (0...300).contains(drainSeconds ?? 0) else {
            throw ValidationError("--drain-seconds must be 0 to 300")
        }
        guard (1...36_500).contains(keepRawDays), (1...36_500).contains(keepContactsDays) else {
            throw ValidationError("days kept must be 1 to 36500")
        }
    }

    func run() async throws {
        var logger = logFormat.logger()
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        var configuration = options.configuration
        configuration.host = host
        configuration.port = port
        configuration.metricsPort = metricsPort
        configuration.consoleTenant = options.tenant
        configuration.drainDelay = .seconds(drainSeconds ?? (configuration.isLoopback ? 0 : 5))
        configuration.isWarehouseAutomatic = autoWarehouse
        configuration.jobCapacity = concurrency
        configuration.rawKeptDays = keepRawDays
        configuration.contactsKeptDays = keepContactsDays
        configuration.polling =
            pollSeconds == 0
            ? nil
            : WalmartPacing(
                interval: .seconds(pollSeconds), overlap: .seconds(pollOverlapSeconds),
                firstReach: .seconds(7 * 86_400))
        do {
            let platform = try await Platform(
                configuration, timekeeper: SystemTimekeeper(), logger: logger)
            let host = host
            try await platform.serve { port in
                Terminal.line("Longshore serves http://\(host):\(port)/")
            }
        } catch let fault as any Fault {
            Terminal.error(fault.description)
            throw ExitCode.failure
        }
    }
}

/// How log lines look.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case auto, json, text

    func logger() -> Logger {
        let isText = self == .text || (self == .auto && isatty(STDERR_FILENO) == 1)
        return Logger(label: "longshore") { label -> any LogHandler in
            if isText { return StreamLogHandler.standardError(label: label) }
            return ECSLogHandler(label: label)
        }
    }
}
