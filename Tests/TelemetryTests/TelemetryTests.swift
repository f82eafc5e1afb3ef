import Contracts
import Foundation
import Kernel
import Logging
import Security
import Synchronization
import Telemetry
import Testing

@Suite struct LogTests {
    private final class Lines: Sendable {
        private let held = Mutex<[String]>([])
        func add(_ line: String) { held.withLock { $0.append(line) } }
        var all: [String] { held.withLock { $0 } }
    }

    private func logged(_ body: (Logger) -> Void) throws -> [[String: String]] {
        let lines = Lines()
        body(Logger(label: "test") { ECSLogHandler(label: $0) { lines.add($0) } })
        return try lines.all.map { line in
            #expect(line.hasSuffix("}\n") && line.dropLast().allSatisfy { !$0.isNewline })
            return try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        }
    }

    @Test func `a line has what the schema asks for, and its trace`() throws {
        let lines = try logged {
            $0.warning(
                "attempt failed", metadata: ["job": "7", "error": "x: y", "correlation": "t"])
        }

        let line = try #require(lines.first)
        #expect(line["log.level"] == "warning" && line["message"] == "attempt failed")
        #expect(line["ecs.version"] == "8.11.0" && line["labels.job"] == "7")
        #expect(line["trace.id"] == "t" && line["error.message"] == "x: y")
        #expect(line["@timestamp"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test func `no message can forge a second line or another field`() throws {
        let hostile = "a\n{\"log.level\":\"x\"}\r\u{2028}\u{0}\u{1B}[31m\"\\"
        let lines = try logged { $0.info("\(hostile)", metadata: ["k\n\"": "\(hostile)"]) }

        #expect(lines.count == 1 && lines[0]["message"] == hostile)
        #expect(lines[0]["log.level"] == "info")
    }

    @Test func `what is redacted by type or by name is not written, however deep`() throws {
        let lines = try logged {
            $0.info(
                "x",
                metadata: [
                    "buyer": .stringConvertible(Sensitive("Joe Doe")), "apiToken": "lsh_live_abc",
                    "call": .dictionary([
                        "Authorization": "Bearer abc",
                        "n": .array([.stringConvertible(Sensitive(5))]),
                    ]),
                ])
        }

        let text = "\(lines)"
        #expect(!text.contains("Joe") && !text.contains("abc") && text.contains("[redacted]"))
        // The control: the same without the type is written.
        #expect("\(try logged { $0.info("x", metadata: ["buyer": "Joe Doe"]) })".contains("Joe"))
    }

    @Test func `what holds a name, an address or a secret never tells it, whatever holds that`()
        throws
    {
        struct Letter { let to: ContactDetails }
        struct Plain { let name = "Quillfeather" }
        var generator = SystemRandomNumberGenerator()
        let key = APIKeyText(using: &generator)
        let buyer = ContactDetails(
            name: "Quillfeather", phone: "555-0199", email: "q@relay.example",
            addressLines: ["17 Heronsgate Lane"], city: "Troy", region: "NY",
            postalCode: "12180", country: "US")
        let access = ConnectionAccess(
            id: ConnectionID(at: Instant(microseconds: 0), high: 1, low: 1), tenant: .platform,
            name: "n",
            channel: "walmart", baseURL: "https://x", clientID: "id",
            clientSecret: "hush-hush", webhook: nil, limits: [:], isEnabled: true)

        let lines = try logged {
            $0.info("\(buyer) \(key) \(access) \([buyer]) \(Letter(to: buyer))")
            $0.error("x", metadata: ["error": "\([access]) \(["k": key])"])
        }

        let text = "\(lines)"
        for secret in ["Quill", "Heron", "555-0199", "relay", "lsh_live", "hush"] {
            #expect(!text.contains(secret), "\(secret) in \(text)")
        }
        // The control: what is not of such a type is written.
        #expect("\(try logged { $0.info("\(Plain())") })".contains("Quillfeather"))
    }

    @Test func `a line has an end`() throws {
        let long = String(repeating: "ü", count: 100_000)
        let lines = try logged { $0.info("\(long)", metadata: ["a": "\(long)"]) }

        #expect(lines[0].values.allSatisfy { $0.utf8.count < 4200 })
    }
}

@Suite struct ExpositionTests {
    @Test func `figures stand as Prometheus reads them`() {
        let durations = DurationHistogram("d_seconds", "How long.", labels: ["route"])
        durations.record(.milliseconds(7), ["/a"])
        durations.record(.seconds(60), ["/a"])
        let text = Exposition.text([
            MetricFamily("a_total", .counter, "Back\\slash\nend.", 12),
            MetricFamily("b", .gauge, "b", [.init(0.5, [(name: "n", value: "q\"\\\n")])]),
            MetricFamily("none", .gauge, "left out", []), durations.family,
        ])

        #expect(
            text.contains(
                "# HELP a_total Back\\\\slash\\nend.\n# TYPE a_total counter\na_total 12\n"))
        #expect(text.contains("b{n=\"q\\\"\\\\\\n\"} 0.5\n") && !text.contains("none"))
        #expect(text.contains("d_seconds_bucket{route=\"/a\",le=\"0.01\"} 1\n"))
        #expect(text.contains("d_seconds_bucket{route=\"/a\",le=\"+Inf\"} 2\n"))
        #expect(text.contains("d_seconds_count{route=\"/a\"} 2\n"))
    }

    @Test func `names from outside cannot flood it`() {
        let durations = DurationHistogram("d_seconds", "How long.", labels: ["route"])
        for number in 0..<10_000 { durations.record(.zero, ["/\(number)"]) }
        let text = Exposition.text([
            durations.family,
            MetricFamily(
                "g", .gauge, "g", (0..<10_000).map { .init(1, [(name: "n", value: "\($0)")]) }),
        ])

        #expect(text.split(separator: "\n").filter { $0.hasPrefix("g{") }.count == 2000)
        #expect(durations.family.samples.count <= 401 * 17)
    }
}
