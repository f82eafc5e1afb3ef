import FoundationEssentials
import Glibc

/// What the kernel says of this process, under the names every collector knows.
///
/// - Source: proc(5), `/proc/self/statm` and `/proc/self/fd`; getrusage(2).
package enum ProcessFigures {
    private static let started = Double(time(nil))

    package static func families() -> [MetricFamily] {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double {
            Double(time.tv_sec) + Double(time.tv_usec) / 1e6
        }
        var families = [
            MetricFamily(
                "process_cpu_seconds_total", .counter, "User and system time used.",
                seconds(usage.ru_utime) + seconds(usage.ru_stime)),
            MetricFamily(
                "process_start_time_seconds", .gauge, "When the first figure was asked for.",
                started),
        ]
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

    private static func residentPages() -> Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else {
            return nil
        }
        let parts = String(decoding: data, as: UTF8.self).split(separator: " ")
        return parts.count > 1 ? Int(parts[1]) : nil
    }
}
