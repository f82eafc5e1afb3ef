import FoundationEssentials
import Glibc

/// What the kernel says of this process, under the names every collector knows.
///
/// - Source: proc(5): `/proc/self/statm`, `/proc/self/status`, `/proc/self/stat`, `/proc/stat` and
///   `/proc/self/fd`; getrusage(2).
package enum ProcessFigures {
    package static func families() -> [MetricFamily] {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double {
            Double(time.tv_sec) + Double(time.tv_usec) / 1e6
        }
        var families = [
            MetricFamily(
                "process_cpu_seconds_total", .counter, "User and system time used.",
                seconds(usage.ru_utime) + seconds(usage.ru_stime))
        ]
        if let started = startTime() {
            families.append(
                MetricFamily(
                    "process_start_time_seconds", .gauge, "When this process began.", started))
        }
        if let pages = residentPages() {
            families.append(
                MetricFamily(
                    "process_resident_memory_bytes", .gauge, "Memory in use.",
                    Double(pages * sysconf(Int32(_SC_PAGESIZE)))))
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            families.append(
                MetricFamily(
                    "process_open_fds", .gauge, "Open files and sockets.", Double(open.count)))
        }
        return families
    }

    /// The most memory this program has had in use so far; 0 where the kernel does not say. What getrusage says
    /// may still be of the program that started this one.
    package static var peakBytes: Int {
        let status = FileManager.default.contents(atPath: "/proc/self/status")
        let line = status.map { String(decoding: $0, as: UTF8.self) }?.split(separator: "\n")
            .first { $0.hasPrefix("VmHWM:") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (kibibytes ?? 0) * 1024
    }

    /// The clock at the machine's start, and the ticks from there to the process'.
    private static func startTime() -> Double? {
        func text(_ path: String) -> String? {
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        }
        // The name of the program, in brackets, may hold anything; 20 fields on comes the start.
        let fields = text("/proc/self/stat")?.split(separator: ")").last?.split(separator: " ")
        let booted = text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard let fields, fields.count > 19, let ticks = Double(fields[19]),
            let start = booted?.split(separator: " ").last.flatMap({ Double($0) })
        else { return nil }
        return start + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func residentPages() -> Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else {
            return nil
        }
        let parts = String(decoding: data, as: UTF8.self).split(separator: " ")
        return parts.count > 1 ? Int(parts[1]) : nil
    }
}
