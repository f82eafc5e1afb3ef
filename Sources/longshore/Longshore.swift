import ArgumentParser
@preconcurrency import Glibc

@main
struct Longshore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "longshore",
        abstract: "Takes marketplace orders in, sees them through, and confirms them back.",
        discussion: """
            Begin with “longshore init”, then “longshore serve”. While a server runs, the other \
            commands speak to it; otherwise they open the data folder themselves.
            """,
        version: "unreleased",
        subcommands: [
            InitCommand.self, ServeCommand.self, DemoCommand.self, SandboxCommand.self,
            ConnectionsCommand.self, KeysCommand.self, FacilitiesCommand.self,
            ProductsCommand.self,
            ImportCommand.self, OrdersCommand.self, ListingsCommand.self, StockCommand.self,
            WarehouseCommand.self, JobsCommand.self, ArrivalCommand.self, QueuesCommand.self,
            SchedulesCommand.self,
            EventsCommand.self, ParkedCommand.self, IssuesCommand.self, VerifyCommand.self,
            DoctorCommand.self, SimulateCommand.self, TortureCommand.self,
            TortureWorkerCommand.self, BackupCommand.self, RestoreCommand.self, CelCommand.self,
        ])

    static func main() async {
        // A file that may not grow any more is refused like a full disk, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        await main(nil)
        // What nobody could read was not said. Only this stream: another may be held by who waits for input.
        if fflush(stdout) != 0 {
            let reason = String(cString: strerror(errno))
            let words = Array("Error: the output could not be written: \(reason)\n".utf8)
            _ = write(STDERR_FILENO, words, words.count)
            Glibc.exit(1)
        }
    }
}
