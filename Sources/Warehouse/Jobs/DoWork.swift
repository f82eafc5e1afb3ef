package import Contracts
package import Jobs
import Kernel

/// Takes work as far as it goes without people: the automatic warehouse.
package struct DoWork: Job {
    package static let kind: JobKind = "warehouse.doWork"
    package let work: FulfilmentOrderID
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
        case .picked: _ = try await warehouse.pack(job.work, call: context.call)
        case .packed: return try await dispatch(work, context)
        }
        return .snooze(pace)
    }

    private func dispatch(_ work: WorkOrder, _ context: JobContext) async throws -> JobOutcome {
        let boxes = work.boxes.map(\.parcel.rawValue).joined(separator: ",")
        let call = context.call.step(
            OperationID("handOver:\(work.id):\(context.number).\(context.attempt):\(boxes)"))
        do {
            _ = try await warehouse.dispatch(work.id, call: call)
            return .completed
        } catch let fault as WarehouseError where fault.reason == .blocked {
            // The order's reduction or release follows by event and brings a new job, or the hold
            // is lifted: look again later.
            return .snooze(.seconds(2))
        } catch let fault as any Fault where fault.kind == .refused {
            return .snooze(.seconds(2))
        }
    }
}
