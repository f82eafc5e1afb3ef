import Expressions
import Foundation
import Testing

/// Work that nobody would pay for: each of these once took seconds, or all memory, or the process.
@Suite(.serialized) struct HostileExpressionWorkTests {
    private static func times(_ text: String, _ count: Int, _ separator: String = "") -> String {
        Array(repeating: text, count: count).joined(separator: separator)
    }

    private static func bound(_ names: [(String, String)], _ body: String) -> String {
        names.reversed().reduce(body) { "cel.bind(\($1.0), \($1.1), \($0))" }
    }

    /// A text doubled so many times.
    private static func doubled(_ name: String, _ first: String, _ count: Int) -> [(String, String)]
    {
        [("\(name)0", first)]
            + (1...count).map { ("\(name)\($0)", "\(name)\($0 - 1) + \(name)\($0 - 1)") }
    }

    private static func object(_ count: Int, _ name: (Int) -> String = { "k\($0)" }) -> String {
        "{" + (0..<count).map { "\"\(name($0))\":\($0)" }.joined(separator: ",") + "}"
    }

    /// Generous, since this is built to find mistakes: what is not linear takes far longer. How long each
    /// takes as it is released the benchmarks say.
    private static func soon(_ text: String, _ work: () -> Void) {
        let time = ProcessorTime.measure(work)
        #expect(time < .seconds(4), "\(text.prefix(80))")
    }

    private static func code(_ text: String, _ values: [String: Value] = [:]) -> String {
        do {
            let program = try Environment.standard.compileUnchecked(text)
            return Rendering.text(of: try program.evaluate(values))
        } catch let error as EvaluationError { return error.code.rawValue } catch {
            return "\(error)"
        }
    }

    @Test func `a template with many groups is paid for before it is made`() {
        let names =
            Self.doubled("s", "'\(Self.times("a", 1000))'", 7)
            + Self.doubled("t", "'\(Self.times(#"\\0"#, 200))'", 7)
        let text = Self.bound(names, "regex.replace(s7, 'a+', t7)")

        Self.soon(text) { #expect(Self.code(text) == "limitExceeded") }
    }

    @Test func `types within types have an end, on the small stack of a task`() async throws {
        let slots = (1...99).map {
            Self.times("[", 80) + "cel.index(\($0 - 1))" + Self.times("]", 80)
        }
        let text =
            "cel.block([1, \(slots.dropLast().joined(separator: ", "))], cel.index(98) == cel.index(98))"
        try await Task {
            let (_, type) = try Environment.standard.check(text)
            #expect(type == .bool)
        }.value
    }

    @Test func `thousands of large patterns are not made before it runs`() {
        let text = Self.times(#"s.matches('\\pL{50}')"#, 1500, " || ")
        let different = (0..<1500).map { #"s.matches('\\pL{40}\#($0)')"# }.joined(separator: " || ")
        var environment = Environment.standard
        environment.declare("s", as: .string)
        for text in [text, different] {
            Self.soon(text) {
                _ = try? environment.check(text)
                _ = try? environment.compileUnchecked(text)
            }
        }
        let wrong = "lists.range(1000).exists(i, 'a'.matches('\\\\pL{1000}' + string(i)))"
        Self.soon(wrong) { #expect(Self.code(wrong) == "limitExceeded") }
    }

    @Test func `texts that are only looked at are paid for`() throws {
        let values: [String: Value] = [
            "blank": .string(Self.times(" ", 32_000)), "long": .string(Self.times("x", 200_000)),
        ]
        for text in [
            "lists.range(2000).exists(i, blank.trim() != '')",
            "lists.range(2000).exists(i, regex.replace('b', 'c', long) == 'z')",
            "lists.range(2000).exists(i, 'a'.indexOf(long) == 0)",
            "lists.range(2000).exists(i, 'a'.replace(long, '') == 'z')",
            "lists.range(2000).exists(i, 'a'.split(long).size() == 7)",
            "lists.range(2000).exists(i, 'a'.contains(long))",
        ] {
            Self.soon(text) { #expect(Self.code(text, values) == "limitExceeded", "\(text)") }
        }
    }

    @Test func `a name among many in JSON is found at once`() throws {
        let values = [
            "m": try JSONView.value(Array(Self.object(20_000).utf8)),
            "o": try JSONView.value(Array("{\"m\":\(Self.object(20_000))}".utf8)),
        ]
        let many = "lists.range(20000).all(i, has(m.k19999) && !has(m.z) && m.k19998 == 19998)"
        Self.soon(many) { #expect(Self.code(many, values) == "true") }
        Self.soon("m == o.m") { #expect(Self.code("m == o.m", values) == "true") }
        // Each unescaped name was compared with many.
        let escaped = Self.object(20_000) { "\\u0061\($0)" }
        Self.soon("escaped") {
            let value = try? JSONView.value(Array(escaped.utf8))
            #expect(Self.code("m.a7 + size(m)", ["m": value ?? .null]) == "20007")
        }
    }

    @Test func `elements that lie in JSON are paid for each time they are looked into`() throws {
        let list = "{\"l\":[\(Self.object(20_000))]}"
        let values = ["o": try JSONView.value(Array(list.utf8))]
        for text in [
            "5 in x", "x[?0].hasValue()", "x.first().hasValue()", "x.last().hasValue()",
            "x.slice(0, 1).size() > 0", "x.flatten(0).size() > 0", "sets.contains(x, [1])",
            "x.reverse().size() > 0", "x == [1]", "math.greatest(x) == 1", "x.sum(0) == 1",
            "x.join() == ''", "optional.unwrap(x) == []", "(x + x).size() == 0",
            "'%s'.format([x]) == ''", "x[0] == {}",
        ] {
            let whole = "cel.bind(x, o.l, lists.range(9000).exists(i, \(text) && i < 0))"
            Self.soon(whole) { #expect(Self.code(whole, values) == "limitExceeded", "\(text)") }
        }
    }

    @Test func `a name that is written with escapes is found as it reads`() throws {
        let value = try JSONView.value(Array(#"{"a\u006e":1,"a\n":2,"a\\n":3}"#.utf8))

        #expect(
            Self.code(#"d['an'] == 1 && d['a\n'] == 2 && d['a\\n'] == 3"#, ["d": value]) == "true")
    }

    @Test func `asking whether a name is there looks at nothing else`() throws {
        let text = "{\"s\":\"\(Self.times("z", 1_000_000))\",\"big\":\(Self.object(20_000))}"
        let values = ["x": try JSONView.value(Array(text.utf8))]
        let there = "lists.range(9000).all(i, has(x.big) && 'big' in x)"
        Self.soon(there) { #expect(Self.code(there, values) == "true") }
        for read in ["x.s.startsWith('a')", "x.s == 1", "x.big == 1", "x['s'] == 1", "x.?s == 1"] {
            let whole = "lists.range(9000).exists(i, \(read))"
            Self.soon(whole) { #expect(Self.code(whole, values) == "limitExceeded", "\(read)") }
        }
    }

    @Test func `texts of nothing but escapes are read in one go`() {
        let text = "{\"a\":\"\(Self.times(#"\n"#, 400_000))\"}"
        Self.soon("escapes") { #expect((try? JSONView.value(Array(text.utf8))) != nil) }
    }

    @Test func `what is partly evaluated is tried within a budget`() throws {
        let patterns = (0..<2000).map { #"'a'.matches('\\pL{4}\#($0)') == b"# }.joined(
            separator: ", ")
        let sums = Self.times("[", 80) + Self.times("1+1", 12_000, ",") + Self.times("]", 80)
        for text in ["[\(patterns)]", sums] {
            let tree = try Environment.standard.parse(text)
            Self.soon(text) { _ = PartialEvaluation.folded(tree, in: .standard) }
        }
    }

    @Test func `zones that there are none are told no slower`() {
        var environment = Environment.standard
        environment.declare("t", as: .timestamp)
        let text = Self.times("t.getDate('Xx00001/y') == 1", 2000, " || ")
        Self.soon(text) { _ = try? environment.check(text) }
    }

    @Test func `of a name that comes twice far apart the last counts as well`() throws {
        let others = (0..<70).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let value = try JSONView.value(Array("{\"a\":1,\(others),\"\\u0061\":2}".utf8))
        let values = ["d": value]

        #expect(Self.code("d.size()", values) == "71")
        #expect(Self.code("d.a", values) == "2")
        #expect(Self.code("d == d", values) == "true")
        let typed = try Environment.standard.conformed(
            value, to: .map(key: .string, value: .int), at: "d")
        #expect(Self.code("d.a", ["d": typed]) == "2")
    }

    @Test func `names and slots in thousands are refused or found soon`() {
        for text in [
            "cel.block([\(Self.times("1", 3000, ","))], [\(Self.times("aindex99", 500, ","))])",
            "cel.block([\(Self.times("x", 16_000, ","))], 1)",
            "[\(Self.times("abcdefghi()", 1500, ","))]",
            "cel.block([\(Self.times("1", 90, ","))], [\(Self.times("cel.index(0)", 4000, ","))])",
        ] {
            Self.soon(text) { _ = try? Environment.standard.check(text) }
        }
        let nested =
            "cel.block([\(Self.times("1", 50, ","))], cel.block([\(Self.times("1", 50, ","))], zz))"
        Self.soon(nested) {
            guard let tree = try? Environment.standard.parse(nested) else { return }
            _ = PartialEvaluation.folded(tree, in: .standard)
        }
        #expect(
            Self.code("cel.block([\(Self.times("1", 101, ","))], 1)").contains("may hold 100"))
    }

    @Test func `what is worked out beforehand is bounded as a whole`() throws {
        let text = "[\(Self.times("lists.range(990)", 3800, ","))].size()"
        Self.soon(text) {
            let program = try? Environment.standard.compileUnchecked(text)
            // Not folded away: the rest is made when it runs, and counted there.
            let measured = program.map { $0.measure($0.inputs([:])) }
            #expect((measured?.growthBytes ?? 0) > 1_000_000)
        }
    }
}
