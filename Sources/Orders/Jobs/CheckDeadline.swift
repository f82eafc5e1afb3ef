package import Contracts
package import Jobs
package import Kernel
import Storage

/// Looks, when a deadline has passed, whether the order kept it.
package struct CheckDeadline: Job {
    package static let kind: JobKind = "orders.checkDeadline"
    package let order: OrderID
    package let kind: DeadlineKind
}

struct CheckDeadlineWorker: JobWorker {
    func work(_ job: CheckDeadline, in context: JobContext) async throws -> JobOutcome {
        let order = try await context.store.read(context.call.tenant) {
            try $0.get(Order.self, job.order)
        }
        guard let order, !order.status.isTerminal else { return .completed }
        let due = job.kind == .shipBy ? order.shipBy : order.deliverBy
        // The channel may have moved it.
        if let due, due > context.timekeeper.now {
            return .snooze(due.duration(since: context.timekeeper.now) + .seconds(1))
        }
        return .commit { transaction in
            try transaction.execute(.checkDeadline(job.kind), on: Order.self, job.order)
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
        .commit { transaction in
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
