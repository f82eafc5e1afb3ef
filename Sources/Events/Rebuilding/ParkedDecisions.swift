import Kernel
import Storage

/// What people decided about events that a projection could not handle: it holds for every new
/// computation too.
struct ParkedDecisions: Sendable {
    enum Decision: Sendable {
        case skipped
        case replaced([UInt8])
    }

    private(set) var byPosition: [Int64: Decision] = [:]

    /// Reads them from the log; a later word counts more than an earlier one.
    static func read(of subscription: Subscription, in store: Store) async throws -> Self {
        var decisions = ParkedDecisions()
        var cursor = LogCursor.start
        while true {
            let (page, events) = try await store.log(
                after: cursor, types: [ParkedEventSkipped.type, ParkedEventReplaced.type],
                limit: 500)
            guard page.next != cursor else { return decisions }
            cursor = page.next
            for event in events {
                if event.type == ParkedEventSkipped.type {
                    let fact = try event.decode(ParkedEventSkipped.self)
                    decisions.note(fact.subscription, fact.position, .skipped, subscription)
                } else {
                    let fact = try event.decode(ParkedEventReplaced.self)
                    decisions.note(
                        fact.subscription, fact.position, .replaced(Array(fact.data.utf8)),
                        subscription)
                }
            }
        }
    }

    private mutating func note(
        _ name: String, _ position: Int64, _ decision: Decision, _ subscription: Subscription
    ) {
        guard name == subscription.name || name == subscription.aside.name else { return }
        byPosition[position] = decision
    }
}
