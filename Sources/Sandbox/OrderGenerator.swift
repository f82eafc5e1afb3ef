import Kernel

/// What the made-up orders are like.
package struct GeneratorPlan: Sendable {
    package var seed: UInt64 = 1
    /// SKUs every seller has mapped.
    package var skus = (1...20).map { "TEA-\($0 < 10 ? "0" : "")\($0)" }
    /// Of a thousand lines, so many name a SKU nobody has mapped.
    package var unmappedPerMille = 15
    /// Of a thousand orders, so many are cancelled by the buyer soon after.
    package var cancelPerMille = 40
    /// Of a thousand orders, so many ask to be cancelled.
    package var askPerMille = 10
    /// Of a thousand orders, so many appear in lists only later.
    package var latePerMille = 20
    /// Of a thousand webhooks of new orders, so many are never sent.
    package var lostPerMille = 50

    package init() {}
}

/// Makes orders from a seed: the same seed makes the same orders.
struct OrderGenerator: Sendable {
    private let plan: GeneratorPlan
    private var generator: SplitMix64
    private var count = 0

    init(_ plan: GeneratorPlan) {
        self.plan = plan
        generator = SplitMix64(seed: plan.seed)
    }

    /// What comes after an order was made.
    struct Fate: Sendable {
        let webhookIsLost: Bool
        let cancelAfter: Duration?
        let askAfter: Duration?
    }

    mutating func next(seller: String, at now: Int64) -> (SandboxOrder, Fate) {
        count += 1
        let lines = (1...Int.random(in: 1...3, using: &generator)).map { line(number: $0, now) }
        let isLate = chance(plan.latePerMille)
        let order = SandboxOrder(
            number: String(1_800_000_000_000 + count),
            customerOrder: String(5_200_000_000_000 + count),
            seller: seller, createdAt: now, changedAt: now, listedFrom: isLate ? now + 8000 : now,
            buyer: count, lines: lines)
        let fate = Fate(
            webhookIsLost: isLate || chance(plan.lostPerMille),
            cancelAfter: chance(plan.cancelPerMille) ? pause(200...3000) : nil,
            askAfter: chance(plan.askPerMille) ? pause(300...1500) : nil)
        return (order, fate)
    }

    private mutating func line(number: Int, _ now: Int64) -> SandboxOrder.Line {
        let isUnmapped = chance(plan.unmappedPerMille)
        let sku =
            isUnmapped
            ? "NEW-\(Int.random(in: 1...3, using: &generator))"
            : plan.skus.randomElement(using: &generator) ?? "TEA-01"
        let quantity = [1, 1, 1, 2, 2, 3, 6].randomElement(using: &generator) ?? 1
        let cents = Int.random(in: 300...9900, using: &generator)
        return SandboxOrder.Line(
            number: String(number), sku: sku, name: "Loose leaf tea \(sku)", quantity: quantity,
            cents: cents, taxCents: cents / 12, created: quantity, changedAt: now)
    }

    private mutating func chance(_ perMille: Int) -> Bool {
        Int.random(in: 0..<1000, using: &generator) < perMille
    }

    private mutating func pause(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &generator))
    }
}
