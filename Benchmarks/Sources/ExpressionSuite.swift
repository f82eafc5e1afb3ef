import Expressions
import Foundation
import MallocCount
import Processes

/// Expressions, beside engines for the same or a like language.
struct ExpressionSuite {
    let folder: String

    static let rule = """
        order.country == "US" && order.status != "cancelled" && order.total > 100.0 && \
        order.lines >= 2 && order.zip.startsWith("94") && \
        order.carrier in ["UPS", "FedEx", "DHL"] && order.attributes["tier"] == "gold" && \
        order.weight < 20.5 && order.email.endsWith(".com") && \
        order.placedAt < timestamp("2027-01-01T00:00:00Z")
        """
    static let filter = "items.filter(x, x.quantity > 6)"
    private static let order = """
        {"country":"US","status":"paid","total":129.95,"lines":3,"zip":"94107","carrier":"DHL",\
        "attributes":{"tier":"gold","source":"web"},"weight":4.25,"email":"ann@example.com"}
        """

    private struct Times: Decodable {
        let `true`: Double
        let rule: Double
        let filter: Double
        let compile: Double
    }

    private var environment: Environment {
        var environment = Environment.standard
        environment.declare("order", as: .map(key: .string, value: .dyn))
        environment.declare("items", as: .list(.map(key: .string, value: .dyn)))
        return environment
    }

    func run() async throws -> [Figure] {
        print("the rule: \(Self.rule)\n")
        let peers = Suites.isAlone ? [:] : try await peerTimes()
        let net = peers.mapValues { $0.rule - $0.true }
        let always = try nanoseconds("true", [:], 2_000_000)
        let placed = Value.timestamp(Timestamp("2026-11-28T08:00:00Z") ?? .epoch)
        let decoded = try Self.decoded(with: placed)
        let rule = try nanoseconds(Self.rule, ["order": decoded], 300_000)
        let ruleNet = rule.map { $0 - always[always.count / 2] }
        let json = try rawRule()
        let large = try largeJSON()
        let filter = try nanoseconds(Self.filter, ["items": .list(Self.items)], 300)
        let compile = try compiling()
        let fastestRule = net.values.min() ?? 0
        let fastestFilter = peers.values.map(\.filter).min() ?? 0
        return [
            Suites.figure(
                "cel.true", "true, as the call alone", always, "ns", peers: peers.mapValues(\.true)),
            Suites.figure(
                "cel.rule", "rule of ten terms over decoded values, net of true", ruleNet, "ns",
                peers: net,
                bars: [Bar("1 µs", 1000, isLimit: true)]
                    + (peers.isEmpty
                        ? [] : [Bar("half the fastest peer", fastestRule / 2, isLimit: true)])),
            Suites.figure(
                "cel.rule.json", "the same over raw JSON of 1.2 KB", json, "ns",
                bars: [Bar("5 µs", 5000, isLimit: true)]),
            Suites.figure(
                "cel.json.large", "two fields of 20 KB of raw JSON", large.ours, "ns",
                peers: ["Foundation reading all of it": large.foundation]),
            Suites.figure(
                "cel.filter", "filter over a list of 1,000 maps", filter, "ns",
                peers: peers.mapValues(\.filter),
                bars: peers.isEmpty
                    ? [] : [Bar("half the fastest peer", fastestFilter / 2, isLimit: true)]),
            Suites.figure(
                "cel.compile", "parse, check and compile the rule", compile, "ns",
                peers: peers.mapValues(\.compile),
                bars: [Bar("50 µs", 50_000, isLimit: true)]),
            try memory(),
        ] + (try allocations(decoded)) + HostileExpressions.run()
    }

    // MARK: - Memory

    private func memory() throws -> Figure {
        let environment = environment
        var programs: [Program] = []
        programs.reserveCapacity(1000)
        // Whatever is made once for all is made before.
        programs.append(try environment.compile(Self.rule))
        let before = heap_in_use()
        for _ in 0..<999 { programs.append(try environment.compile(Self.rule)) }
        let bytes = Double(heap_in_use() - before) / 999
        return Suites.figure(
            "cel.memory", "memory of the compiled rule", [bytes], "bytes",
            bars: [Bar("4 KB", 4096, isLimit: true)])
    }

    /// Of the rule, and as a control of one that makes a long text.
    private func allocations(_ order: Value) throws -> [Figure] {
        let counts = try [Self.rule, "order.email + ' and a text that needs a block'"].map { text in
            let program = try environment.compile(text)
            let inputs = program.inputs(["order": order])
            _ = try program.evaluate(inputs)
            let before = malloc_count()
            for _ in 0..<1000 { _ = try program.evaluate(inputs) }
            return Double(malloc_count() - before) / 1000
        }
        var figure = Suites.figure("cel.allocations", "allocations per evaluation", [counts[0]], "")
        figure.bar = "0, and the control's \(counts[1]) over 0"
        figure.met = counts[0] == 0 && counts[1] > 0
        figure.ratio = figure.met == true ? 1 : 0
        return [figure]
    }

    private func peerTimes() async throws -> [String: Times] {
        let home = URL(fileURLWithPath: folder).deletingLastPathComponent().path + "/Peers"
        let (ending, said) = try await ChildProcess.run([
            home + "/.venv/bin/python", home + "/expressions.py", Self.rule, Self.filter,
            Self.order,
        ])
        guard ending == .exited(0), let last = said.split(separator: "\n").last else {
            throw Peers.Missing(description: "the peers ended with \(ending)")
        }
        return try JSONDecoder().decode([String: Times].self, from: Data(last.utf8))
    }

    // MARK: - Ours

    private static func decoded(with placed: Value) throws -> Value {
        guard case .map(let map) = copy(try JSONView.value(Array(order.utf8))) else { return .null }
        var entries = map.keys.map { (key: $0, value: map[$0] ?? .null) }
        entries.append((key: .string("placedAt"), value: placed))
        return MapValue(entries).map { .map($0) } ?? .null
    }

    /// With nothing left in the text.
    private static func copy(_ value: Value) -> Value {
        switch value {
        case .map(let map):
            let entries = map.keys.map { (key: $0, value: copy(map[$0] ?? .null)) }
            return MapValue(entries).map { .map($0) } ?? .null
        case .list(let list): return .list(list.values.map(copy))
        default: return value
        }
    }

    private static let items: [Value] = (0..<1000).map { number in
        .map(
            MapValue(fields: [
                "sku": .string("SKU-\(number)"), "quantity": .int(Int64(number % 10)),
                "price": .double(Double(number) * 1.5),
            ]))
    }

    private func nanoseconds(
        _ text: String, _ values: [String: Value], _ count: Int
    ) throws -> [Double] {
        let program = try environment.compile(text)
        let inputs = program.inputs(values)
        return try (0..<5).map { _ in
            let start = ContinuousClock.now
            for _ in 0..<count { _ = try program.evaluate(inputs) }
            return Double((ContinuousClock.now - start).inMilliseconds) * 1e6 / Double(count)
        }
    }

    /// A new text each time, as it comes from outside: nothing of it is known before.
    private func rawRule() throws -> [Double] {
        var text = String(Self.order.dropLast())
        text += ",\"placedAt\":\"2026-11-28T08:00:00Z\",\"notes\":\""
        text += String(repeating: "x", count: 1200 - text.utf8.count - 2) + "\"}"
        let bytes = Array(text.utf8)
        let program = try environment.compile(
            Self.rule.replacing("order.placedAt", with: "timestamp(order.placedAt)"))
        let count = 50_000
        return try (0..<5).map { _ in
            let start = ContinuousClock.now
            for _ in 0..<count {
                let inputs = program.inputs(["order": try JSONView.value(bytes)])
                _ = try program.evaluate(inputs)
            }
            return Double((ContinuousClock.now - start).inMilliseconds) * 1e6 / Double(count)
        }
    }

    /// Two fields of 20 KB that come from outside, beside reading all of it with Foundation.
    private func largeJSON() throws -> (ours: [Double], foundation: Double) {
        let line =
            #"{"sku":"SKU-0001","quantity":2,"price":"19.99","note":"ring twice","tags":["a","b"]}"#
        let lines = Array(repeating: line, count: 20_000 / (line.utf8.count + 1))
        let text = #"{"id":"A-1","country":"US","lines":[\#(lines.joined(separator: ","))]}"#
        let bytes = Array(text.utf8)
        let program = try environment.compile("order.country == 'US' && order.id != ''")
        let count = 3000
        let ours = try (0..<5).map { _ in
            let start = ContinuousClock.now
            for _ in 0..<count {
                _ = try program.evaluate(program.inputs(["order": try JSONView.value(bytes)]))
            }
            return Double((ContinuousClock.now - start).inMilliseconds) * 1e6 / Double(count)
        }
        let data = Data(bytes)
        let start = ContinuousClock.now
        for _ in 0..<300 { _ = try JSONSerialization.jsonObject(with: data) }
        return (ours, (ContinuousClock.now - start).inMilliseconds * 1e6 / 300)
    }

    private func compiling() throws -> [Double] {
        let environment = environment
        let count = 2000
        return try (0..<5).map { _ in
            let start = ContinuousClock.now
            for _ in 0..<count { _ = try environment.compile(Self.rule) }
            return Double((ContinuousClock.now - start).inMilliseconds) * 1e6 / Double(count)
        }
    }
}
