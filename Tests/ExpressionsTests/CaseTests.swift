import Expressions
import Foundation
import Testing

/// The language by its own cases: every production of the grammar and every function.
@Suite struct CaseTests {
    static let groups: [(name: String, text: String)] = [
        ("literals", LanguageCases.literals), ("grammar", LanguageCases.grammar),
        ("logic", LanguageCases.logic), ("fields", LanguageCases.fields),
        ("whole", NumberCases.whole), ("comparisons", NumberCases.comparisons),
        ("conversions", NumberCases.conversions), ("mathematics", NumberCases.mathematics),
        ("decimals", NumberCases.decimals), ("strings", TextCases.strings),
        ("formats", TextCases.formats), ("encodings", TextCases.encodings),
        ("times", TextCases.times), ("loops", CollectionCases.loops),
        ("lists", CollectionCases.lists), ("optionals", CollectionCases.optionals),
        ("names", CollectionCases.names),
    ]

    struct Case: Sendable {
        let expression: String
        let wanted: String
        let isError: Bool
    }

    static func cases(_ text: String) -> [Case] {
        text.split(separator: "\n").compactMap { line in
            for (separator, isError) in [(" =! ", true), (" => ", false)] {
                let parts = line.components(separatedBy: separator)
                guard parts.count == 2 else { continue }
                return Case(
                    expression: parts[0].trimmingCharacters(in: .whitespaces),
                    wanted: parts[1].trimmingCharacters(in: .whitespaces), isError: isError)
            }
            return nil
        }
    }

    /// All expressions that can be read.
    static var readable: [String] {
        groups.flatMap { cases($0.text) }.map(\.expression)
            .filter { (try? Environment.standard.parse($0)) != nil }
    }

    /// The value as text, or the code of what is wrong.
    static func outcome(_ expression: String, isChecked: Bool = true) -> String {
        let environment = Environment.standard
        do {
            let program =
                isChecked
                ? try environment.compile(expression)
                : try environment.compileUnchecked(expression)
            return Rendering.text(of: try program.evaluate())
        } catch let issues as ExpressionIssues {
            return "! " + (issues.issues.first?.code.rawValue ?? "nothing")
        } catch let issue as ExpressionIssue {
            return "! " + issue.code.rawValue
        } catch let error as EvaluationError {
            return "! " + error.code.rawValue
        } catch { return "! \(error)" }
    }

    @Test(arguments: groups.map(\.name))
    func `each case gives what it says`(_ name: String) throws {
        let text = try #require(Self.groups.first { $0.name == name }?.text)
        for one in Self.cases(text) {
            var came = Self.outcome(one.expression)
            // A text that cannot be read is found before it runs, and fails when it runs.
            if one.isError, came == "! invalidLiteral", one.wanted != "invalidLiteral" {
                came = Self.outcome(one.expression, isChecked: false)
            }
            let wanted = one.isError ? "! " + one.wanted : Self.outcome(one.wanted)
            #expect(
                came == wanted || Self.areEqual(one.expression, one.wanted), "\(one.expression)")
        }
    }

    /// Maps may have their entries in another order.
    private static func areEqual(_ left: String, _ right: String) -> Bool {
        let environment = Environment.standard
        guard let one = try? environment.compile(left).evaluate(),
            let other = try? environment.compile(right).evaluate(),
            case .map = one
        else { return false }
        return Value.areEqual(one, other)
    }

    @Test func `there are more than six hundred`() {
        let all = Self.groups.flatMap { Self.cases($0.text) }

        #expect(all.count > 600)
        #expect(Set(all.map(\.expression)).count > 600)
    }

    @Test func `every function is called`() {
        let all = Self.groups.map(\.text).joined()

        for name in Environment.standard.functionNames {
            #expect(all.contains(name + "("), "\(name)")
        }
    }

    /// The control: a wrong expectation is seen.
    @Test func `what is not so is noticed`() {
        #expect(Self.outcome("1 + 1") != Self.outcome("3"))
        #expect(Self.outcome("1 / 0") != "! overflow")
    }
}
