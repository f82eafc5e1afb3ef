import Contracts
import Inventory
import Kernel
import StorageTesting
import Testing

@Suite struct AllocationTests {
    private func line(_ number: String, _ units: Int) throws -> StockLine {
        StockLine(
            line: LineNumber(unchecked: number), sku: SKU(unchecked: "A"),
            quantity: try Quantity(units))
    }

    @Test func `a facility that has it all goes before one of better rank`() throws {
        let sources = [
            AllocationPlan.Source(facility: .sample(1), available: try Quantity(1)),
            AllocationPlan.Source(facility: .sample(2), available: try Quantity(9)),
        ]

        let made = AllocationPlan.allocations(
            for: [try line("1", 3)], from: [SKU(unchecked: "A"): sources])

        #expect(made.map(\.facility) == [.sample(2)])
    }

    @Test(arguments: 0..<300)
    func `never gives more than there is, nor more than is wanted, over all lines together`(
        _ seed: UInt64
    ) throws {
        var generator = SplitMix64(seed: seed)
        let lines = try (0..<Int.random(in: 1...5, using: &generator)).map {
            try line(String($0), Int.random(in: 1...6, using: &generator))
        }
        let sources = try (1...3).map {
            AllocationPlan.Source(
                facility: .sample($0),
                available: try Quantity(Int.random(in: 0...7, using: &generator)))
        }

        let made = AllocationPlan.allocations(for: lines, from: [SKU(unchecked: "A"): sources])

        for source in sources {
            let given = made.filter { $0.facility == source.facility }.map(\.quantity).total()
            #expect(given <= source.available)
        }
        for line in lines {
            #expect(made.filter { $0.line == line.line }.map(\.quantity).total() <= line.quantity)
        }
        let wanted = lines.map(\.quantity).total()
        let there = sources.map(\.available).total()
        #expect(made.map(\.quantity).total() == min(wanted, there))
    }
}
