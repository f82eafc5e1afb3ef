import Expressions
import Foundation
import Testing

/// Input that means harm: an error with a place, soon, and with little memory.
@Suite(.serialized) struct HostileExpressionTests {
    private static func issue(_ text: String) -> ExpressionIssue? {
        do {
            _ = try Environment.standard.parse(text)
            return nil
        } catch { return error }
    }

    private static func error(
        _ text: String, _ values: [String: Value] = [:], limits: Limits = Limits()
    ) throws -> EvaluationError? {
        var environment = Environment.standard
        environment.limits = limits
        do {
            _ = try environment.compileUnchecked(text).evaluate(values)
            return nil
        } catch let error as EvaluationError { return error }
    }

    @Test func `a text that is too long is refused before it is read`() {
        let issue = Self.issue("1" + String(repeating: "+1", count: 500_000))

        #expect(issue?.code == .tooLong)
        #expect(issue?.range.start == Limits().sourceBytes)
    }

    @Test(arguments: ["(", "[", "{1:", "!", "-", "a(", "a[", "a ? a : ", "1+(", "f(g("])
    func `nesting without end is refused`(_ opening: String) {
        var environment = Environment.standard
        environment.limits.sourceBytes = 10_000_000
        let text = String(repeating: opening, count: 100_000)

        #expect(throws: ExpressionIssue.self) { try environment.parse(text) }
    }

    @Test func `a chain of operators or fields has an end too`() {
        for text in [
            "1" + String(repeating: "+1", count: 200), "a" + String(repeating: ".a", count: 200),
        ] {
            #expect(Self.issue(text)?.code == .tooDeep)
        }
        let terms = Array(repeating: "true", count: 5000).joined(separator: " && ")
        #expect(CaseTests.outcome(terms) == "true")
    }

    /// All passes at the greatest depth, on the small stack of a task.
    @Test func `what may be nested can be worked out`() async throws {
        let depth = Limits().depth
        for (open, close) in [
            ("(1+", ")"), ("[", "]"), ("-(", ")"), ("{'a': ", "}"), ("size([", "])"),
        ] {
            let count = open == "size([" ? depth / 2 - 1 : depth - 1
            let text =
                String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
            try await Task {
                let environment = Environment.standard
                let (tree, _) = try environment.check(text)
                _ = PartialEvaluation.folded(tree, in: environment)
                _ = Printer.text(of: tree)
                _ = try environment.compile(text).evaluate()
            }.value
        }
    }

    @Test func `ten maps within each other over three elements end within the default cost`() throws
    {
        var text = "1"
        for level in 0..<10 { text = "[1, 2, 3].map(x\(level), \(text))" }

        #expect(try Self.error(text) == nil)
        #expect(
            try Self.error("[1, 2, 3].map(y, [1, 2, 3].map(z, \(text)))")?.code == .limitExceeded)
    }

    @Test func `growth has an end`() throws {
        var text = "'0123456789abcdef'"
        for level in 0..<40 { text = "cel.bind(x\(level), \(text), x\(level) + x\(level))" }
        let error = try Self.error(text)
        #expect(error?.code == .limitExceeded)

        let lists = try Self.error("lists.range(100000000)")
        #expect(lists?.code == .limitExceeded)
        #expect(try Self.error("'a'.replace('', '\(String(repeating: "b", count: 40))')") == nil)
    }

    @Test func `a limit that is passed is not absorbed`() throws {
        var limits = Limits()
        limits.cost = 50
        let long = "lists.range(100).exists(x, x < 0)"
        for text in ["\(long) || true", "true || \(long)", "!(\(long) && false)"] {
            let error = try Self.error(text, limits: limits)
            #expect(error?.code == .limitExceeded || text.hasPrefix("true"), "\(text)")
            #expect(error?.message.contains("cost") ?? true)
        }
    }

    @Test func `no pattern makes matching slow`() throws {
        let text = String(repeating: "a", count: 30_000) + "!"
        for pattern in ["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){20}$", "a{0,500}a{0,500}$"] {
            let program = try Environment.standard.compileUnchecked("s.matches('\(pattern)')")
            let inputs = program.inputs(["s": .string(text)])
            var isEnded = false
            let time = ProcessorTime.measure {
                switch program.measure(inputs).result {
                case .success: isEnded = true
                case .failure(let error): isEnded = error.code == .limitExceeded
                }
            }
            #expect(isEnded, "\(pattern)")
            // Linear: a backtracking matcher would take longer than the universe has.
            #expect(time < .seconds(5), "\(pattern)")
        }
        #expect(try Self.error("'a'.matches('((a{100}){100}){100}')")?.code == .invalidArgument)
        let long = String(repeating: "a", count: 5000)
        #expect(try Self.error("'a'.matches('\(long)')")?.code == .limitExceeded)
    }

    /// What holds itself many times is small, and as large as a power of two once it is gone through.
    @Test func `values that share their parts are paid for in full`() throws {
        var text = "x30 == x30"
        for level in (1...30).reversed() {
            text = "cel.bind(x\(level), [x\(level - 1), x\(level - 1)], \(text))"
        }
        text = "cel.bind(x0, [1], \(text))"
        #expect(try Self.error(text)?.code == .limitExceeded)
        let inList = text.replacing("x30 == x30", with: "x30 in [x30]")
        #expect(try Self.error(inList)?.code == .limitExceeded)
        let only = text.replacing("x30 == x30", with: "x30")
        let value = try Environment.standard.compileUnchecked(only).evaluate()
        #expect(Rendering.text(of: value).utf8.count <= Rendering.maximumBytes + 10)
    }

    @Test func `values are nested as deep as their limit`() throws {
        let slots = (1...60).map { level in
            String(repeating: "[", count: 20) + "cel.index(\(level - 1))"
                + String(repeating: "]", count: 20)
        }
        let text =
            "cel.block([1, \(slots.joined(separator: ", "))], cel.index(60) == cel.index(60))"
        #expect(try Self.error(text)?.code == .limitExceeded)
        #expect(ValueType(String(repeating: "list(", count: 20_000) + "int") == nil)
    }

    @Test func `what a function goes through is paid for before`() throws {
        let long = String(repeating: "a", count: 500_000)
        let deep = "[" + Array(repeating: "[1,2,3]", count: 30_000).joined(separator: ",") + "]"
        let values: [String: Value] = [
            "s": .string(long), "o": try JSONView.value(Array("{\"l\":\(deep)}".utf8)),
            "spans": .string(String(repeating: "0s", count: 20_000)),
        ]
        for text in [
            "lists.range(200).map(i, s + string(i)).sort().size() > 0",
            "lists.range(100000).map(i, o.l[0]).size() > 0",
            "regex.replace(s, '(a|b)*a(a|b){400}c|a', 'x').size() > 0",
            "s.matches('(a|b)*a(a|b){900}c')",
            "lists.range(100000).exists(i, s.trim() == '')",
            "lists.range(1000).exists(i, s > 'a' + s)",
        ] {
            #expect(try Self.error(text, values)?.code == .limitExceeded, "\(text)")
        }
        #expect(try Self.error("duration(spans)", values)?.code == .conversion)
        #expect(try Self.error("int(s)", values)?.code == .conversion)
    }

    /// A check must end as well, whatever it reads.
    @Test func `types that double with each name have an end`() throws {
        var text = "1"
        for level in (1...80).reversed() {
            text = "cel.bind(x\(level), {x\(level - 1): x\(level - 1)}, \(text))"
        }
        #expect(throws: ExpressionIssues.self) {
            try Environment.standard.check("cel.bind(x0, 1, \(text))")
        }
        let name = String(repeating: "a", count: 20_000)
        #expect(throws: ExpressionIssues.self) {
            try Environment.standard.check("cel.bind(\(name), 1, \(name)b)")
        }
    }

    /// Each mistake would be compared with all names there are.
    @Test func `thousands of mistakes are told no slower than twenty`() {
        let text = "[" + Array(repeating: "sizee(1)", count: 6000).joined(separator: ",") + "]"
        let time = ProcessorTime.measure {
            let error = #expect(throws: ExpressionIssues.self) {
                try Environment.standard.check(text)
            }
            #expect(error?.issues.count == 20)
        }
        #expect(time < .seconds(5))
    }

    @Test func `bytes that are no text stay bytes`() throws {
        let broken = String(decoding: [0x27, 0xFF, 0xFE, 0x27] as [UInt8], as: UTF8.self)
        #expect(CaseTests.outcome("size(\(broken))") == "2")
        #expect(try Self.error("string(b'\\xff\\xfe')")?.code == .conversion)
    }

    @Test func `each issue has its place and its text`() throws {
        let issue = try #require(Self.issue("1 +\n  'é' + @"))

        #expect(issue.position == SourcePosition(of: 13, in: "1 +\n  'é' + @"))
        #expect(issue.position.line == 2 && issue.position.column == 9)
        #expect(issue.excerpt == "@")
    }

    @Test func `an evaluation error has its place`() throws {
        let error = try #require(try Self.error("1 + (2 / 0)"))

        #expect(error.code == .divisionByZero && error.range == SourceRange(5, 10))
    }

    @Test(
        arguments: [
            ("1 < 2 && 3", SourceRange(9, 10)), ("!'a'", SourceRange(1, 4)),
            ("true || false ? 1 : m.a.b.c", nil), ("false ? 1 : m.a.b.c", SourceRange(12, 17)),
            ("'a' ? 1 : 2", SourceRange(0, 3)), ("1 + (2).map(x, x)", SourceRange(4, 17)),
            ("size([1, 2].filter(x, 'x')) > 0", SourceRange(22, 25)),
            ("'a' in [1] || [1, ?2] == [1]", SourceRange(14, 28)),
        ] as [(String, SourceRange?)])
    func `what goes wrong is marked where it stands`(_ text: String, _ range: SourceRange?) throws {
        let values = ["m": Value.map(MapValue(fields: ["a": .map(MapValue(fields: [:]))]))]

        #expect(try Self.error(text, values)?.range == range)
    }

    @Test func `whatever fails has a place`() throws {
        for one in CaseTests.groups.flatMap({ CaseTests.cases($0.text) }) where one.isError {
            let program: Program
            do { program = try Environment.standard.compileUnchecked(one.expression) } catch {
                continue
            }
            guard case .failure(let error) = program.measure(program.inputs([:])).result else {
                continue
            }
            #expect(error.range != nil, "\(one.expression)")
        }
        var limits = Limits()
        limits.cost = 300
        for text in [
            "lists.range(1000).map(x, x)", "cel.bind(l, lists.range(900), l == l)",
            "[[1]].map(x, [1, 2].map(y, lists.range(90).all(z, z >= 0)))",
            "'\(String(repeating: "a", count: 9000))'.matches('a*b')",
        ] {
            #expect(try Self.error(text, limits: limits)?.range != nil, "\(text.prefix(60))")
        }
    }

    /// The same text may stand in a list as often as one likes: it is made anew for each.
    @Test func `formatting pays for each text before it is made`() throws {
        let values = ["s": Value.string(String(repeating: "x", count: 100_000))]
        for text in [
            "'%s'.format([lists.range(90000).map(x, s)])", "'%x'.format([s + s + s + s + s + s])",
            "lists.range(90).map(x, '%x'.format([s])).size()",
            "'%s'.format([lists.range(90).map(x, {'a': s})])",
        ] {
            #expect(try Self.error(text, values)?.code == .limitExceeded, "\(text)")
        }
    }
}
