import ArgumentParser
import ChannelWalmart
import Foundation
import Glibc
import Kernel
import Platform
import ServiceLifecycle
import Storage
import UnixSignals

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows the whole way: ten sellers' orders from a sandbox, shipped and confirmed.",
        discussion: """
            DEMO_SECONDS stops new orders after that long, DEMO_PORT and DEMO_DATA set port and \
            folder. The last line counts every order once, by where it is; cancelled orders that \
            both sides agree on count as confirmed. Exits 1 when an order the sandbox showed is \
            not among them, and names it.
            """)

    @Option(help: "Orders a second.") var rate = 5
    @Option(help: "Seed of the made-up orders.") var seed: UInt64 = 1
    @Option(help: "Of a thousand calls, so many go wrong.") var faultsPerMille = 10

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seconds = try Self.number("DEMO_SECONDS", environment, 1...86_400)
        let wanted = try Self.number("DEMO_PORT", environment, 1...65_535) ?? 8080
        let folder = environment["DEMO_DATA"] ?? Self.temporaryFolder()
        do {
            let demo = try await Demo(
                folder: folder, port: Self.freePort(from: wanted), rate: rate, seed: seed,
                faultsPerMille: faultsPerMille, seconds: seconds)
            guard try await demo.run() else { throw ExitCode.failure }
        } catch let fault as any Fault {
            Terminal.error(fault.description)
            throw ExitCode.failure
        } catch let error as DemoError {
            Terminal.error(error.description)
            throw ExitCode.failure
        }
    }

    private static func number(
        _ name: String, _ environment: [String: String], _ range: ClosedRange<Int>
    ) throws -> Int? {
        guard let text = environment[name], !text.isEmpty else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw ValidationError("\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// On disk: where /tmp lies in memory, a demonstration of durability would show nothing.
    private static func temporaryFolder() -> String {
        "/var/tmp/longshore-demo-\(getpid())"
    }

    /// The first port from `wanted` on that nobody has.
    private static func freePort(from wanted: Int) throws -> Int {
        for port in wanted..<min(wanted + 50, 65_536) {
            let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(handle) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var yes: Int32 = 1
            setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard result == 0 else { continue }
            if port != wanted { Terminal.line("Port \(wanted) is taken; using \(port).") }
            return port
        }
        throw DemoError(detail: "no free port from \(wanted) on")
    }
}
