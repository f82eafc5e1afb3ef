import Expressions
import Kernel
import StorageTesting
import Testing

/// What an expression may cost, told before it runs, beside what it did cost.
@Suite struct EstimateTests {
    /// Variables with sizes that were drawn, and data that keep to them.
    private struct Ground {
        var environment = Environment.standard
        var values: [String: Value] = [:]
        private var random: SplitMix64
        /// Whether there is as much of all as there may be.
        private let isFull: Bool

        init(seed: UInt64) throws {
            random = SplitMix64(seed: seed)
            isFull = seed.isMultiple(of: 2)
            environment.limits.cost = 20_000_000
            environment.limits.growthBytes = 1 << 30
            environment.declare(
                "Line", record: Environment.Record(fields: ["sku": .string, "quantity": .int]))
            environment.declare(
                "Order",
                record: Environment.Record(fields: [
                    "xs": .list(.int), "n": .int, "note": .string, "lines": .list(.named("Line")),
                ]))
            let types: [String: ValueType] = [
                "n": .int, "b": .bool, "s": .string, "t": .string, "items": .list(.int),
                "ll": .list(.list(.int)), "tags": .list(.string), "o": .named("Order"),
                "p": .named("Order"), "ol": .list(.named("Order")), "d": .dyn, "a.b": .list(.int),
                "m": .map(key: .string, value: .list(.int)), "shop.stock": .list(.int),
            ]
            for (name, type) in types { environment.declare(name, as: type) }
            environment.container = "shop"
            for name in types.keys.sorted() {
                values[name] = try value(types[name] ?? .dyn, [name])
            }
        }

        private mutating func count(_ path: [String], upTo limit: Int = 9) throws -> Int {
            let most = Int.random(in: 0...limit, using: &random)
            let least = Int.random(in: 0...most, using: &random)
            let text = path.joined(separator: ".")
            // Parts of one list share what was drawn for the first of them.
            if environment.sizes[text] == nil { try environment.declare(text, size: least...most) }
            let range = environment.sizes[text] ?? 0...0
            return isFull || Bool.random(using: &random)
                ? range.upperBound : Int.random(in: range, using: &random)
        }

        private mutating func value(_ type: ValueType, _ path: [String]) throws -> Value {
            switch type {
            case .int: return .int(Int64(try count(path, upTo: 40)))
            case .bool: return .bool(Bool.random(using: &random))
            case .string:
                let bytes = try count(path, upTo: 300)
                // Of one byte each, or of four.
                let text = Bool.random(using: &random) ? "ab" : "😀"
                let size = text.utf8.count
                return .string(
                    String(repeating: text, count: bytes / size)
                        + String(repeating: "a", count: bytes % size))
            case .list(let element):
                var parts: [Value] = []
                for _ in 0..<(try count(path)) { parts.append(try value(element, path + ["[]"])) }
                return .list(parts)
            case .map, .dyn:
                let names = "akcdefghi".map(String.init).prefix(try count(path))
                var fields: [String: Value] = [:]
                for name in names {
                    // Under its own name, or under that of any.
                    let part = Bool.random(using: &random) ? name : "[]"
                    fields[name] = try value(.list(.int), path + [part])
                }
                return .map(MapValue(fields: fields))
            case .named("Order"):
                return .map(
                    MapValue(fields: [
                        "xs": try value(.list(.int), path + ["xs"]),
                        "n": try value(.int, path + ["n"]),
                        "note": try value(.string, path + ["note"]),
                        "lines": try value(.list(.named("Line")), path + ["lines"]),
                    ]))
            default:
                return .map(
                    MapValue(fields: [
                        "sku": try value(.string, path + ["sku"]),
                        "quantity": try value(.int, path + ["quantity"]),
                    ]))
            }
        }

        // MARK: - Expressions over them

        private mutating func pick<T>(_ items: [T]) -> T {
            items[Int.random(in: 0..<items.count, using: &random)]
        }

        mutating func any() -> String {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: number(3)
            case 1: test(3)
            case 2: text(3)
            default: list(4)
            }
        }

        private mutating func order() -> String { pick(["o", "p", "(b ? o : p)", "[o, p][0]"]) }

        private mutating func list(_ depth: Int) -> String {
            guard depth > 0 else {
                return pick([
                    "items", "o.xs", "p.xs", "m.a", "m['k']", "d.a", "a.b", "stock", "shop.stock",
                    "[n, 2, 3]", "[]", "ll[0]", "\(order()).xs", "m.?k.orValue(items)",
                    "lists.range(n)", "ol.map(x, x.n)", "{'a': items, 'b': o.xs}.a",
                ])
            }
            let d = depth - 1
            switch Int.random(in: 0..<16, using: &random) {
            case 0: return "(\(list(d)) + \(list(d)))"
            case 1: return "\(list(d)).map(e\(d), e\(d) + \(number(d)))"
            case 2: return "\(list(d)).map(e\(d), e\(d) > 2, \(number(d)))"
            case 3: return "\(list(d)).filter(e\(d), \(test(d)))"
            case 4: return "(\(test(d)) ? \(list(d)) : \(list(d)))"
            case 5: return "\(list(d)).\(pick(["sort", "distinct", "reverse"]))()"
            case 6: return "\(list(d)).sortBy(e\(d), \(number(0)) - e\(d))"
            case 7: return "[\(list(d)), \(list(d))].flatten()"
            case 8: return "cel.bind(v\(d), \(list(d)), v\(d) + v\(d))"
            case 9: return "cel.block([\(list(d)), cel.index(0)], cel.index(1))"
            case 10: return "optional.of(\(list(d))).optMap(q\(d), q\(d) + \(list(0))).orValue([])"
            case 11:
                return "m.transformMap(k\(d), v\(d), v\(d) + \(list(0))).map(k\(d), \(number(d)))"
            case 12:
                return
                    "ol.transformMapEntry(i\(d), x\(d), {i\(d): x\(d).xs}).transformList(k, v, size(v))"
            case 13: return "[\(list(d))].first().value()"
            case 14: return "ll.map(l\(d), l\(d).map(x\(d), x\(d) + \(number(0)))).flatten()"
            default: return "ol.map(x\(d), x\(d).lines.map(y\(d), y\(d).quantity)).flatten()"
            }
        }

        private mutating func text(_ depth: Int) -> String {
            guard depth > 0 else {
                return pick(["s", "t", "o.note", "'ab'", "''", "\(order()).note", "string(n)"])
            }
            let d = depth - 1
            switch Int.random(in: 0..<8, using: &random) {
            case 0: return "(\(text(d)) + \(text(d)))"
            case 1: return "\(text(d)).replace(\(text(0)), \(text(0)))"
            case 2: return "\(text(d)).split(\(text(0))).join(\(text(0)))"
            case 3: return "\(list(d)).map(e\(d), string(e\(d))).join(\(text(0)))"
            case 4: return "\(text(d)).\(pick(["upperAscii", "reverse", "trim"]))()"
            case 5: return "'%s %s'.format([\(text(d)), \(list(d))])"
            case 6: return "regex.replace(\(text(d)), 'a', \(text(0)))"
            default: return "tags.filter(g\(d), g\(d) != \(text(0))).join(',')"
            }
        }

        private mutating func number(_ depth: Int) -> String {
            guard depth > 0 else { return pick(["n", "o.n", "3", "size(items)", "size(s)"]) }
            let d = depth - 1
            return pick([
                "size(\(list(d)))", "size(\(text(d)))", "(\(number(d)) + \(number(d)))",
                "(\(number(d)) * \(number(0)))", "(\(test(d)) ? \(number(d)) : \(number(d)))",
                "\(list(d)).sum(0)", "math.greatest(\(number(d)), \(number(0)))",
                "\(text(d)).indexOf(\(text(0)))", "int(double(\(number(d))) * 2.5)",
                "\(list(d))[0]",
                "lists.range(\(number(0))).map(r\(d), r\(d)).size()",
            ])
        }

        private mutating func test(_ depth: Int) -> String {
            guard depth > 0 else { return pick(["b", "n > 3", "has(m.a)", "'ab' in tags"]) }
            let d = depth - 1
            switch Int.random(in: 0..<9, using: &random) {
            case 0: return "(\(test(d)) && \(test(d)) && \(test(0)))"
            case 1: return "(\(test(d)) || \(test(d)))"
            case 2: return "\(number(d)) in \(list(d))"
            case 3:
                return pick(["(\(list(d)) == \(list(d)))", "(d == d)", "(ll == ll)", "(ol == ol)"])
            case 4:
                return
                    "\(list(d)).\(pick(["all", "exists", "exists_one"]))(e\(d), e\(d) < \(number(d)))"
            case 5: return "(\(order()) == \(order()))"
            case 6: return "(\(text(d)) < \(text(d)))"
            case 7: return "\(text(d)).matches('(a|b)+$')"
            default: return "sets.contains(\(list(d)), \(list(0)))"
            }
        }
    }

    @Test(arguments: Seeds.of(6))
    func `what is said of sizes holds what it costs between the least and the most`(
        _ seed: UInt64
    ) throws {
        var ended = 0
        for round in 0..<20 {
            var ground = try Ground(seed: seed &* 1000 &+ UInt64(round))
            for _ in 0..<25 {
                let text = ground.any()
                let (tree, _) = try ground.environment.check(text)
                let program = ground.environment.compile(tree)
                let measured = program.measure(program.inputs(ground.values))
                let estimate = CostEstimate.of(tree, in: ground.environment)

                #expect(measured.cost <= estimate.upperBound, "\(text)")
                guard case .success = measured.result, !Self.absorbs(text) else { continue }
                ended += 1
                #expect(estimate.lowerBound <= measured.cost, "\(text)")
            }
        }
        #expect(ended > 100)
    }

    /// Whether a part may have failed, and so have ended early, though the whole has a value.
    private static func absorbs(_ text: String) -> Bool {
        ["&&", "||", ".all(", ".exists(", "cel.bind", "cel.block"].contains(where: text.contains)
    }

    @Test func `an estimate leaves nothing behind`() throws {
        final class Token: Sendable {}
        weak var seen: Token?
        do {
            let token = Token()
            seen = token
            var environment = Environment.standard
            environment.declare(
                "Node",
                record: Environment.Record(fields: ["next": .list(.named("Node"))]) { fields in
                    withExtendedLifetime(token) { .map(MapValue(fields: fields)) }
                })
            environment.declare("n", as: .named("Node"))
            try environment.declare("n.next", size: 0...4)
            let (tree, _) = try environment.check("n == n && n.next.map(x, x.next)[0] == []")

            #expect(CostEstimate.of(tree, in: environment).upperBound > 4)
            #expect(seen != nil)
        }
        #expect(seen == nil)
    }

    @Test(arguments: Seeds.of(2))
    func `where nothing is said the least and the most hold as well`(_ seed: UInt64) throws {
        let environment = Generator.environment
        var generator = Generator(seed: seed)
        var ended = 0
        for text in (0..<300).map({ _ in generator.any() }) + CaseTests.readable {
            guard let (tree, _) = try? environment.check(text) else { continue }
            let program = environment.compile(tree)
            let measured = program.measure(program.inputs(Generator.variables))
            let estimate = CostEstimate.of(tree, in: environment)

            #expect(measured.cost <= estimate.upperBound, "\(text)")
            guard case .success = measured.result, !Self.absorbs(text) else { continue }
            ended += 1
            #expect(estimate.lowerBound <= measured.cost, "\(text)")
        }
        #expect(ended > 500)
    }

    /// Rules as people write them, with all there may be of everything: what is said is near to what it costs.
    @Test(arguments: [
        ("order.total > money('100', 'USD') && order.country in ['US', 'CA']", 20),
        ("order.lines.all(l, l.sku.startsWith('AB-') || l.quantity > 2)", 10),
        ("order.lines.map(l, l.quantity).sort()[0] > 5", 5),
        ("order.lines.exists(l, l.sku == order.note)", 5),
        ("order.lines[order.n].quantity > 5 || true", 20),
        ("order.placedAt + duration('24h') < timestamp('2026-01-01T00:00:00Z')", 5),
        ("order.note.replace(' ', '').replace('-', '').replace('.', '').startsWith('1')", 10),
        ("'%s has %d lines'.format([order.note, size(order.lines)])", 20),
        ("order.lines.slice(0, 1).map(l, l.sku.upperAscii())", 20),
        ("order.lines.map(l, l.sku).distinct().size() == order.lines.size()", 5),
        ("order.lines.map(l, l.sku).join(', ')", 5),
    ])
    func `everyday rules are not estimated far above what they cost`(
        _ text: String, _ factor: Int
    ) throws {
        var environment = Environment.standard
        environment.declare(
            "Line", record: Environment.Record(fields: ["sku": .string, "quantity": .int]))
        environment.declare(
            "Order",
            record: Environment.Record(fields: [
                "total": .named("Money"), "country": .string, "note": .string, "n": .int,
                "lines": .list(.named("Line")), "placedAt": .timestamp,
            ]))
        environment.declare("order", as: .named("Order"))
        for (path, most) in [
            ("order.lines", 20), ("order.lines.[].sku", 30), ("order.lines.[].quantity", 10_000),
            ("order.n", 10_000), ("order.note", 100), ("order.country", 2),
        ] {
            try environment.declare(path, size: 0...most)
        }
        let line = MapValue(fields: [
            "sku": .string("AB-" + String(repeating: "x", count: 27)), "quantity": .int(10_000),
        ])
        let usd = try #require(Currency("USD"))
        let order = MapValue(fields: [
            "total": .host(MoneyValue(Money(minorUnits: 20_000, currency: usd))),
            "country": .string("CA"), "note": .string(String(repeating: "1", count: 100)),
            "n": .int(3), "lines": .list(Array(repeating: .map(line), count: 20)),
            "placedAt": .timestamp(.epoch),
        ])

        let (tree, _) = try environment.check(text)
        let program = environment.compile(tree)
        let measured = program.measure(program.inputs(["order": .map(order)]))
        let estimate = CostEstimate.of(tree, in: environment)

        #expect((try? measured.result.get()) != nil)
        #expect((measured.cost...(factor * measured.cost)).contains(estimate.upperBound))
    }
}
