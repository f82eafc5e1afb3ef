import Expressions
import Foundation
import Kernel
import StorageTesting
import Testing

/// What must hold for any expression.
@Suite struct ExpressionPropertyTests {
    private static func outcome(_ program: Program, _ values: [String: Value]) -> String {
        do { return Rendering.text(of: try program.evaluate(values)) } catch { return "!" }
    }

    private static func made(_ seed: UInt64, _ count: Int) -> [String] {
        var generator = Generator(seed: seed)
        return (0..<count).map { _ in generator.any() }
    }

    @Test(arguments: Seeds.of(4))
    func `printed and read again it is the same tree`(_ seed: UInt64) throws {
        let environment = Generator.environment
        for text in Self.made(seed, 400) + CaseTests.readable {
            let tree = try environment.parse(text)

            let printed = Printer.text(of: tree)

            #expect(try environment.parse(printed) == tree, "\(text) became \(printed)")
            let stored = try JSONDecoder().decode(
                StoredExpression.self, from: try JSONEncoder().encode(StoredExpression(tree)))
            #expect(try stored.tree(in: environment) == tree)
        }
    }

    @Test(arguments: Seeds.of(4))
    func `checked and unchecked evaluation agree`(_ seed: UInt64) throws {
        let environment = Generator.environment
        var succeeded = 0
        for text in Self.made(seed, 400) + CaseTests.readable {
            guard let checked = try? environment.compile(text) else { continue }
            let unchecked = try environment.compileUnchecked(text)
            let one = Self.outcome(checked, Generator.variables)
            succeeded += one == "!" ? 0 : 1
            #expect(one == Self.outcome(unchecked, Generator.variables), "\(text)")
        }
        #expect(succeeded > 300)
    }

    @Test(arguments: Seeds.of(4))
    func `partly evaluated and completed gives what the whole gives`(_ seed: UInt64) throws {
        let environment = Generator.environment
        var random = SplitMix64(seed: seed)
        var shortened = 0
        for text in Self.made(seed, 400) + CaseTests.readable {
            let tree = try environment.parse(text)
            let known = Generator.variables.filter { _ in Bool.random(using: &random) }

            let residual = PartialEvaluation.residual(of: tree, knowing: known, in: environment)

            let whole = Self.outcome(environment.compile(tree), Generator.variables)
            let left = Self.outcome(environment.compile(residual), Generator.variables)
            #expect(whole == left, "\(text) became \(Printer.text(of: residual))")
            if residual != tree { shortened += 1 }
            let missing = ReadPaths.variables(residual, in: environment)
            let before = ReadPaths.variables(tree, in: environment)
            #expect(Set(missing).isSubset(of: before), "\(text)")
            #expect(try environment.parse(Printer.text(of: residual)) == residual)
        }
        #expect(shortened > 200)
    }

    /// What is not among the paths it reads changes nothing.
    @Test(arguments: Seeds.of(2))
    func `only what it says it reads is read`(_ seed: UInt64) throws {
        let environment = Generator.environment
        for text in Self.made(seed, 400) {
            let tree = try environment.parse(text)
            let reads = Set(ReadPaths.variables(tree, in: environment))
            let program = environment.compile(tree)

            let some = Self.outcome(program, Generator.variables.filter { reads.contains($0.key) })

            #expect(some == Self.outcome(program, Generator.variables), "\(text) reads \(reads)")
        }
    }

    /// Beside whole numbers that are wide enough to hold all of it.
    @Test(arguments: Seeds.of(2))
    func `decimals divide as it is done on paper`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func power(_ exponent: Int) -> Int128 {
            (0..<exponent).reduce(1) { value, _ in value * 10 }
        }
        for _ in 0..<400 {
            let (a, b) = (
                Int128(Int64.random(in: -100_000...100_000, using: &random)),
                Int128(
                    Int64.random(in: 1...9999, using: &random)
                        * (Bool.random(using: &random) ? 1 : -1))
            )
            let (scaleA, scaleB, scale) = (
                Int.random(in: 0...4, using: &random), Int.random(in: 0...4, using: &random),
                Int.random(in: 0...6, using: &random)
            )
            // a / 10^scaleA ÷ b / 10^scaleB, in units of 10^-scale.
            let (top, bottom) = (a * power(scale + scaleB), b * power(scaleA))
            let isNegative = (top < 0) != (bottom < 0)
            let (down, rest) = (top / bottom, top % bottom)
            let away = rest == 0 ? down : down + (isNegative ? -1 : 1)
            let twice = rest.magnitude * 2
            let isHalf = twice == bottom.magnitude
            let nearest = twice > bottom.magnitude ? away : down
            let wanted: [String: Int128] = [
                "down": down, "up": away, "ceiling": isNegative ? down : away,
                "floor": isNegative ? away : down, "halfUp": isHalf ? away : nearest,
                "halfDown": isHalf ? down : nearest,
                "halfEven": isHalf ? (down % 2 == 0 ? down : away) : nearest,
            ]
            for (name, value) in wanted {
                let text = """
                    (decimal(\(a)) * decimal('\(Self.point(1, scaleA))')).divide(\
                    decimal(\(b)) * decimal('\(Self.point(1, scaleB))'), \(scale), '\(name)') \
                    == decimal(\(value)) * decimal('\(Self.point(1, scale))')
                    """
                #expect(CaseTests.outcome(text) == "true", "\(text)")
            }
        }
    }

    /// One unit with so many decimals.
    private static func point(_ unit: Int, _ scale: Int) -> String {
        scale == 0 ? "\(unit)" : "0." + String(repeating: "0", count: scale - 1) + "\(unit)"
    }

    @Test(arguments: Seeds.of(2))
    func `decimals keep what whole numbers keep`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let environment = Environment.standard
        for _ in 0..<300 {
            let (a, b) = (
                Int64.random(in: -1_000_000...1_000_000, using: &random),
                Int64.random(in: -1_000_000...1_000_000, using: &random)
            )
            let scale = Int.random(in: 0...6, using: &random)
            func written(_ value: Int64) -> String {
                let digits = String(value.magnitude)
                let padded =
                    String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
                let point = scale == 0 ? "" : "."
                return (value < 0 ? "-" : "") + padded.dropLast(scale) + point
                    + padded.suffix(scale)
            }
            let text = """
                decimal('\(written(a))') + decimal('\(written(b))') == decimal('\(written(a + b))') \
                && decimal('\(written(a))') - decimal('\(written(b))') == \
                decimal('\(written(a - b))') \
                && (decimal('\(written(a))') < decimal('\(written(b))')) == \(a < b)
                """
            #expect(CaseTests.outcome(text) == "true", "\(text) of \(environment.container)")
        }
    }
}
