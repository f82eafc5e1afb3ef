import Expressions
import Testing

/// What is found before anything runs, and how it is said.
@Suite struct CheckerTests {
    private static var environment: Environment {
        var environment = Environment.standard
        environment.declare(
            "Order",
            record: Environment.Record(
                fields: [
                    "id": .string, "address": .named("Address"), "lines": .list(.named("Line")),
                    "placedAt": .timestamp, "total": .named("Money"),
                ]))
        environment.declare(
            "Address", record: Environment.Record(fields: ["country": .string, "zip": .string]))
        environment.declare(
            "Line", record: Environment.Record(fields: ["sku": .string, "quantity": .int]))
        environment.declare("order", as: .named("Order"))
        environment.declare("tags", as: .map(key: .string, value: .string))
        return environment
    }

    private static func type(_ text: String) -> String {
        do { return try environment.check(text).1.text } catch { return "\(error)" }
    }

    @Test(arguments: [
        ("order.address.country == 'US'", "bool"),
        ("order.lines.map(l, l.quantity)", "list(int)"),
        ("order.lines.filter(l, l.quantity > 1)", "list(Line)"),
        ("order.lines.transformMap(i, l, l.sku)", "map(int, string)"),
        ("order.total + order.total", "Money"),
        ("order.placedAt + duration('1h')", "timestamp"),
        ("tags['a']", "string"), ("tags.?a", "optional(string)"),
        ("tags.?a.orValue('x')", "string"), ("[1, 'a']", "list(dyn)"), ("[]", "list(dyn)"),
        ("[1, 2].first().optMap(x, string(x))", "optional(string)"),
        ("{'a': [1.5]}", "map(string, list(double))"), ("cel.bind(x, 1u, [x])", "list(uint)"),
        ("true ? 1 : dyn('a')", "dyn"), ("math.greatest([][0], 1)", "dyn"),
        ("type(1)", "type(int)"),
    ])
    func `types are worked out`(_ text: String, _ wanted: String) {
        #expect(Self.type(text) == wanted)
    }

    @Test(arguments: [
        ("order.adress.country", "1:7: unknown field “adress”; did you mean “address”?"),
        ("order.address.cuntry == 'US'", "1:15: unknown field “cuntry”; did you mean “country”?"),
        ("oder.id", "1:1: unknown name “oder”; did you mean “order”?"),
        (
            "order.id.startWith('a')",
            "1:10: unknown function “startWith”; did you mean “startsWith”?"
        ),
        ("size('a', 'b')", "there is no size of (string, string)"),
        ("order.total > 5", "there is no > of (Money, int)"),
        ("order.lines.exist(l, true)", "did you mean “exists”?"),
        (
            "order.lines.map(l, l.qantity)",
            "1:22: unknown field “qantity”; did you mean “quantity”?"
        ),
        ("order.id && true", "a bool was expected, not string"),
        ("order.address.country.name", "string has no fields, such as “name”"),
        ("size(order.id) + 'a'", "there is no + of (int, string)"),
        ("'a'.size(1)", "there is no size of (string, int)"),
        ("abs(1)", "unknown function “abs”"),
        ("contains('a', 'b')", "contains is called as x.contains()"),
        ("timestamp('nope')", "1:11: the text is no moment"),
        ("order.id == '' || duration('1d') > duration('1h')", "1:28: the text is no duration"),
        ("money('1', 'usd')", "1:12: “usd” is no currency in use; did you mean “USD”?"),
        ("money('1.234', 'USD')", "1:7: USD has 2 decimals"),
        ("decimal('x')", "1:9: the text is no decimal"), ("int('4.2')", "1:5: the text is no int"),
        ("cidr('10.0.0.0/33')", "is no range of IP addresses"),
        ("cidr('10.0.0.0/8').containsIP('10.0.0')", "1:31: “10.0.0” is no IP address"),
        (
            "timestamp(0).getHours('America/NewYork')",
            "1:23: unknown time zone “America/NewYork”; did you mean “America/New_York”?"
        ),
        ("decimal('1').round(2, 'half_even')", "1:23: “half_even” is no way to round"),
        ("regex.extract('a', '(')", "1:20: the pattern is wrong"),
        ("order.zip", "unknown field “zip”; there is address, id, lines"),
        ("has(order.idd)", "1:11: unknown field “idd”; did you mean “id”?"),
        ("order.id.beginsWith('a')", "did you mean “startsWith”?"),
        ("money('1', 'USD') > 5.0", "money goes with money"),
        ("decimal('1') * 1.5", "write decimal('12.50')"),
        ("order.id in 'abc'", "on the right stands a list or a map"),
        ("money('1')", "it takes (string, string)"),
        ("(1 + 2 * [3]", "1:13: “(” at 1:1 is not closed"), ("size([1, 2)", "found “)”"),
        ("size([1, 2", "“[” at 1:6 is not closed"), ("size(1, 2", "“(” at 1:5 is not closed"),
        ("{'a': 1", "“{” at 1:1 is not closed"), ("order.lines[0", "“[” at 1:12 is not closed"),
        ("not order.id", "did you mean “!”?"), ("order.lines.all(l => true)", "parted by a comma"),
        ("order.id == “a”", "texts stand in"),
    ])
    func `mistakes are told with place and hint`(_ text: String, _ wanted: String) {
        #expect(Self.type(text).contains(wanted), "\(Self.type(text))")
    }

    @Test func `all mistakes are told, in the order of the text`() throws {
        let error = #expect(throws: ExpressionIssues.self) {
            try Self.environment.check("a + b\n  + c")
        }

        let lines = try #require(error).issues.map(\.position.line)
        #expect(lines == [1, 1, 2])
    }

    @Test func `a container is looked in first`() throws {
        var environment = Environment.standard
        environment.container = "shop.rules"
        environment.declare("shop.rules.limit", as: .int)
        environment.declare("shop.limit", as: .string)
        environment.declare("limit", as: .bool)

        #expect(try environment.check("limit").1 == .int)
        #expect(try environment.check(".limit").1 == .bool)
        #expect(try environment.check("shop.limit").1 == .string)
        #expect(try environment.check("[1].all(limit, limit > 0)").1 == .bool)
    }

    @Test func `a dotted variable is found before a field`() throws {
        var environment = Environment.standard
        environment.declare("a.b", as: .int)
        environment.declare("a", as: .map(key: .string, value: .string))
        let program = try environment.compile("a.b")

        let value = try program.evaluate([
            "a.b": .int(5), "a": .map(MapValue(fields: ["b": .string("x")])),
        ])

        #expect(Rendering.text(of: value) == "5")
    }

    @Test func `what may cost too much is refused before it runs`() throws {
        var environment = Environment.standard
        environment.declare("items", as: .list(.int))
        environment.limits.estimate = 10_000

        #expect(try environment.check("items.all(x, x > 0)").1 == .bool)
        let error = #expect(throws: ExpressionIssues.self) {
            try environment.check("items.all(x, items.all(y, x + y > 0))")
        }
        #expect(error?.issues.first?.code == .tooCostly)
    }

    @Test(arguments: [
        // What is declared, and by how much a second level multiplies.
        ("items.map(x, x)", ["items": 0...5], 0...20),
        ("items.all(x, items.all(y, x + y > 0))", ["items": 0...5], 0...300),
        ("lists.all(l, l.all(x, x > 0))", ["lists": 0...3], 1000...2000),
        ("lists.all(l, l.all(x, x > 0))", ["lists": 0...3, "lists.[]": 0...4], 0...80),
        ("lists.map(l, l)[0].map(x, x)", ["lists.[]": 0...4], 0...450),
        ("cel.bind(l, lists[0], l.map(x, x))", ["lists.[]": 0...4], 0...30),
        ("cel.block([items], cel.index(0).map(x, x))", ["items": 0...4], 0...30),
        ("(true ? items : [1, 2]).map(x, x)", ["items": 1...4], 2...30),
        // What is written down.
        ("[[1, 2], [3, 4]].map(l, l.map(x, x))", [:], 0...50),
        ("{'a': [1, 2]}.a.map(x, x) + {'a': [1]}['a'].map(x, x)", [:], 0...60),
        ("{'a': [1, 2]}.map(k, k).map(k, k)", [:], 0...40),
        ("lists.filter(l, size(l) > 1).map(l, l)", ["lists": 0...3], 0...350),
        // Each element that is compared costs what stands in it.
        ("[lists[0], [1]] == [[1, 2], [3, 4, 5]]", [:], 8...700),
    ])
    func `sizes of elements are known as far as they are said`(
        _ text: String, _ sizes: [String: ClosedRange<Int>], _ wanted: ClosedRange<Int>
    ) throws {
        var environment = Environment.standard
        environment.declare("items", as: .list(.int))
        environment.declare("lists", as: .list(.list(.int)))
        for (path, size) in sizes { try environment.declare(path, size: size) }

        let (tree, _) = try environment.check(text)
        let most = CostEstimate.of(tree, in: environment).upperBound

        #expect(wanted.contains(most), "\(most)")
        environment.limits.estimate = most
        #expect(throws: Never.self) { try environment.check(text) }
        environment.limits.estimate = most - 1
        #expect(throws: ExpressionIssues.self) { try environment.check(text) }
    }

    @Test func `sizes that hold each other many times over are estimated at once`() throws {
        // Each name holds the one before twice: a tree that is walked down would not end.
        let depth = 30
        var text = "x\(depth)" + String(repeating: "[0]", count: depth) + ".map(y, y)"
        for level in (1...depth).reversed() {
            text = "cel.bind(x\(level), [x\(level - 1), x\(level - 1)], \(text))"
        }
        text = "cel.bind(x0, [1], \(text))"
        let tree = try Environment.standard.parse(text)

        #expect(CostEstimate.of(tree, in: .standard).upperBound > depth)
    }

    /// Loops over what nobody knows, each within the one before.
    private static func nested(_ depth: Int) -> String {
        let opening = (0..<depth).map { "x\($0).map(x\($0 + 1), " }.joined()
        return "cel.bind(x0, o, \(opening)1\(String(repeating: ")", count: depth)))"
    }

    /// Slots, each made of the one before by many links.
    private static func slots(_ count: Int, _ link: String, _ links: Int) -> String {
        let chain = String(repeating: link, count: links)
        let rest = (1..<count).map { "cel.index(\($0 - 1))" + chain }
        return
            "cel.block([\((["[1]"] + rest).joined(separator: ", "))], cel.index(\(count - 1)) == [])"
    }

    /// Slots, each a list or a map of the one before, looked into from within.
    private static func mixed(_ count: Int) -> String {
        let rest = (1..<count).map { slot in
            let before = "cel.index(\(slot - 1))"
            return "(o ? dyn([\(before)]) : dyn({'k': \(before)}))"
        }
        let opening = (0..<30).map { "x\($0).map(x\($0 + 1), " }.joined()
        return "cel.block([\((["1"] + rest).joined(separator: ", "))], cel.bind(x0, "
            + "cel.index(\(count - 1)), \(opening)1\(String(repeating: ")", count: 30))))"
    }

    /// On the small stack of a task, and as soon as anything else that is refused.
    @Test func `the largest expressions are estimated soon, however they are nested`() async {
        let ones = Array(repeating: "[1]", count: 15_000).joined(separator: ",")
        func links(_ first: String, _ link: String) -> String {
            first + String(repeating: link, count: 88)
        }
        for text in [
            "[\(ones)].map(x, x.map(y, y))", "[\(ones)].map(x, x) == []", "[1] in [\(ones)]",
            links("[\(ones)]", ".reverse()"), links("[\(ones)]", ".map(x, x)"),
            links("[\(ones)]", ".slice(0, 9)"), links("[\(ones)]", " + [[1]]"),
            links("o.?k", ".optMap(x, x)"), Self.nested(30), Self.slots(60, ".slice(0, 1)", 80),
            Self.slots(60, " + [1]", 80), Self.slots(60, ".map(x, [x])", 80), Self.mixed(60),
            "cel.bind(x, [\(Array(repeating: "{}", count: 9000).joined(separator: ","))][0], ["
                + (0..<2600).map { "x.a\($0)" }.joined(separator: ",") + "])",
            "(" + Array(repeating: "r", count: 10).joined(separator: " == r) && (") + " == r)",
            links("optional.of([1])", ".optFlatMap(x, optional.of(x))"),
            links("[[1]]", ".map(x, [x])"), links("[[1]]", ".filter(x, true)"),
            links("[[1]]", ".sortBy(x, size(x))"), links("[[1]]", ".transformMap(i, x, x)"),
            String(repeating: "[", count: 95) + String(repeating: "]", count: 95) + " == []",
        ] {
            await Task {
                let time = ProcessorTime.measure {
                    var environment = Environment.standard
                    environment.declare("o", as: .dyn)
                    environment.declare(
                        "R",
                        record: Environment.Record(
                            fields: Dictionary(
                                uniqueKeysWithValues: (0..<40).map { ("f\($0)", .named("R")) })))
                    environment.declare("r", as: .named("R"))
                    environment.limits.sourceBytes = 200_000
                    environment.limits.estimate = Int.max
                    #expect(throws: Never.self, "\(text.suffix(30))") {
                        try environment.check(text)
                    }
                }
                #expect(time < .seconds(4), "\(text.suffix(30))")
            }.value
        }
    }

    @Test func `a host's record has an order where it says so`() throws {
        var environment = Self.environment
        environment.declare(
            "Weight", record: Environment.Record(fields: ["grams": .int], isOrdered: true))
        environment.declare("w", as: .named("Weight"))

        for text in [
            "w < w", "w >= w", "w < dyn(w)", "dyn(w) > w", "[w, w].sort()[0] == w",
            "[1].sortBy(x, w) == [1]",
        ] {
            #expect(try environment.check(text).1 == .bool, "\(text)")
        }
        for text in [
            "order < order", "order.lines.sort()", "order.lines.sortBy(l, l)", "w < order",
        ] {
            #expect(throws: ExpressionIssues.self, "\(text)") { try environment.check(text) }
        }
    }

    @Test func `signatures and types are read as they are written`() throws {
        for text in ["list(map(string, dyn))", "optional(int)", "type(int)", "Money", "A"] {
            #expect(ValueType(text)?.text == text)
        }
        for text in ["", "list(", "map(string)", "list(int, int)", "int)", "a b", ".a", "list()"] {
            #expect(ValueType(text) == nil, "\(text)")
        }
        let found = try #require(Signature.read("list(A).join(string) -> string"))
        #expect(found.name == "join" && found.signature.isMember)
        for text in ["f", "f(", "f() int", "f() ->", "(int) -> int", "f(int -> int"] {
            #expect(Signature.read(text) == nil, "\(text)")
        }
    }

    @Test func `functions and records of the host's own can be added`() throws {
        var environment = Environment.standard
        try environment.add(
            Function(
                "shop.vat(decimal, string) -> decimal",
                body: .binary { a, b, _ throws(EvaluationError) in
                    guard case .string(let country) = b else {
                        throw EvaluationError(.noSuchOverload, "no country")
                    }
                    return country == "DE" ? a : .null
                }))

        #expect(try environment.check("shop.vat(decimal('1'), 'DE')").1 == .decimal)
        let value = try environment.compile("shop.vat(decimal('1'), 'DE')").evaluate()
        #expect(Rendering.text(of: value) == "decimal(\"1\")")
    }
}
