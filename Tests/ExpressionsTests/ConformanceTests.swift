import Expressions
import Foundation
import Testing

/// The language's own conformance tests, where they are at hand.
@Suite struct ConformanceTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("shared/data/decisions/cel_dev.jsonl").path

    /// What the files of the specification's core must reach, and what all must.
    private static let core: Set<String> = [
        "basic", "comparisons", "conversions", "fields", "fp_math", "integer_math", "lists",
        "logic", "macros", "macros2", "namespace", "parse", "plumbing", "string", "timestamps",
    ]

    @Test func `the specification's cases pass`() throws {
        guard let data = FileManager.default.contents(atPath: Self.file) else {
            print("SKIPPED: the conformance cases are not beside this checkout")
            return
        }
        var passed = (core: 0, all: 0)
        var total = (core: 0, all: 0)
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let row = try #require(ConformanceRow(String(line)))
            let isCore = Self.core.contains(row.text("file"))
            let isPassed = ConformanceCase(row: row).trouble() == nil
            total.all += 1
            total.core += isCore ? 1 : 0
            passed.all += isPassed ? 1 : 0
            passed.core += isPassed && isCore ? 1 : 0
        }
        #expect(total.all > 1000)
        #expect(Double(passed.core) >= Double(total.core) * 0.995, "\(passed) of \(total)")
        #expect(Double(passed.all) >= Double(total.all) * 0.99, "\(passed) of \(total)")
    }

    @Test func `a case that does not hold fails`() throws {
        for line in [
            #"{"expr":"1 + 1","value":{"int64_value":"3"}}"#,
            #"{"expr":"1","value":{"uint64_value":"1"}}"#,
            #"{"expr":"-0.0","value":{"double_value":0.0}}"#,
            #"{"expr":"1","eval_error":{"errors":[]}}"#,
            #"{"expr":"1 / 0","value":{"int64_value":"0"}}"#,
            #"{"expr":"{}","value":{"odd_value":1}}"#,
        ] {
            let row = try #require(ConformanceRow(line))
            #expect(ConformanceCase(row: row).trouble() != nil, "\(line)")
        }
    }
}
