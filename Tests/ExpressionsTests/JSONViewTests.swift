import Expressions
import Foundation
import Kernel
import StorageTesting
import Testing

/// JSON text as a value, without decoding it first.
@Suite struct JSONViewTests {
    private static func value(_ text: String) throws -> Value {
        try JSONView.value(Array(text.utf8))
    }

    private static func outcome(_ expression: String, _ json: String) throws -> String {
        let program = try Environment.standard.compileUnchecked(expression)
        return Rendering.text(of: try program.evaluate(["j": try value(json)]))
    }

    @Test(arguments: [
        ("j.a", "1"), ("j.b.c", "\"x\""), ("j['b']['d'][1]", "-2.5"), ("j.e", "null"),
        ("has(j.e)", "true"), ("has(j.z)", "false"), ("j.?z.orValue(5)", "5"),
        ("j.b.d.map(x, x * 2.0)", "[3.0, -5.0]"), ("size(j)", "6"), ("'f' in j", "true"),
        ("j.f", "\"é\\n😀/\""), ("j.g", "true"), ("j.b == {'c': 'x', 'd': [1.5, -2.5]}", "true"),
        ("j.all(k, v, size(k) == 1)", "true"), ("type(j.a) == int", "true"),
    ])
    func `fields are found where they stand`(_ expression: String, _ wanted: String) throws {
        let json = """
            { "a" : 1, "b": {"c":"x", "d":[1.5 , -2.5]}, "e":null,
              "f":"\\u00e9\\n\\ud83d\\ude00\\/", "\\u0067": true, "h":[] }
            """
        #expect(try Self.outcome(expression, json) == wanted)
    }

    @Test(arguments: [
        ("0", "0"), ("-7", "-7"), ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", "9223372036854775808u"),
        ("18446744073709551616", "1.8446744073709552e+19"), ("1e3", "1000.0"), ("1.0", "1.0"),
        ("\"\"", "\"\""), ("[]", "[]"), ("{}", "{}"), (" true ", "true"),
    ])
    func `numbers are ints where they can be`(_ json: String, _ wanted: String) throws {
        let came = Rendering.text(of: try Self.value(json))
        #expect(came == wanted || Double(came) == Double(wanted), "\(came)")
    }

    @Test(arguments: ["", " ", "{", "[1", "\"abc", "{\"a\":1}}", "1 2", "{\"a\":[}", "]"])
    func `what is no JSON is refused`(_ json: String) {
        #expect(throws: EvaluationError.self) { try Self.value(json) }
    }

    @Test func `what is no UTF-8 is refused with its place`() throws {
        let broken = Array("{\"é\":1,\n\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
        let error = #expect(throws: EvaluationError.self) { try JSONView.value(broken) }

        #expect(error?.message.contains("line 2, column 6: no UTF-8") == true)
        #expect(throws: EvaluationError.self) { try JSONView.value([0x22, 0xFF, 0x22]) }
        _ = try Self.value("\"sämple 😀\"")
    }

    /// Texts are gone through eight bytes at a time: wherever a mark stands it is seen, and nothing else is one.
    @Test func `marks in texts are seen at any place`() throws {
        for length in 0...26 {
            for place in 0..<length {
                var bytes = (0..<length).map { UInt8(0x23 + ($0 * 7 + length) % 0x39) }
                let plain = [0x22] + bytes + [0x22]
                #expect(Rendering.json(of: try JSONView.value(plain)).utf8.count == length + 2)
                for control in [0, 0x0A, 0x1F] as [UInt8] {
                    bytes[place] = control
                    let error = #expect(throws: EvaluationError.self) {
                        try JSONView.value([0x22] + bytes + [0x22])
                    }
                    #expect(error?.message.contains("a control character") == true)
                }
                // A quote ends it there, so that something stands behind it.
                bytes[place] = 0x22
                #expect(throws: EvaluationError.self) {
                    try JSONView.value([0x22] + bytes + [0x22])
                }
                for other in [0x20, 0x21, 0x5B, 0x5D, 0x7F] as [UInt8] {
                    bytes[place] = other
                    guard case .string(let text) = try JSONView.value([0x22] + bytes + [0x22])
                    else {
                        Issue.record("no text")
                        continue
                    }
                    #expect(Array(text.utf8) == bytes)
                }
                bytes[place] = 0x5C
                let next = place + 1 < length ? bytes[place + 1] : 0x22
                let isEscape = "\"\\/bfnrt".utf8.contains(next)
                let value = try? JSONView.value([0x22] + bytes + [0x22])
                #expect((value != nil) == (isEscape && place + 1 < length))
            }
        }
    }

    @Test func `what is too deep or too large says so`() {
        let deep = String(repeating: "[", count: 129) + String(repeating: "]", count: 129)
        for (json, wanted) in [
            (deep, "more than 128"), ("[1e999]", "a number larger than any double"),
        ] {
            let error = #expect(throws: EvaluationError.self) { try Self.value(json) }
            #expect(error?.message.contains(wanted) == true)
        }
    }

    @Test func `nesting without end is refused`() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(throws: EvaluationError.self) { try Self.value(deep) }
    }

    @Test(arguments: [
        ("j.a", "2"), ("size(j)", "2"), ("j == {'a': 2, 'b': 3}", "true"),
        ("j.map(k, k)", "[\"b\", \"a\"]"),
    ])
    func `of a name that comes twice the last counts`(
        _ expression: String, _ wanted: String
    ) throws {
        #expect(try Self.outcome(expression, #"{"a":1,"b":3,"\u0061":2}"#) == wanted)
    }

    /// However deep it lies, and whether or not anybody reads it.
    @Test(arguments: [
        (#"{"a": tru}"#, 1, 7), (#"{"b":[1 2]}"#, 1, 9), (#"{"c":{"x":1 "y":2}}"#, 1, 13),
        (#"{"d":1e999}"#, 1, 6), (#"{"e":0x10}"#, 1, 7), (#"{"f":-}"#, 1, 6), (#"{"g":01}"#, 1, 6),
        (#"{"h":[1,]}"#, 1, 9), (#"{"i":{"x":1,}}"#, 1, 13), (#"{"j":{x:1}}"#, 1, 7),
        ("{\"k\":\n  {\"é\":\"\\q\"}}", 2, 9), (#"{"l":"\u12g4"}"#, 1, 7), (#"{"m":[1}"#, 1, 8),
        ("[1, 2", 1, 6), ("{\"r\": \"a\nb\"}", 1, 9), ("[\"abcdefghijk\u{1}\"]", 1, 14),
        ("[1] x", 1, 5), (#"{"n": nul}"#, 1, 7), (#"{"o": .5}"#, 1, 7),
        (#"{"p": [{"a" 1}]}"#, 1, 13), ("{\"q\":\u{0B}1}", 1, 6), ("", 1, 1), ("{'a': 1}", 1, 2),
    ])
    func `what is malformed anywhere is refused with its place`(
        _ json: String, _ line: Int, _ column: Int
    ) {
        let error = #expect(throws: EvaluationError.self) { try Self.value(json) }
        let place = "line \(line), column \(column): "
        #expect(error?.message.contains(place) == true, "\(error?.message ?? "")")
    }

    /// Foundation reads what this reads, and refuses what it refuses.
    @Test(arguments: Seeds.of(2))
    func `broken texts are refused as others refuse them`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let sample = Array(
            #"{"a":[1,{"b":"x\n\u00e9"},null,-2.5e3],"c":{"d":true},"e":[[],{}]}"#.utf8)
        let signs = Array(#"{}[]",:\0123.-+eEtrufalsn "#.utf8)
        var refused = 0
        for _ in 0..<4000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = signs.randomElement(using: &random) ?? 0
                case 1: bytes.remove(at: place)
                default: bytes.insert(signs.randomElement(using: &random) ?? 0, at: place)
                }
            }
            let theirs = try? JSONSerialization.jsonObject(
                with: Data(bytes), options: .fragmentsAllowed)
            let ours = try? JSONView.value(bytes)
            refused += ours == nil ? 1 : 0
            let text = String(decoding: bytes, as: UTF8.self)
            // A comma before the bracket that ends all it lets pass.
            if ours == nil, text.contains(/,\s*[\]}]/) { continue }
            #expect((theirs == nil) == (ours == nil), "\(text)")
        }
        #expect(refused > 500 && refused < 3900)
    }

    /// Broken bytes anywhere: an error or a value, never a trap.
    @Test(arguments: Seeds.of(2))
    func `broken texts end in a value or an error`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let sample = Array(#"{"a":[1,{"b":"x\n\u00e9"},null,-2.5e3],"c":{"d":true}}"#.utf8)
        let program = try Environment.standard.compileUnchecked(
            "[j.a, j.c.d, j.a[1].b, size(j), j == j]")
        for _ in 0..<3000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            guard let value = try? JSONView.value(bytes) else { continue }
            _ = try? program.evaluate(["j": value])
            _ = Rendering.json(of: value)
        }
    }
}
