import Jobs
import Kernel
import Storage

/// Runs every detector for every tenant.
struct Watch: Job {
    static let kind: JobKind = "issues.watch"
    static let timeout = Duration.seconds(600)

    static func everyMinute() throws -> Schedule {
        try Schedule(
            "issues.watch", "* * * * *",
            options: JobOptions(uniqueness: .untilFinished("watch"), queue: "maintenance")
        ) { _ in Watch() }
    }
}

struct WatchWorker: JobWorker {
    let detectors: [any AbsenceDetector]
    let ledger: IssueLedger
    let tenants: @Sendable () async throws -> [TenantID]

    func work(_ job: Watch, in context: JobContext) async throws -> JobOutcome {
        let tenants = try await tenants()
        var failure: (any Error)?
        for detector in detectors {
            // One that cannot look keeps no other from looking.
            do { try await look(detector, tenants, context) } catch { failure = error }
        }
        if let failure { throw failure }
        return .completed
    }

    private func look(
        _ detector: any AbsenceDetector, _ tenants: [TenantID], _ context: JobContext
    ) async throws {
        let found = try await detector.absences(of: tenants, at: context.timekeeper.now)
        for tenant in tenants {
            let all = found[tenant] ?? []
            try await note(
                Array(all.prefix(AbsenceLimits.found)), isWhole: all.count < AbsenceLimits.found,
                detector.name, tenant, context)
        }
    }

    /// - Parameter isWhole: `false` where there may be more: then nothing is known to be over.
    private func note(
        _ found: [Absence], isWhole: Bool, _ name: String, _ tenant: TenantID, _ context: JobContext
    ) async throws {
        let known = try await context.store.read(tenant) { reader in
            try [IssueOccurrence.State.open, .resolved].flatMap {
                try reader.page(
                    IssueOccurrence.byDetector, equals: [name, $0], limit: 1000
                ).items
            }
        }
        let subjects = Set(found.map(\.subject))
        let isNews = found.contains { absence in
            !known.contains { $0.work == .absence(detector: name, subject: absence.subject) }
        }
        let over = known.filter { occurrence in
            guard case .absence(_, let subject) = occurrence.work else { return false }
            return isWhole && !subjects.contains(subject)
        }
        guard isNews || !over.isEmpty else { return }
        let call = context.call.within(tenant)
        try await context.store.writeUnrepeated(call, lane: .bulk) { transaction in
            try settle(name, found, over, in: transaction)
        }
    }

    private func settle(
        _ detector: String, _ found: [Absence], _ over: [IssueOccurrence],
        in transaction: Transaction
    ) throws {
        for occurrence in over where occurrence.state == .open {
            try ledger.close(occurrence.work, as: .mended, in: transaction)
        }
        // What a person dealt with has come right: should it be missing again, it is told again.
        for occurrence in over where occurrence.state == .resolved {
            var mended = occurrence
            mended.state = .mended
            try transaction.update(mended)
        }
        for absence in found {
            let work = IssueWork.absence(detector: detector, subject: absence.subject)
            let known = try transaction.find(IssueOccurrence.byWork, work.description)
            // Once told it is not told again, nor what a person has dealt with elsewhere.
            guard known == nil || known?.state == .mended else { continue }
            try ledger.record(
                .init(
                    work: work, place: "watch \(detector)", fault: absence.fault,
                    order: absence.order, correlation: "watch"), in: transaction)
        }
    }
}
