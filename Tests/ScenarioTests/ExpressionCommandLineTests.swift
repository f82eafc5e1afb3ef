import Foundation
import Processes
import Testing

/// `longshore cel` as a person meets it.
@Suite struct ExpressionCommandLineTests {
    /// Files that go when the test ends.
    private struct Desk {
        let folder = "/var/tmp/longshore-cel-\(UUID().uuidString)"

        init() throws {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
        }

        func end() { try? FileManager.default.removeItem(atPath: folder) }

        func file(_ name: String, _ text: String) throws -> String {
            let path = "\(folder)/\(name)"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            return path
        }
    }

    private static func cel(
        _ arguments: [String], input: String? = nil
    ) async throws -> (code: ChildProcess.Ending, said: String) {
        let (ending, said) = try await ChildProcess.run(
            [ProcessSession.program.path, "cel"] + arguments, input: input)
        return (ending, said.trimmingCharacters(in: .newlines))
    }

    @Test func `an expression is worked out over a person's own data`() async throws {
        let desk = try Desk()
        defer { desk.end() }
        let data = try desk.file("order.json", #"{"order": {"total": "12.50", "at": "90m"}}"#)
        let types = try desk.file(
            "env.json",
            #"{"variables": {"order": "Order"}, "records": {"Order": {"total": "decimal", "at": "duration"}}}"#
        )
        let plain = try await Self.cel(["eval", "order.total + '!'", "--vars", data])
        let typed = try await Self.cel([
            "eval", "order.total * 2 == decimal('25') && order.at > duration('1h')", "--vars", data,
            "--env", types,
        ])
        let wrong = try await Self.cel(["eval", "1 +\n (2 / 0)"])
        let effort = try await Self.cel(["eval", "lists.range(50).size()", "--effort"])

        #expect(plain.code == .exited(0) && plain.said == #""12.50!""#)
        #expect(typed.code == .exited(0) && typed.said == "true")
        #expect(wrong.code == .exited(1))
        #expect(wrong.said.hasPrefix("2:3: division by zero"), "\(wrong.said)")
        #expect(effort.said.contains("of 500000") && effort.said.contains("MiB at most"))
    }

    @Test func `a check says where, what and what was meant`() async throws {
        let desk = try Desk()
        defer { desk.end() }
        let types = try desk.file(
            "env.json",
            #"{"variables": {"order": "Order"}, "records": {"Order": {"address": "string"}}}"#)
        let found = try await Self.cel([
            "check", "order.adress == 'x' && sizee(order)", "--env", types,
        ])
        let sound = try await Self.cel(["check", "order.address", "--env", types])

        #expect(found.code == .exited(1))
        #expect(
            found.said == """
                1:7: unknown field “adress”; did you mean “address”?
                  | order.adress == 'x' && sizee(order)
                  |       ^^^^^^
                1:24: unknown function “sizee”; did you mean “size”?
                  | order.adress == 'x' && sizee(order)
                  |                        ^^^^^
                """)
        #expect(sound.code == .exited(0) && sound.said.hasPrefix("string\nreads order.address"))
    }

    @Test(arguments: [
        (#"{"variables": {"o": "O"}, "records": {"Order": {"a": "int"}}}"#, "no type’s name"),
        (#"{"variables": {"o": "Ordr"}, "records": {"Order": {"a": "int"}}}"#, "no type “Ordr”"),
        (#"{"variables": {"o": "list("}}"#, "variables.o: “list(” is no type"),
        (#"{"variabels": {}}"#, "there is no field “variabels”"),
        (#"{"limits": {"cost": 0}}"#, "limits.cost: a whole number over 0"),
        (#"{"limits": {"cost": 1.5}}"#, "limits.cost: a whole number over 0"),
        (#"{"limits": [1]}"#, "limits: an object was expected, not list"),
        (#"{"limits": {"steps": 1}}"#, "limits.steps: there are cost, depth, estimate"),
        (#"{"limits": {"depth": 500}}"#, "limits.depth: it may be up to 96"),
        (#"{"records": {"Order": {"lines": {"a": "int"}}}}"#, "records.Order.lines: a type was"),
        (#"{"records": {"int": {}}}"#, "records.int: that is no name of a record"),
        (#"{"variables": {"1 a": "int"}}"#, "variables.1 a: that is no name"),
        (#"{"container": "1 x"}"#, "container: a name with dots"),
        (#"{"variables": {"a": "String"}}"#, "did you mean “string”?"),
        (
            #"{"variables": {"a": "bool"}, "sizes": {"a": 5}}"#,
            "sizes.a: a is bool, which has no size"
        ),
        (
            #"{"variables": {"lines": "list(int)"}, "sizes": {"lnes": 5}}"#,
            "sizes.lnes: there is no variable “lnes”; did you mean “lines”?"
        ),
        (
            #"{"variables": {"o": "Ord"}, "records": {"Ord": {"tags": "string"}}, "sizes": {"o.tag": 5}}"#,
            "sizes.o.tag: Ord has no field “tag”; did you mean “tags”?"
        ),
        (
            #"{"variables": {"a": "list(Ord)"}, "records": {"Ord": {"n": "string"}}, "sizes": {"a.n": 5}}"#,
            "sizes.a.n: list(Ord) has no “n”; its elements are []"
        ),
        (
            #"{"variables": {"a": "string"}, "sizes": {"a": [5, 2]}}"#,
            "sizes.a: the least is more than the most"
        ),
        (#"{"variables": {"a": "string"}, "sizes": {"a": 1.5}}"#, "sizes.a: a whole number from 0"),
        (#"{"variables": {"a": "string"}, "sizes": {"a": -1}}"#, "sizes.a: a whole number from 0"),
        (
            #"{"variables": {"a": "string"}, "sizes": {"a": [1, "x"]}}"#,
            "sizes.a: the least and the most are whole numbers"
        ),
        (#"{"variables": {"a": "string"}, "sizes": {"": 1}}"#, "sizes: a path was expected"),
        (
            #"{"variables": {"o": "Ord"}, "sizes": {"o.lines": 5}}"#,
            "variables.o: there is no type “Ord”"
        ),
        (
            #"{"variables": {"shop.items": "list(int)"}, "container": "shop", "sizes": {"items": 5}}"#,
            "sizes.items: there is no variable “items”; did you mean “shop.items”?"
        ),
        ("{\n\"variables\": {,}}", "line 2, column 15"), ("", "line 1, column 1"),
    ])
    func `a wrong declaration is refused by its field`(
        _ declared: String, _ wanted: String
    ) async throws {
        let desk = try Desk()
        defer { desk.end() }
        let run = try await Self.cel(["eval", "1", "--env", try desk.file("env.json", declared)])

        #expect(run.code == .exited(1) && run.said.contains(wanted), "\(run.said)")
        #expect(run.said.contains("/env.json: ") && !run.said.contains("Usage"), "\(run.said)")
    }

    @Test func `files that cannot be read are named with the reason`() async throws {
        let desk = try Desk()
        defer { desk.end() }
        let broken = desk.folder + "/broken.cel"
        try Data([0x31, 0x0A, 0x27, 0xFF, 0x27]).write(to: URL(fileURLWithPath: broken))
        let marked = desk.folder + "/marked.cel"
        try Data([0xEF, 0xBB, 0xBF, 0x31]).write(to: URL(fileURLWithPath: marked))
        let data = try desk.file("data.json", "{\"o\": {\n\"a\" 1}}")
        for (arguments, wanted) in [
            (["eval", "1", "--vars", desk.folder], "it is no file with text"),
            (["conformance", desk.folder], "it is no file with text"),
            (["eval", "1", "--vars", desk.folder + "/none.json"], "No such file"),
            (["eval", "--file", broken], "broken.cel:2:2: this is no UTF-8"),
            (["eval", "o", "--vars", data], "line 2, column 5: “1}}” is wrong there"),
        ] {
            let run = try await Self.cel(arguments)
            #expect(run.code == .exited(1) && run.said.contains(wanted), "\(run.said)")
        }
        #expect(try await Self.cel(["eval", "--file", marked]).said == "1")
        for command in ["eval", "check"] {
            let twice = try await Self.cel([command, "--file", "-", "--vars", "-"])
            #expect(twice.code == .exited(64) && twice.said.contains("only one of"))
        }
    }

    @Test func `what cannot be written is no success`() async throws {
        let run = try await ChildProcess.run([
            "/bin/sh", "-c", "exec \(ProcessSession.program.path) cel eval 1 > /dev/full",
        ])
        #expect(run.ending == .exited(1) && run.said.contains("could not be written"))
    }

    @Test func `a conversation keeps what it is told`() async throws {
        let talk = try await Self.cel(
            ["repl"], input: "x = 20\nx * 2 + 2\n:type x > 1\nx +\n:quit\n1\n")
        let lines = talk.said.split(separator: "\n").map(String.init)

        #expect(talk.code == .exited(0))
        #expect(lines.prefix(3) == ["20", "42", "bool"])
        #expect(lines.dropFirst(3).first == "1:4: expected a value, found the end")
        #expect(lines.last != "1")
    }

    @Test func `conformance counts what passed and what failed`() async throws {
        let desk = try Desk()
        defer { desk.end() }
        let cases = try desk.file(
            "cases.jsonl",
            """
            {"file":"f","section":"s","name":"a","expr":"1 + 1","value":{"int64_value":"2"}}
            {"file":"f","section":"s","name":"b","expr":"1 + 1","value":{"int64_value":"3"}}
            """)
        let run = try await Self.cel(["conformance", cases, "--failures"])
        let lines = run.said.split(separator: "\n").map(String.init)

        #expect(run.code == .exited(1) && lines.last == "1 passed, 1 failed")
        #expect(lines.contains("f/s/b: 1 + 1") && lines.contains("    expected 3, 2 came"))
        let windows = try desk.file(
            "crlf.jsonl", "\r\n{\"expr\":\"1\",\"value\":{\"int64_value\":\"1\"}}\r\n\r\n{}\r\n")
        let wrong = try await Self.cel(["conformance", windows])
        #expect(wrong.said.contains("crlf.jsonl:4: this is no case"), "\(wrong.said)")
    }

    /// Each in a process of its own, so that its greatest size is that of the expression alone.
    @Test func `what means harm stays small and ends soon`() async throws {
        let desk = try Desk()
        defer { desk.end() }
        let nothing = try await Self.effort(of: "true", desk)
        let wide = String(repeating: "a", count: 30_000)
        let nested = (0..<14).reduce("1") { "[1, 2, 3].map(x\($1), \($0))" }
        for text in [
            "1" + String(repeating: "+1", count: 500_000), String(repeating: "(", count: 100_000),
            nested, "lists.range(400).map(x, '\(wide)\(wide)').join()",
            "'\(wide)'.matches('(x?x?x?x?x?x?x?x?){50}a{0,900}$')",
            "lists.range(90000).transformMapEntry(i, v, {string(v): v}).size()",
            "lists.range(100000000)", "lists.range(9000).map(x, string(x)).join('\(wide)')",
        ] {
            let effort = try await Self.effort(of: text, desk)

            #expect(effort.peakBytes - nothing.peakBytes < 64_000_000, "\(text.prefix(60))")
            // Fifty milliseconds as it is released; this is built to find mistakes, not for speed.
            let milliseconds = effort.compileMilliseconds + effort.runMilliseconds
            #expect(milliseconds < 5000, "\(text.prefix(60))")
            let code = effort.code ?? ""
            #expect(code == "limitExceeded" || code.hasPrefix("too"), "\(text.prefix(60))")
        }
        // The control: what is allowed more takes more than that.
        let free = try desk.file(
            "env.json", #"{"limits": {"cost": 1000000000, "growthBytes": 1000000000}}"#)
        let large = try await Self.effort(of: "lists.range(6000000)", desk, ["--env", free])
        #expect(large.peakBytes - nothing.peakBytes > 64_000_000)
    }

    private struct Effort: Decodable {
        let peakBytes: Int
        let compileMilliseconds: Double
        let runMilliseconds: Double
        let code: String?
    }

    private static func effort(
        of text: String, _ desk: Desk, _ more: [String] = []
    ) async throws -> Effort {
        let path = try desk.file("rule.cel", text)
        let run = try await cel(["eval", "--json", "--file", path] + more)
        return try JSONDecoder().decode(Effort.self, from: Data(run.said.utf8))
    }
}
