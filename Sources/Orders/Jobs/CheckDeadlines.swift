package import Contracts
package import Jobs
package import Kernel
import Storage

/// Looks, when a deadline comes near or has passed, whether the order kept it; then plans the next
/// look. A look too many finds nothing to say.
package struct CheckDeadlines: Job {
    package static let kind: JobKind = "orders.checkDeadlines"
    package let order: OrderID

    /// Plans the next look at an order's deadlines, once for each moment.
    static func plan(for order: Order, in transaction: Transaction) throws {
        let now = transaction.decision.now
        guard let next = order.nextDeadlineCheck(after: now) else { return }
        try transaction.enqueue(
            CheckDeadlines(order: order.id),
            JobOptions(
                delay: next.duration(since: now),
                uniqueness: .untilStarted("\(order.id)/\(next.microseconds)")))
    }
}

struct CheckDeadlinesWorker: JobWorker {
    func work(_ job: CheckDeadlines, in context: JobContext) async throws -> JobOutcome {
        .commit { transaction in
            guard try transaction.get(Order.self, job.order) != nil else { return }
            let (order, _) = try transaction.execute(
                .checkDeadlines, on: Order.self, job.order)
            if let order { try CheckDeadlines.plan(for: order, in: transaction) }
        }
    }
}

/// Does, when a hold's time is up, what was agreed for then.
package struct ExpireHold: Job {
    package static let kind: JobKind = "orders.expireHold"
    package let order: OrderID
    package let hold: Identifier<HoldTag>
}

struct ExpireHoldWorker: JobWorker {
    func work(_ job: ExpireHold, in context: JobContext) async throws -> JobOutcome {
        let tenant = context.call.tenant
        let order = try await context.store.read(tenant) { try $0.get(Order.self, job.order) }
        // A clock that was set back brings it here early.
        let now = context.timekeeper.now
        let until = order?.holds.first { $0.id == job.hold }?.until
        if let until, until > now { return .snooze(until.duration(since: now)) }
        return .commit { transaction in
            try transaction.execute(.expireHold(job.hold), on: Order.self, job.order)
        }
    }
}

/// Without tracking, what left is taken as delivered after a set time, and marked so.
package struct AssumeDelivered: Job {
    package static let kind: JobKind = "orders.assumeDelivered"
    package static let after = Duration.seconds(14 * 86_400)
    package let order: OrderID
}

struct AssumeDeliveredWorker: JobWorker {
    func work(_ job: AssumeDelivered, in context: JobContext) async throws -> JobOutcome {
        .commit { transaction in
            try transaction.execute(.assumeDelivered, on: Order.self, job.order)
        }
    }
}
