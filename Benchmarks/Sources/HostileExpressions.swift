import Expressions
import Foundation
import MallocCount

/// Expressions that mean harm: how long each takes until its error or value, and how much memory.
struct HostileExpressions {
    private static let repeats = 5

    private struct Outcome {
        let name: String
        let milliseconds: Double
        let mebibytes: Double
        let said: String
    }

    private static let long = String(repeating: "a", count: 30_000)

    private static func nested(_ count: Int) -> String {
        (0..<count).reduce("1") { "[1, 2, 3].map(x\($1), \($0))" }
    }

    private static func doubled(_ count: Int, _ first: String, _ joined: (String) -> String)
        -> String
    {
        let inner = "size([x\(count)]) > 0 && x\(count) == x\(count)"
        let body = (1...count).reversed().reduce(inner) {
            "cel.bind(x\($1), \(joined("x\($1 - 1)")), \($0))"
        }
        return "cel.bind(x0, \(first), \(body))"
    }

    /// Those the limits are for, and of all functions those that do most for their steps.
    private static let all: [(name: String, text: String)] = [
        ("source of 1 MB", "1" + String(repeating: "+1", count: 500_000)),
        ("nested 100,000 deep", String(repeating: "(", count: 100_000)),
        ("30,000 brackets", String(repeating: "[", count: 30_000)),
        ("60,000 signs", String(repeating: "!", count: 60_000) + "true"),
        ("list of 32,000", "[" + Array(repeating: "1", count: 32_000).joined(separator: ",") + "]"),
        ("9,000 names", "[" + (0..<9000).map { "a\($0)" }.joined(separator: ",") + "]"),
        (
            "6,000 unknown functions",
            "[" + Array(repeating: "sizee(1)", count: 6000).joined(separator: ",") + "]"
        ),
        ("maps 10 deep", nested(10)), ("maps 14 deep", nested(14)),
        ("(a+)+$", "'\(long)!'.matches('(a+)+$')"),
        ("(x?…){50}a{0,900}$", "'\(long)'.matches('(x?x?x?x?x?x?x?x?){50}a{0,900}$')"),
        (
            "1,500 patterns",
            (0..<1500).map { #"'a'.matches('\\pL{40}\#($0)')"# }.joined(separator: " || ")
        ),
        (
            "template of groups",
            "regex.replace('\(long)', 'a+', '\(String(repeating: #"\\0"#, count: 5000))')"
        ),
        (
            "100 slots",
            "cel.block([\(Array(repeating: "1", count: 99).joined(separator: ","))], ["
                + "\(Array(repeating: "cel.index(0)", count: 4900).joined(separator: ","))])"
        ),
        ("patterns made", "lists.range(9000).exists(x, 'a'.matches('(a{30}){30}' + string(x)))"),
        ("a(.*b)? everywhere", "regex.extractAll('\(long)', 'a(.*b)?').size()"),
        ("text doubled", doubled(40, "'0123456789abcdef'") { "\($0) + \($0)" }),
        ("list doubled", doubled(30, "[1]") { "[\($0), \($0)]" }),
        ("joined texts", "lists.range(400).map(x, '\(long)\(long)').join()"),
        ("formatted", "'\(String(repeating: "%.900f", count: 7000))'.format(lists.range(20000))"),
        ("doubles as text", "lists.range(60000).map(x, string(double(x) * 1.1)).size()"),
        ("moments as text", "lists.range(60000).map(x, string(timestamp(x))).size()"),
        ("distinct", "lists.range(100000).map(x, [x]).distinct().size()"),
        ("flattened", "lists.range(100000).map(x, [[x]]).flatten(5).size()"),
        ("sorted", "lists.range(100000).map(x, -x).sort().size()"),
        ("map of 90,000", "lists.range(90000).transformMapEntry(i, v, {string(v): v}).size()"),
        ("deep equality", "lists.range(99999).map(x, [x]) == lists.range(99999).map(x, [x])"),
        ("sum of decimals", "lists.range(100000).map(x, decimal(x)).sum(decimal('0'))"),
        ("hours in a zone", "lists.range(60000).map(x, timestamp(x).getHours('America/New_York'))"),
        ("names in JSON", "lists.range(90000).all(i, has(x.big) && 'list' in x)"),
        ("a text in JSON", "lists.range(90000).exists(i, x.s == 1)"),
        ("a map in JSON", "lists.range(90000).exists(i, x.big == {})"),
        ("a list in JSON", "cel.bind(l, x.list, lists.range(90000).exists(i, 5 in l))"),
        ("sum in JSON", "cel.bind(l, x.list, lists.range(90000).exists(i, l.sum(0) == 1))"),
        ("equal maps in JSON", "lists.range(90000).exists(i, x.big == x.list[0] && i < 0)"),
        ("list of 100 million", "lists.range(100000000)"),
    ]

    /// JSON with a long text and many names, of which a part is looked into again and again.
    private static let values: [String: Value] = {
        let names = (0..<20_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let text =
            "{\"s\":\"\(String(repeating: "z", count: 1_000_000))\",\"big\":{\(names)},"
            + "\"list\":[{\(names)}]}"
        return ["x": (try? JSONView.value(Array(text.utf8))) ?? .null]
    }()

    private static let environment: Environment = {
        var environment = Environment.standard
        environment.declare("x", as: .dyn)
        return environment
    }()

    static func run() -> [Figure] {
        print("hostile expressions: ms and MiB until the error or value")
        let outcomes = all.map { outcome($0.name, $0.text) }
        for outcome in outcomes.sorted(by: { $0.milliseconds > $1.milliseconds }) {
            let figures = String(format: "%7.1f %6.1f", outcome.milliseconds, outcome.mebibytes)
            print("\(figures)  \(outcome.name): \(outcome.said)")
        }
        return [
            Suites.figure(
                "cel.hostile.time", "hostile expressions, the longest of \(all.count)",
                [outcomes.map(\.milliseconds).max() ?? 0], "ms",
                bars: [Bar("50 ms", 50, isLimit: true)]),
            Suites.figure(
                "cel.hostile.memory", "hostile expressions, the largest",
                [outcomes.map(\.mebibytes).max() ?? 0], "MiB",
                bars: [Bar("64 MB", 64e6 / 1_048_576, isLimit: true)]),
        ]
    }

    private static func outcome(_ name: String, _ text: String) -> Outcome {
        var times: [Double] = []
        var sizes: [Double] = []
        var said = ""
        for _ in 0..<repeats {
            // What is free already would hide what is taken.
            heap_trim()
            forgetPeak()
            let before = Suites.memoryMiB("VmHWM")
            let start = ContinuousClock.now
            said = work(text)
            times.append((ContinuousClock.now - start).inMilliseconds)
            sizes.append(Suites.memoryMiB("VmHWM") - before)
        }
        return Outcome(
            name: name, milliseconds: times.sorted()[repeats / 2], mebibytes: sizes.max() ?? 0,
            said: said)
    }

    private static func work(_ text: String) -> String {
        do {
            let value = try environment.compile(text).evaluate(values)
            return String(Rendering.text(of: value).prefix(20))
        } catch let issues as ExpressionIssues {
            return issues.issues.first?.description ?? ""
        } catch { return "\(error)" }
    }

    // MARK: - Memory

    private static func forgetPeak() {
        // Five: the greatest size so far is forgotten.
        try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    }
}
