package import Contracts
package import Jobs
import Kernel

/// Takes work as far as it goes without people: the automatic warehouse.
package struct DoWork: Job {
    package static let kind: JobKind = "warehouse.doWork"
    package let work: FulfilmentOrderID

    static func options(_ work: FulfilmentOrderID) -> JobOptions {
        JobOptions(uniqueness: .untilFinished(work.rawValue), queue: "warehouse")
    }
}

struct DoWorkWorker: JobWorker {
    let warehouse: WarehouseService
    /// How long a step takes.
    let pace: Duration

    func work(_ job: DoWork, in context: JobContext) async throws -> JobOutcome {
        let work = try await warehouse.work(job.work, tenant: context.call.tenant)
        switch work.state {
        case .asked, .accepted, .dispatched, .cancelled: return .completed
        case .released, .picking: _ = try await warehouse.pick(job.work, call: context.call)
        // All of it was missing: Orders will say that nothing is wanted any more.
        case .picked where work.lines.isEmpty: break
        case .picked: _ = try await warehouse.pack(job.work, call: context.call)
        case .packed: return try await dispatch(work, context)
        }
        return .snooze(pace)
    }

    private func dispatch(_ work: WorkOrder, _ context: JobContext) async throws -> JobOutcome {
        do {
            _ = try await warehouse.dispatch(work.id, call: context.call)
            return .completed
        } catch let fault as any Fault where fault.kind == .refused {
            // Orders has not heard of the packing yet, or the order is held or was reduced, which
            // follows by event: look again.
            return .snooze(max(pace, .milliseconds(500)))
        }
    }
}
