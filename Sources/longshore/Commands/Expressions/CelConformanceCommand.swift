import ArgumentParser
import Expressions
import Foundation

struct CelConformanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance",
        abstract: "Runs cases of the language's conformance tests, one JSON object to a line.",
        discussion: """
            Fields as in the specification's test format, 64-bit numbers as text: file, section, name, \
            expr, value or eval_error, bindings, type_env, container, disable_check, such as \
            {"file":"basic","section":"sums","name":"one","expr":"1 + 1","value":{"int64_value":"2"}}. \
            Prints passed and failed by section, and last “N passed, M failed”. Exits 1 when one failed.
            """)

    @Argument(help: "The file.") var file: String
    @Flag(help: "List the failures with what was expected and what came.") var failures = false

    func run() async throws {
        let text = try CelOptions.text(file)
        var counts: [(name: String, passed: Int, failed: Int)] = []
        var places: [String: Int] = [:]
        var complaints: [String] = []
        // By bytes: a line may end as it does elsewhere, which is one character.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, bytes) in lines.enumerated() {
            let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
                .trimmingCharacters(in: .newlines)
            if line.isEmpty { continue }
            guard let row = ConformanceRow(line), !row.text("expr").isEmpty else {
                throw CelComplaint("\(file):\(number + 1): this is no case with an expr")
            }
            let trouble = ConformanceCase(row: row).trouble()
            let name = "\(row.text("file"))/\(row.text("section"))"
            let place = places[name] ?? counts.count
            if place == counts.count {
                counts.append((name, 0, 0))
                places[name] = place
            }
            if let trouble {
                counts[place].failed += 1
                complaints.append(
                    "\(name)/\(row.text("name")): \(row.text("expr"))\n    \(trouble)")
            } else {
                counts[place].passed += 1
            }
        }
        guard !counts.isEmpty else { throw CelComplaint("\(file): there is no case in it") }
        for count in counts {
            print("\(count.name): \(count.passed) passed, \(count.failed) failed")
        }
        if failures { for complaint in complaints { print(complaint) } }
        let passed = counts.reduce(0) { $0 + $1.passed }
        print("\(passed) passed, \(complaints.count) failed")
        if !complaints.isEmpty { throw ExitCode(1) }
    }
}
