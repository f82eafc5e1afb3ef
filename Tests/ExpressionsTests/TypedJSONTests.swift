import Expressions
import Testing

/// Data from outside as values of declared types.
@Suite struct TypedJSONTests {
    private static var environment: Environment {
        var environment = Environment.standard
        environment.declare(
            "Line",
            record: Environment.Record(fields: ["price": .decimal, "quantity": .named("Quantity")]))
        environment.declare(
            "Order",
            record: Environment.Record(
                fields: [
                    "at": .timestamp, "lines": .list(.named("Line")), "total": .named("Money"),
                    "wait": .duration, "raw": .bytes, "count": .uint, "rate": .double,
                    "notes": .optional(.string), "tags": .map(key: .string, value: .int),
                ]))
        environment.declare("order", as: .named("Order"))
        return environment
    }

    private static func outcome(_ expression: String, _ json: String) throws -> String {
        let environment = environment
        do {
            let order = try environment.conformed(
                try JSONView.value(Array(json.utf8)), to: .named("Order"), at: "order")
            return Rendering.text(
                of: try environment.compile(expression).evaluate(["order": order]))
        } catch let error as EvaluationError { return error.message }
    }

    private static let order = """
        {"at":"2026-11-28T08:00:00Z","lines":[{"price":"9.99","quantity":2},{"price":5,"quantity":1}],
         "total":"24.98 EUR","wait":"90m","raw":"aGk=","count":3,"rate":2,"notes":"x","tags":{"a":1}}
        """

    @Test(arguments: [
        ("order.at.getHours()", "8"), ("order.wait == duration('1h30m')", "true"),
        (
            "order.lines.map(l, l.price * l.quantity.units).sum(decimal('0')) == decimal('24.98')",
            "true"
        ),
        ("order.total == money('24.98', 'EUR')", "true"), ("string(order.raw)", "\"hi\""),
        ("order.count + 1u", "4u"), ("order.rate / 4.0", "0.5"),
        ("order.notes.orValue('')", "\"x\""),
        ("order.tags.a + 1", "2"), ("has(order.tags) && has(order.notes)", "true"),
    ])
    func `texts become what was declared`(_ expression: String, _ wanted: String) throws {
        #expect(try Self.outcome(expression, Self.order) == wanted)
    }

    @Test(arguments: [
        (#"{"at":"yesterday"}"#, "order.at: the text is no moment"),
        (
            #"{"lines":[{"price":"9"},{"price":"x"}]}"#,
            "order.lines[1].price: the text is no decimal"
        ),
        (#"{"lines":7}"#, "order.lines: a list(Line) was expected, not int"),
        (#"{"total":"5 ZZZ"}"#, "order.total: "),
        (#"{"total":5}"#, "order.total: a Money was expected"),
        (#"{"total":"$5"}"#, "order.total: “$5” is no amount with its currency, such as 12.50 USD"),
        (#"{"total":"5 usd"}"#, "order.total: “usd” is no currency in use; did you mean “USD”?"),
        (#"{"lines":[null]}"#, "order.lines[0]: a Line was expected, not null"),
        (#"{"lines":[{"quantity":-1}]}"#, "order.lines[0].quantity: a quantity is 0 to"),
        (#"{"count":-1}"#, "order.count: "),
        (#"{"tags":{"a":"x"}}"#, "order.tags.a: an int was expected"),
    ])
    func `what does not fit is refused with its path`(_ json: String, _ wanted: String) throws {
        let came = try Self.outcome("true", json)
        #expect(came.hasPrefix(wanted), "\(came)")
    }

    @Test func `null is missing where the type knows none`() throws {
        #expect(try Self.outcome("has(order.at)", #"{"at":null}"#) == "false")
        #expect(try Self.outcome("has(order.at)", "{}") == "false")
        #expect(try Self.outcome("order.notes.hasValue()", #"{"notes":null}"#) == "false")
        #expect(try Self.outcome("size(order.tags)", #"{"tags":{"a":null,"b":1}}"#) == "1")
        let money = #"{"total":{"minorUnits":5,"currency":"EUR"}}"#
        #expect(try Self.outcome("string(order.total)", money) == "\"0.05 EUR\"")
    }

    @Test func `a type that nobody declared is named`() {
        #expect(Self.environment.unknownName(in: .list(.named("Ordr"))) == "Ordr")
        #expect(Self.environment.unknownName(in: .map(key: .string, value: .named("Money"))) == nil)
    }
}
