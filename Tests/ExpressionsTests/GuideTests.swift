import Expressions
import Foundation
import Kernel
import Testing

/// Every example of the guide is run.
@Suite struct GuideTests {
    private static let text: String = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs/expressions.md").path
        return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }()

    private struct Example {
        let expression: String
        let wanted: String
        let isAboutOrder: Bool
    }

    /// Lines of blocks that are fenced as `cel`; one with a line break in a text goes on to the next.
    private static let examples: [Example] = {
        var found: [Example] = []
        var fence = ""
        var pending = ""
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("```") {
                fence = fence.isEmpty ? String(line.dropFirst(3)) : ""
                continue
            }
            guard fence.hasPrefix("cel") else { continue }
            guard !line.hasPrefix("//") else { continue }
            let whole = pending.isEmpty ? line : pending + "\n" + line
            let parts = whole.components(separatedBy: " → ")
            guard parts.count == 2 else {
                pending = whole
                continue
            }
            pending = ""
            found.append(
                Example(
                    expression: parts[0], wanted: parts[1], isAboutOrder: fence == "cel-order"))
        }
        return found
    }()

    private static func order() throws -> Value {
        let line: (String, Int64) -> Value = {
            .map(MapValue(fields: ["sku": .string($0), "quantity": .int($1)]))
        }
        let total = Money(minorUnits: 12_995, currency: .usd)
        return .map(
            MapValue(fields: [
                "country": .string("US"), "total": .host(MoneyValue(total)),
                "lines": .list([line("A-1", 2), line("B-2", 1)]),
                "placedAt": .timestamp(try #require(Timestamp("2026-11-28T08:00:00Z"))),
                "email": .string("ann@example.com"),
            ]))
    }

    /// Of those that are to fail some fail the check already.
    private static func compiled(_ example: Example) throws -> Program {
        example.wanted.hasPrefix("error")
            ? try Environment.standard.compileUnchecked(example.expression)
            : try Environment.standard.compile(example.expression)
    }

    @Test func `each example gives what it says`() throws {
        #expect(Self.examples.count > 150)
        var environment = Environment.standard
        environment.declare("order", as: .dyn)
        let values = ["order": try Self.order()]
        for example in Self.examples {
            let came: String
            do {
                let program =
                    example.isAboutOrder
                    ? try environment.compile(example.expression)
                    : try Self.compiled(example)
                came = Rendering.text(of: try program.evaluate(values))
            } catch let error as EvaluationError {
                came = "error " + error.code.rawValue
            }
            #expect(came == example.wanted, "\(example.expression)")
        }
    }

    @Test func `each function has an example`() throws {
        let all = Self.examples.map(\.expression).joined(separator: "\n")
        for name in Environment.standard.functionNames {
            // As a word of its own: the int of uint is none.
            let call = try Regex(
                "(^|[^A-Za-z0-9_])\(NSRegularExpression.escapedPattern(for: name))\\(")
            #expect(all.firstMatch(of: call) != nil, "\(name) has no example")
        }
    }

    @Test func `the limits are those of the code`() {
        let limits = Limits()
        for (name, value) in [
            ("sourceBytes", limits.sourceBytes), ("depth", limits.depth), ("cost", limits.cost),
            ("growthBytes", limits.growthBytes),
        ] {
            let digits = String(value).reversed().enumerated().map { index, digit in
                index > 0 && index % 3 == 0 ? "\(digit)," : "\(digit)"
            }.reversed().joined()
            #expect(Self.text.contains("| `\(name)` | \(digits) |"), "\(name) is \(digits)")
        }
    }
}
