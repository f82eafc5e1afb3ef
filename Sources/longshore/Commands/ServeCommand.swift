import ArgumentParser
import ChannelWalmart
import Kernel
import Logging
import Platform

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the whole platform: API, webhooks, jobs and the console.",
        discussion: "Ends on SIGTERM or Ctrl-C after finishing what is running.")

    @OptionGroup var options: DataOptions
    @Option(help: "Address to listen on. Beyond this machine the console is off.")
    var host = "127.0.0.1"
    @Option(help: "Port to listen on; 0 takes any free one.") var port = 8080
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

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("unknown log level “\(logLevel)”")
        }
        guard (0...65_535).contains(port) else { throw ValidationError("no such port: \(port)") }
        guard pollSeconds >= 0, pollOverlapSeconds >= 0 else {
            throw ValidationError("seconds cannot be negative")
        }
        guard (1...36_500).contains(keepRawDays), (1...36_500).contains(keepContactsDays) else {
            throw ValidationError("days kept must be 1 to 36500")
        }
    }

    func run() async throws {
        var logger = Logger(label: "longshore") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        var configuration = PlatformConfiguration(dataPath: options.data)
        configuration.host = host
        configuration.port = port
        configuration.consoleTenant = options.tenant
        configuration.isWarehouseAutomatic = autoWarehouse
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
