import Expressions

/// One of four doors for random bytes: parser, checker, evaluator and JSON view; and a fifth with a trap
/// in it. Built by Scripts/fuzz.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    #if PARSER
        Doors.parse(bytes)
    #elseif CHECKER
        Doors.check(bytes)
    #elseif EVALUATOR
        Doors.evaluate(bytes)
    #elseif VIEW
        Doors.view(bytes)
    #else
        Doors.planted(bytes)
    #endif
    return 0
}

enum Doors {
    private static let environment: Environment = {
        var environment = Environment.standard
        environment.declare(
            "order",
            record: Environment.Record(fields: ["lines": .list(.dyn), "id": .string]))
        environment.declare("o", as: .named("order"))
        environment.declare("m", as: .map(key: .string, value: .dyn))
        environment.declare("l", as: .list(.int))
        environment.declare("s", as: .string)
        environment.declare("x", as: .dyn)
        environment.limits.cost = 100_000
        environment.limits.growthBytes = 1_048_576
        return environment
    }()

    private static let values: [String: Value] = [
        "m": .map(MapValue(fields: ["a": .int(1), "b": .list([.string("x")])])),
        "l": .list([.int(3), .int(-1), .int(2)]), "s": .string("sämple 😀"), "x": .double(2.5),
        "o": .null,
    ]

    /// What can be read is printed, and read again as the same.
    static func parse(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let tree = try? environment.parse(text) else { return }
        let printed = Printer.text(of: tree)
        guard let again = try? environment.parse(printed) else {
            // A text may be too long once it is written with all its spaces.
            precondition(printed.utf8.count > environment.limits.sourceBytes, printed)
            return
        }
        precondition(again == tree, printed)
    }

    static func check(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        do {
            let (tree, _) = try environment.check(text)
            _ = ReadPaths.of(tree, in: environment)
            _ = CostEstimate.of(tree, in: environment)
        } catch {
            for issue in error.issues { precondition(issue.position.line > 0, issue.description) }
        }
    }

    /// Within its limits, and the same where what is known was worked out before.
    static func evaluate(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let tree = try? environment.parse(text) else { return }
        let program = environment.compile(tree)
        guard let value = try? program.evaluate(values) else { return }
        let rest = PartialEvaluation.residual(
            of: tree, knowing: ["l": values["l"] ?? .null], in: environment)
        do {
            let other = try environment.compile(rest).evaluate(values)
            precondition(Rendering.text(of: value) == Rendering.text(of: other), text)
        } catch { precondition(error.code == .limitExceeded, "\(error) of \(text)") }
        let printed = Printer.text(of: rest)
        precondition(
            (try? environment.parse(printed)) == rest
                || printed.utf8.count > environment.limits.sourceBytes, printed)
    }

    /// The control: a trap that must be found.
    static func planted(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let value = try? environment.compileUnchecked(text).evaluate(values) else { return }
        if case .int(let number) = value { precondition(number != 77, "planted") }
    }

    /// What looks into a text in all the ways there are.
    private static let readers: [Program] = [
        "j == j", "has(j.a) && j.a == j['a']", "j.map(k, j[k])", "[j].distinct()", "j.sort()",
        "j.all(k, v, v == j[k])", "'%s'.format([j])", "j.a.b.c", "j.?a[?0].hasValue()",
        "j.flatten(3)", "sets.equivalent(j, j)", "j.join()", "j.sum(0)", "j[0] in j",
        "{'k': j} == {'k': j}",
        "j.transformMap(k, v, v).size() == j.size()", "timestamp(j.a)", "j.sortBy(x, x)",
    ].compactMap { try? environment.compileUnchecked($0) }

    static func view(_ bytes: [UInt8]) {
        guard let value = try? JSONView.value(bytes) else { return }
        let text = Rendering.json(of: value)
        precondition(
            text.utf8.count >= 900_000 || (try? JSONView.value(Array(text.utf8))) != nil, text)
        for program in readers { _ = try? program.evaluate(["j": value]) }
        _ = try? environment.conformed(value, to: .map(key: .string, value: .dyn), at: "j")
        _ = try? environment.conformed(value, to: .list(.timestamp), at: "j")
    }
}
