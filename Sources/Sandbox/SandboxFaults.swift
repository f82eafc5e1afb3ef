import Kernel

/// Trouble on demand.
enum SandboxFault: String, Sendable, CaseIterable, Codable {
    case throttled, throttledBare, error500, html503, expireToken, cutBefore, cutAfter
    /// The call happens, and is answered ``delay`` later.
    case slow

    static let delay = Duration.seconds(1)
    /// What comes by chance; the others only when asked for.
    static let byChance = allCases.filter { $0 != .slow }
}

/// Which trouble comes when: a list asked for, then chance at a rate.
struct SandboxFaults: Sendable {
    private var asked: [(fault: SandboxFault, operation: String?)] = []
    private var generator: SplitMix64
    /// Of a thousand calls, so many go wrong by chance.
    var perMille: Int
    /// Of a thousand webhooks, so many are sent twice or late.
    var webhookPerMille: Int

    init(seed: UInt64, perMille: Int, webhookPerMille: Int) {
        generator = SplitMix64(seed: seed)
        self.perMille = perMille
        self.webhookPerMille = webhookPerMille
    }

    mutating func ask(_ fault: SandboxFault, operation: String?, times: Int) {
        for _ in 0..<min(max(times, 0), 1000) { asked.append((fault, operation)) }
    }

    mutating func heal() {
        clear()
        perMille = 0
        webhookPerMille = 0
    }

    /// What was asked for and has not come yet does not come.
    mutating func clear() { asked.removeAll() }

    mutating func next(for operation: String) -> SandboxFault? {
        if let index = asked.firstIndex(where: { ($0.operation ?? operation) == operation }) {
            return asked.remove(at: index).fault
        }
        guard perMille > 0, Int.random(in: 0..<1000, using: &generator) < perMille else {
            return nil
        }
        return SandboxFault.byChance.randomElement(using: &generator)
    }

    enum WebhookTrouble { case none, twice, late }

    mutating func nextForWebhook() -> WebhookTrouble {
        guard Int.random(in: 0..<1000, using: &generator) < webhookPerMille else { return .none }
        return Bool.random(using: &generator) ? .twice : .late
    }
}
