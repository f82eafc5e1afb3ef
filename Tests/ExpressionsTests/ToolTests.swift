import Expressions
import Foundation
import Kernel
import Testing

/// What tools above the language ask of it.
@Suite struct ToolTests {
    private static func reads(_ text: String) throws -> [String] {
        let environment = Environment.standard
        return ReadPaths.of(try environment.parse(text), in: environment)
    }

    @Test(arguments: [
        ("order.address.country == 'US'", ["order.address.country"]),
        ("order.lines.exists(l, l.sku == sku)", ["order.lines", "order.lines.[].sku", "sku"]),
        ("order.lines[0].sku + order['id']", ["order.id", "order.lines.[].sku"]),
        ("m[key].x", ["key", "m.[].x"]), ("has(a.b) && a.?c.hasValue()", ["a.b", "a.c"]),
        ("cel.bind(x, a.b, x.c + x.d)", ["a.b.c", "a.b.d"]), ("math.abs(n) + 1", ["n"]),
        ("type(x) == int", ["x"]), ("[1, 2].map(i, i + j)", ["j"]), ("1 + 2", []),
        ("{'k': a}.transformMap(k, v, v + b)", ["a", "b"]),
    ])
    func `the paths it reads are known`(_ text: String, _ wanted: [String]) throws {
        #expect(try Self.reads(text) == wanted)
    }

    @Test(arguments: [
        ("1 + 2 * 3", "7"), ("x + (2 * 3)", "x + 6"), ("true && x", "true && x"),
        ("false && x", "false"), ("x || 1 == 1", "true"), ("a && true && b", "a && b"),
        ("1 < 2 ? x : y", "x"), ("1 / 0", "1 / 0"), ("[1 + 1, x]", "[2, x]"),
        ("[1, 2].map(i, i * 2)", "[2, 4]"),
        ("[1, 2].map(i, i * (2 + 3) + x)", "[1, 2].map(i, i * 5 + x)"),
        ("timestamp(0)", "timestamp(\"1970-01-01T00:00:00Z\")"), ("size('abc') + n", "3 + n"),
        ("cel.bind(y, 1 + 1, y + x)", "cel.bind(y, 2, y + x)"), ("math.abs(-1) + x", "1 + x"),
    ])
    func `what is known is worked out beforehand`(_ text: String, _ wanted: String) throws {
        let environment = Environment.standard
        let folded = PartialEvaluation.folded(try environment.parse(text), in: environment)
        #expect(Printer.text(of: folded) == wanted)
    }

    @Test(arguments: [
        "-(!x)", "!(-x)", "-(1).?a", "-(1.5)", "-(-1)", "- -x", "!!x", "-(1)[0]", "!(-1 == 1)",
    ])
    func `signs before signs are printed so that they can be read`(_ text: String) throws {
        let tree = try Environment.standard.parse(text)
        #expect(
            try Environment.standard.parse(Printer.text(of: tree)) == tree,
            "\(Printer.text(of: tree))")
    }

    @Test func `a field in backticks is no part of a record's name`() {
        for text in ["a.`b-c`{x: 1}", "cel.index(0){}.a", "cel.iterVar(0, 0){}"] {
            #expect(throws: ExpressionIssue.self) { try Environment.standard.parse(text) }
        }
    }

    @Test func `a function of a host's own stands beside ours`() throws {
        var environment = Environment.standard
        try environment.add(
            Function(
                "size(Quantity) -> int",
                body: .unary { value, _ throws(EvaluationError) in
                    guard case .host(let host) = value, let own = host as? QuantityValue else {
                        throw EvaluationError(.noSuchOverload, "no quantity")
                    }
                    return .int(Int64(own.quantity.units))
                }))
        let value = try environment.compile("size('abc') + size(quantity(4)) + size([1])")
            .evaluate()
        #expect(Rendering.text(of: value) == "8")
        #expect(throws: EvaluationError.self) {
            try environment.add(Function("no signature", body: .many { _, _ in .null }))
        }
    }

    @Test func `some variables may be known`() throws {
        let environment = Environment.standard
        let tree = try environment.parse("tenant == 'acme' && order.total > limit")

        let residual = PartialEvaluation.residual(
            of: tree, knowing: ["tenant": .string("acme"), "limit": .int(5)], in: environment)

        #expect(Printer.text(of: residual) == "true && order.total > 5")
    }

    @Test func `a residual can be checked where the whole could`() throws {
        var environment = Environment.standard
        environment.declare("x", as: .dyn)
        environment.declare("y", as: .string)
        for text in ["x == y", "dyn(1) == y", "[x, 2] == [y]", "y.size() == x"] {
            let (tree, _) = try environment.check(text)
            let residual = PartialEvaluation.residual(
                of: tree, knowing: ["x": .int(1)], in: environment)
            #expect(!ReadPaths.variables(residual, in: environment).contains("x"))
            _ = try environment.check(Printer.text(of: residual))
        }
    }

    @Test func `a stored expression names its version, and another is refused`() throws {
        let tree = try Environment.standard.parse("a  +  1")
        let data = try JSONEncoder().encode(StoredExpression(tree))

        let text = String(decoding: data, as: UTF8.self)
        #expect(text.contains("\"celVersion\":1") && text.contains("a + 1"))
        let newer = try JSONDecoder().decode(
            StoredExpression.self, from: Data(text.replacing("\":1", with: "\":2").utf8))
        #expect(throws: ExpressionIssue.self) { try newer.tree(in: .standard) }
    }

    @Test func `values are written as text and as JSON`() throws {
        let value = try Environment.standard.compileUnchecked(
            """
            {'a': [1, 2u, 1.5, true, null, b'x', duration('1s'), optional.of(1), type(1)],
             'm': money('1.5', 'EUR'), 'd': decimal('1.50'), 'q': 'a"b'}
            """
        ).evaluate()

        #expect(
            Rendering.json(of: value)
                == #"{"a":[1,2,1.5,true,null,"eA==","1s",1,"int"],"m":"1.50 EUR","d":"1.50","q":"a\"b"}"#
        )
        let keys = try Environment.standard.compileUnchecked(
            "{1: 'a', '1': 'b', 2: 'c', true: 'd'}"
        )
        .evaluate()
        #expect(Rendering.json(of: keys) == #"{"int(1)":"a","1":"b","2":"c","true":"d"}"#)
        #expect(Rendering.text(of: value).contains("optional.of(1)"))
        #expect(Rendering.text(of: value).contains("Money(\"1.50 EUR\")"))
    }
}
