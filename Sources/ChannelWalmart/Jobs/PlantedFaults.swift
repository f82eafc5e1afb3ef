import Contracts
import Jobs
import Kernel
import Storage
import Synchronization

/// Wrong on purpose, and only when a test plants it: shows that the checker would notice.
enum PlantedFaults {
    private static let store = Mutex<Store?>(nil)

    static func use(_ used: Store) { store.withLock { $0 = used } }

    /// A defect that ends the process, at each order whose number ends so.
    static func trap(at reference: ChannelReference) {
        guard FailurePoint.isPlanted("trapOnOrder"), reference.rawValue.hasSuffix("003") else {
            return
        }
        preconditionFailure("planted: order \(reference) is poison")
    }

    /// Enqueues the job in a transaction of its own after the item's commit, as careless code does.
    static func enqueueLater(_ item: Identifier<InboxTag>, _ transaction: Transaction) {
        let call = Call(
            tenant: transaction.tenant, actor: transaction.call.actor, at: transaction.call.at,
            correlation: transaction.call.correlation)
        transaction.afterCommit {
            FailurePoint.pass("planted.betweenCommits")
            guard let store = store.withLock({ $0 }) else { return }
            Task {
                try await store.writeUnrepeated(call) { transaction in
                    _ = try transaction.enqueue(ImportOrder(item: item))
                }
            }
        }
    }
}
