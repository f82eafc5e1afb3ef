package import Contracts
package import Jobs
package import Kernel
import Storage

/// Gives goods that came or were freed to the orders that wait for them, oldest first.
package struct FillBackorders: Job {
    package static let kind: JobKind = "inventory.fillBackorders"
    package let sku: SKU
}

struct FillBackordersWorker: JobWorker {
    private static let chunk = 200

    func work(_ job: FillBackorders, in context: JobContext) async throws -> JobOutcome {
        let token = Reservation.shortToken(job.sku)
        var after: String?
        while true {
            let start = after
            let waiting = try await context.store.read(context.call.tenant) {
                try $0.search(Reservation.self, prefix: token, after: start, limit: Self.chunk)
            }
            for reservation in waiting {
                let isOver = try await context.store.writeUnrepeated(context.call) {
                    try ReservationDesk(transaction: $0).isEmptyHanded(
                        reservation.id, after: job.sku)
                }
                // Identifiers are in order of time, so nobody overtakes: once there is nothing for
                // one who lacks it, there is nothing for those behind.
                if isOver { return .completed }
            }
            guard waiting.count == Self.chunk, let last = waiting.last else { return .completed }
            after = last.id.rawValue
        }
    }
}

/// Gives back what a quarantined order held and never claimed.
package struct ExpireSoftReservation: Job {
    package static let kind: JobKind = "inventory.expireSoftReservation"
    package let reservation: Identifier<ReservationTag>
}

struct ExpireSoftReservationWorker: JobWorker {
    func work(_ job: ExpireSoftReservation, in context: JobContext) async throws -> JobOutcome {
        let tenant = context.call.tenant
        let found = try await context.store.read(tenant) {
            try $0.get(Reservation.self, job.reservation)
        }
        // A clock that was set back brings it here early.
        let now = context.timekeeper.now
        if let until = found?.softUntil, until > now {
            return .snooze(until.duration(since: now))
        }
        return .commit { try ReservationDesk(transaction: $0).expire(job.reservation) }
    }
}
